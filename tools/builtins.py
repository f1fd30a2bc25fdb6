"""Write `docs/builtins.md` from the built-in services' own definitions; `--check` says whether it is current (exit 1 if not)."""

import inspect
import pathlib
import sys
from typing import Any

from gatewright.services.builtin.table import FOLDERS
from gatewright.services.builtin.table import builtin_services
from gatewright.services.catalogue import Service

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/builtins.md"
HEAD = """# Built-in services

This page is made from the code by `make docs`.

Flows call these by name, as they call any service; their arguments are checked when the flow is:

```yaml
do:
  - rows:
      call: pub.csv:parse
      with: {text: '${ .file }', delimiter: ';'}
```

A flow needs no permission for them. **From outside** (`/invoke/pub.json/parse`) one opens only to a token whose scope lists it by
its full name under `services`; a scope that lists a folder, even `pub`, never opens one, and an access control list of `pub` does
not count for them. Leave those that reach beyond the server (`pub.sql`, `pub.mail`) to flows.

A text that a service makes has at most 10,000,000 characters, a list 100,000 items. What cannot be done is a 400 with a
sentence, which the flow may catch; what a database or mail server refuses a `communication` error.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for folder, module in FOLDERS.items():
        parts.append(f"## {folder}\n\n{inspect.cleandoc(module.__doc__ or '')}\n")
        parts += [_section(service) for service in builtin_services() if service.folder == folder]
    return "\n".join(parts)


def _section(service: Service) -> str:
    schema: Any = service.input_schema
    required, defined = schema.get("required", ()), schema.get("$defs", {})
    lines = [f"### `{service.name}`", "", service.title + ".", ""]
    if service.description:
        lines += [service.description, ""]
    for name, given in schema.get("properties", {}).items():
        default = "" if name in required else f", default `{_spelled(given.get('default'))}`"
        lines.append(f"- `{name}`: {_type(given, defined)}{default}")
    lines.append(f"- gives {_type(service.output_schema or {}, defined)}")
    return "\n".join([*lines, ""])


def _type(schema: Any, defined: Any) -> str:
    if "$ref" in schema:
        members = defined[schema["$ref"].rpartition("/")[2]]["properties"]
        return "object of " + ", ".join(f"`{name}`" for name in members)
    if schema.get("format") == "connection":
        return "the name of a [connection](connections.md)"
    if "enum" in schema:
        return " or ".join(f"`{_spelled(value)}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(each, defined) for each in schema["anyOf"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_NAMES.get(each, each) for each in kind)
    if kind == "array" and schema.get("items"):
        return f"list of {_type(schema['items'], defined)}"
    return _NAMES.get(str(kind), "any value")


_NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
    "null": "null",
}


def _spelled(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode() if value not in ("", None) else ("null" if value is None else '""')


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.is_file() and PAGE.read_text() == page() else f"{PAGE.name} is not current; run: make docs")
    PAGE.write_text(page())
