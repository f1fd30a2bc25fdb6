"""Reading `gatewright.yaml`: what it says of settings, clients, scopes and the rest, with its places.

Here the shape is checked: known keys, mappings and lists where they belong. What the values mean is checked when
they are applied, by the operations that forms and API use as well.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import TypeVar
from typing import get_type_hints

import msgspec

from gatewright.admin import client_rules
from gatewright.admin import connections
from gatewright.admin import external_servers
from gatewright.admin import scopes
from gatewright.admin import trusted_issuers
from gatewright.admin.fields import did_you_mean
from gatewright.admin.fields import flag
from gatewright.admin.fields import listed
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.admin.fields import type_in_words
from gatewright.kernel import yaml
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.settings import ServerSettings

T = TypeVar("T")
PARTS: Final = (
    "server",
    "settings",
    "clients",
    "scopes",
    "groups",
    "users",
    "acls",
    "trusted_issuers",
    "external_authorization_servers",
    "connections",
)
_CLIENT_KEYS: Final = ("client_id", *client_rules.FIELDS, "scopes", "groups", "secret")


class Refused(GatewrightError):
    """The file was refused whole. `problems`: each with its place, `file:line: what is wrong and what was expected`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FromEnvironment(msgspec.Struct, frozen=True):
    """A secret that the file does not hold: the name of the environment variable that does."""

    variable: str
    pointer: str


class ClientEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A client as the file has it. None: the file does not say."""

    pointer: str
    client_id: str | None
    values: Mapping[str, object]
    scopes: tuple[str, ...] | None
    groups: tuple[str, ...] | None
    secret: FromEnvironment | None


class ScopeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A scope as the file has it."""

    pointer: str
    name: str
    values: Mapping[str, object]


class GroupEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A group as the file has it."""

    pointer: str
    name: str
    description: str | None


class UserEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A user as the file has it."""

    pointer: str
    name: str
    password: FromEnvironment | None
    groups: tuple[str, ...] | None
    enabled: bool | None


class AclEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An ACL as the file has it."""

    pointer: str
    target: str
    execute: tuple[str, ...]


class TrustedIssuerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A trusted issuer as the file has it."""

    pointer: str
    issuer: str
    values: Mapping[str, object]


class ExternalServerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An external authorization server as the file has it."""

    pointer: str
    name: str
    values: Mapping[str, object]
    user: str | None
    client_secret: FromEnvironment | None


class ConnectionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as the file has it."""

    pointer: str
    name: str
    values: Mapping[str, object]
    secret: FromEnvironment | None
    refresh_token: FromEnvironment | None


class Configuration:
    """What a file says. A part that is None is left as it is; `server` is read at start, and only checked here."""

    def __init__(self, file: str, document: yaml.Document) -> None:
        """`file` is named in messages. Raises Refused."""
        self.file, self._document = file, document
        reader = _Reader(self)
        parts = reader.mapping("", document.value, PARTS) if document.value is not None else {}
        reader.part(parts, "server", reader.server)
        self.settings = reader.part(parts, "settings", reader.any_mapping)
        self.clients = reader.part(parts, "clients", reader.entries(_client))
        self.scopes = reader.part(parts, "scopes", reader.entries(_scope))
        self.groups = reader.part(parts, "groups", reader.entries(_group))
        self.users = reader.part(parts, "users", reader.entries(_user))
        self.acls = reader.part(parts, "acls", reader.entries(_acl))
        self.trusted_issuers = reader.part(parts, "trusted_issuers", reader.entries(_trusted_issuer))
        self.external_servers = reader.part(parts, "external_authorization_servers", reader.entries(_external_server))
        self.connections = reader.part(parts, "connections", reader.entries(_connection))
        if reader.problems:
            raise Refused(reader.problems)

    def problem(self, pointer: str, message: str, *, at_key: bool = False) -> str:
        """A message with the place of what it is about, `gatewright.yaml:7: …`."""
        line, _ = (self._document.key_place if at_key else self._document.place)(pointer)
        return f"{self.file}:{line}: {message}"


def read_configuration(text: str, file: str) -> Configuration:
    """Read a configuration file's text. Raises Refused."""
    try:
        document = yaml.load(text)
    except yaml.YamlProblem as problem:
        raise Refused([f"{file}:{problem.line}: {problem.message}"]) from None
    return Configuration(file, document)


