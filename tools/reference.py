"""Write `docs/settings.md` from the settings' own definitions; `--check` says whether it is current (exit 1 if not)."""

import pathlib
import sys
from typing import Any

import msgspec

from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/settings.md"
HEAD = """# Settings

This page is made from the code by `make docs`.

## Global settings

They live in the database and are in force from the next request on, in every process. Change them in the console
(Security > OAuth > Edit Global Settings) or in a file for `gatewright apply`:

```yaml
settings:
  access_token_lifetime: 3600
```
"""
SERVER = """
## Server settings

They are fixed when the server starts: a flag of `gatewright run` wins over the environment, that over `server:` in the
workspace's `gatewright.yaml`, that over the default. The master key is no setting: it is `GATEWRIGHT_MASTER_KEY` or the
file `data/master.key`.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *_sections(GlobalSettings), SERVER, *_sections(ServerSettings, server=True)]
    return "\n".join(parts) + "\n"


def _sections(settings: type[msgspec.Struct], *, server: bool = False) -> list[str]:
    schema = msgspec.json.schema(settings)["$defs"][settings.__name__]["properties"]
    return [_section(name, described, server=server) for name, described in schema.items()]


def _section(name: str, described: dict[str, Any], *, server: bool) -> str:
    lines = [f"### `{name}`", "", described["description"], ""]
    lines.append(f"Values: {_values(described)}. Default: `{_spelled(described.get('default'))}`.")
    if server:
        lines.append(f"Flag: `--{name.replace('_', '-')}`. Environment: `GATEWRIGHT_{name.upper()}`.")
    return "\n".join([*lines, ""])


def _values(described: dict[str, Any]) -> str:
    if "anyOf" in described:
        return " or ".join(_values(option) for option in described["anyOf"])
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    kind = described.get("type")
    if kind == "object":
        return f"a mapping of names to {_values(described['additionalProperties'])}"
    if kind == "integer":
        low, high = described.get("minimum"), described.get("maximum")
        return "a whole number" + (f" from {low} to {high}" if high is not None else "")
    return {"boolean": "`true` or `false`", "array": "a list of texts", "string": "text"}[str(kind)]


def _spelled(value: object) -> str:
    return msgspec.json.encode(value).decode().strip('"')


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.is_file() and PAGE.read_text() == page() else f"{PAGE.name} is not current; run: make docs")
    PAGE.write_text(page())
