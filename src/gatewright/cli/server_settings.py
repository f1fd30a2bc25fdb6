"""The server's settings: flag > `GATEWRIGHT_…` in the environment > `server:` in gatewright.yaml > default."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Final
from typing import get_type_hints

import msgspec

from gatewright.admin.fields import did_you_mean
from gatewright.admin.fields import type_in_words
from gatewright.kernel import yaml
from gatewright.kernel.errors import StartupError
from gatewright.kernel.settings import ServerSettings

_TYPES: Final[Mapping[str, Any]] = get_type_hints(ServerSettings, include_extras=True)
_FILES: Final = ("tls_certificate", "tls_key")


def resolve(flags: Mapping[str, object], environment: Mapping[str, str], workspace: Path) -> ServerSettings:
    """The settings in force. A flag that is None was not given. Raises StartupError, which names the source."""
    found = _from_file(workspace / "gatewright.yaml")
    for name in ServerSettings.__struct_fields__:
        variable = f"GATEWRIGHT_{name.upper()}"
        if given := environment.get(variable):
            found[name] = _converted(name, _split(name, given), variable)
        if (flag := flags.get(name)) is not None:
            found[name] = _converted(name, flag, "--" + name.replace("_", "-"))
    settings = ServerSettings(**found)
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise StartupError(f"public_url must begin with https:// or http://, not {settings.public_url!r}")
    for proxy in settings.trusted_proxies:
        _check_network(proxy)
    return settings


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise StartupError(f"trusted_proxies: {text!r} is no IP address or network such as 10.0.0.0/8") from None


def _from_file(path: Path) -> dict[str, Any]:
    """What `server:` says; the file's other parts are `apply`'s. Paths in it start from the workspace."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"{path} cannot be read: {error}") from None
    except yaml.YamlProblem as problem:
        raise StartupError(f"{path}:{problem.line}: {problem.message}") from None
    server = document.value.get("server") if isinstance(document.value, dict) else None
    if server is None:
        return {}
    if not isinstance(server, dict):
        raise StartupError(f"{path}:{document.place('/server')[0]}: a mapping is expected under server")
    found = {}
    for name, value in server.items():
        place = f"{path}:{document.key_place(f'/server/{name}')[0]}"
        if name not in _TYPES:
            raise StartupError(f"{place}: {name!r} is no setting of the server.{did_you_mean(name, _TYPES)}")
        found[name] = _converted(name, value, f"{place}: {name}", strict=True)
        if name in _FILES and found[name]:
            found[name] = str(path.parent / found[name])
    return found


def _converted(name: str, value: object, source: str, *, strict: bool = False) -> Any:
    try:
        return msgspec.convert(value, _TYPES[name], strict=strict)
    except msgspec.ValidationError:
        raise StartupError(f"{source} must be {type_in_words(_TYPES[name])}, not {value!r}") from None


def _split(name: str, given: str) -> object:
    if name != "trusted_proxies":
        return given
    return [each.strip() for each in given.split(",") if each.strip()]