class _Reader:
    """Collects what is wrong with the shape of a document."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.problems: list[str] = []

    def refuse(self, pointer: str, message: str, *, at_key: bool = False) -> None:
        self.problems.append(self._configuration.problem(pointer, message, at_key=at_key))

    def mapping(self, pointer: str, value: Any, known: Collection[str]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.refuse(pointer, f"a mapping is expected here, with {listed(list(known))}")
            return {}
        for key in value:
            if key not in known:
                hint = did_you_mean(key, known) or f" Expected {listed(list(known))}."
                self.refuse(f"{pointer}/{_escaped(key)}", f"{key!r} is not known here.{hint}", at_key=True)
        return value

    def any_mapping(self, pointer: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.refuse(pointer, "a mapping is expected here")
            return {}
        return value

    def server(self, pointer: str, value: Any) -> None:
        types = get_type_hints(ServerSettings, include_extras=True)
        for name, given in self.mapping(pointer, value, types).items():
            if name in types:
                try:
                    msgspec.convert(given, types[name])
                except msgspec.ValidationError:
                    self.refuse(f"{pointer}/{name}", f"{name}: This must be {type_in_words(types[name])}.")

    def part(self, parts: Mapping[str, Any], name: str, read: Callable[[str, Any], T]) -> T | None:
        return read(f"/{name}", parts[name]) if name in parts else None

    def entries(self, read: "Callable[[_Reader, str, Any], T]") -> Callable[[str, Any], tuple[T, ...]]:
        def read_list(pointer: str, value: Any) -> tuple[T, ...]:
            if not isinstance(value, list):
                self.refuse(pointer, "a list is expected here")
                return ()
            return tuple(read(self, f"{pointer}/{index}", each) for index, each in enumerate(value))

        return read_list

    def value(self, pointer: str, values: Mapping[str, Any], name: str, read: Callable[[Any], T], absent: T) -> T:
        if name not in values:
            return absent
        try:
            return read(values[name])
        except ValueError as error:
            self.refuse(f"{pointer}/{name}", f"{name}: {error}")
            return absent

    def required(self, pointer: str, values: Mapping[str, Any], name: str) -> str:
        found = self.value(pointer, values, name, text, "")
        if not found and (name not in values or isinstance(values[name], str)):
            self.refuse(pointer, f"{name} is missing")
        return found

    def from_environment(self, pointer: str, values: Mapping[str, Any], name: str) -> FromEnvironment | None:
        if name not in values:
            return None
        value = values[name]
        if not isinstance(value, dict) or list(value) != ["env"] or not isinstance(value["env"], str):
            message = f"{name} is not written in this file; give the variable that holds it: {{env: NAME}}"
            self.refuse(f"{pointer}/{name}", message)
            return None
        return FromEnvironment(value["env"], f"{pointer}/{name}")


def _client(reader: _Reader, pointer: str, value: Any) -> ClientEntry:
    values = reader.mapping(pointer, value, _CLIENT_KEYS)
    if "client_id" not in values:
        reader.required(pointer, values, "name")
    return ClientEntry(
        pointer=pointer,
        client_id=reader.value(pointer, values, "client_id", text, None),
        values={name: values[name] for name in client_rules.FIELDS if name in values},
        scopes=reader.value(pointer, values, "scopes", texts, None),
        groups=reader.value(pointer, values, "groups", texts, None),
        secret=reader.from_environment(pointer, values, "secret"),
    )


def _scope(reader: _Reader, pointer: str, value: Any) -> ScopeEntry:
    values = reader.mapping(pointer, value, scopes.FIELDS)
    return ScopeEntry(pointer=pointer, name=reader.required(pointer, values, "name"), values=values)


def _group(reader: _Reader, pointer: str, value: Any) -> GroupEntry:
    values = reader.mapping(pointer, value, ("name", "description"))
    return GroupEntry(
        pointer=pointer,
        name=reader.required(pointer, values, "name"),
        description=reader.value(pointer, values, "description", text, None),
    )


def _user(reader: _Reader, pointer: str, value: Any) -> UserEntry:
    values = reader.mapping(pointer, value, ("name", "password", "groups", "enabled"))
    return UserEntry(
        pointer=pointer,
        name=reader.required(pointer, values, "name"),
        password=reader.from_environment(pointer, values, "password"),
        groups=reader.value(pointer, values, "groups", texts, None),
        enabled=reader.value(pointer, values, "enabled", flag, None),
    )


def _acl(reader: _Reader, pointer: str, value: Any) -> AclEntry:
    values = reader.mapping(pointer, value, ("target", "execute"))
    if "execute" not in values:
        reader.refuse(pointer, "execute is missing: the list of groups that may execute the target")
    return AclEntry(
        pointer=pointer,
        target=reader.required(pointer, values, "target"),
        execute=reader.value(pointer, values, "execute", texts, ()),
    )


def _trusted_issuer(reader: _Reader, pointer: str, value: Any) -> TrustedIssuerEntry:
    values = reader.mapping(pointer, value, trusted_issuers.FIELDS)
    return TrustedIssuerEntry(pointer=pointer, issuer=reader.required(pointer, values, "issuer"), values=values)


def _external_server(reader: _Reader, pointer: str, value: Any) -> ExternalServerEntry:
    values = reader.mapping(pointer, value, (*external_servers.FIELDS, "user", "client_secret"))
    return ExternalServerEntry(
        pointer=pointer,
        name=reader.required(pointer, values, "name"),
        values={name: values[name] for name in external_servers.FIELDS if name in values},
        user=reader.value(pointer, values, "user", text, None),
        client_secret=reader.from_environment(pointer, values, "client_secret"),
    )


def _connection(reader: _Reader, pointer: str, value: Any) -> ConnectionEntry:
    values = reader.mapping(pointer, value, (*connections.FIELDS, "secret", "refresh_token"))
    return ConnectionEntry(
        pointer=pointer,
        name=reader.required(pointer, values, "name"),
        values={name: values[name] for name in connections.FIELDS if name in values},
        secret=reader.from_environment(pointer, values, "secret"),
        refresh_token=reader.from_environment(pointer, values, "refresh_token"),
    )


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
