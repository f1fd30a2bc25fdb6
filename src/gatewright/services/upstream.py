"""`NAME.upstream.yaml`: an existing HTTP API, what of it is served, and how it is called."""

import re
from collections.abc import Iterator
from typing import Annotated
from typing import Any
from typing import Literal
from urllib.parse import SplitResult
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from gatewright.services.document import read_placed
from gatewright.services.errors import FileProblem
from gatewright.services.names import is_part
from gatewright.services.upstream_headers import NEVER_RECEIVED
from gatewright.services.upstream_headers import NEVER_SENT
from gatewright.services.upstream_headers import is_name
from gatewright.services.upstream_headers import is_value
from gatewright.services.upstream_path import PathMapping

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Seconds = Annotated[float, Meta(gt=0, le=86400)]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\Z|[0-9A-Fa-f:.]+\Z")
_BASE_PATH = re.compile(r"(/[A-Za-z0-9_~.!$&'()*+,=:@%-]+)*/?\Z")


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operation of the API: a service of its own. `path` is below the base URL, with {variables}.

    input, output: JSON Schemas, for callers to read; what passes is not held against them.
    """

    method: Method
    path: str
    title: str = ""
    description: str = ""
    input: dict[str, Any] | None = None
    output: dict[str, Any] | None = None


class Secret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A header's value that holds a secret of the package, after a word such as `Bearer `."""

    secret: str
    before: str = ""


class Headers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Headers that pass beside the usual ones, on the way there (`send`) and back (`receive`), and fixed ones (`set`)."""

    send: tuple[str, ...] = ()
    receive: tuple[str, ...] = ()
    set: dict[str, str | Secret] = {}


class CallerToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the API is told who calls, by a JWT of ours: in a header of its own, or as the call's access token."""

    as_: Literal["header", "token"] = msgspec.field(default="header", name="as")
    header: str = "Gatewright-Caller"
    audience: str = ""
    lifetime: Annotated[int, Meta(ge=5, le=600)] = 60


class Authentication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose credentials go with each call: those of a stored connection, by its name."""

    use: Annotated[str, Meta(min_length=1, max_length=100)]


class Time(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: to connect; to the answer's first byte, and between two pieces of it; for the whole call."""

    connect: Seconds = 5.0
    first_byte: Seconds = 30.0
    total: Seconds = 300.0


class Connections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many calls a worker makes at once; how many more may wait, and for how many seconds."""

    most: Annotated[int, Meta(ge=1, le=1000)] = 32
    waiting: Annotated[int, Meta(ge=0, le=10_000)] = 32
    wait: Seconds = 1.0


class Retries(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a call without a body, of an idempotent method, is tried again, and after which answers.

    backoff: seconds before the first retry, at most; doubled for each further one.
    share: of all calls that may be retries.
    """

    most: Annotated[int, Meta(ge=0, le=5)] = 1
    backoff: Annotated[float, Meta(ge=0, le=10)] = 0.1
    share: Annotated[float, Meta(ge=0, le=1)] = 0.2
    statuses: tuple[Annotated[int, Meta(ge=500, le=599)], ...] = (502, 503, 504)


class BreakerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how many failures in a row (0: never) calls are refused, and for how many seconds."""

    failures: Annotated[int, Meta(ge=0, le=10_000)] = 10
    seconds: Seconds = 10.0


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The longest bodies, in bytes. request: the server's `maximum_body_bytes` unless given."""

    request: Annotated[int, Meta(ge=0, le=1 << 40)] | None = None
    response: Annotated[int, Meta(ge=0, le=1 << 40)] = 1 << 30


class Upstream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API behind the guard. Without operations it is one service, which takes every method and path below the base."""

    base_url: str
    title: str = ""
    description: str = ""
    operations: dict[str, Operation] = {}
    query: Literal["all", "none"] | tuple[str, ...] = "all"
    headers: Headers = Headers()
    authentication: Authentication | None = None
    caller: CallerToken | None = None
    time: Time = Time()
    connections: Connections = Connections()
    retries: Retries = Retries()
    breaker: BreakerSettings = BreakerSettings()
    limits: Limits = Limits()

    @property
    def base(self) -> SplitResult:
        """The base URL's parts."""
        return urlsplit(self.base_url.rstrip("/"))

    @property
    def audience(self) -> str:
        """Whom the caller's token is for: the base URL's origin unless the document says otherwise."""
        given = self.caller.audience if self.caller else ""
        return given or f"{self.base.scheme}://{self.base.netloc}"


def parse_upstream(text: str, file: str) -> Upstream:
    """Read an upstream's document. Raises FileProblem with file, line, column and what was expected."""
    upstream, document = read_placed(text, Upstream, file)
    for pointer, message in _problems(upstream):
        raise FileProblem(file, *document.place(pointer), message)
    return upstream


def _problems(upstream: Upstream) -> Iterator[tuple[str, str]]:
    """What the types alone cannot say, each with its JSON pointer."""
    if reason := _bad_base(upstream.base_url):
        yield "/base_url", reason
    for name, operation in upstream.operations.items():
        if not is_part(name):
            yield "/operations", f"{name!r} cannot be a service's name (letters, digits, _ and -)"
        try:
            PathMapping(operation.path)
        except ValueError as error:
            yield f"/operations/{name}/path", str(error)
    yield from _bad_headers(upstream)


def _bad_base(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        return f"the address cannot be read: {error}"
    if parts.scheme not in ("http", "https") or not _HOST.match(parts.hostname or "") or port == 0:
        return "it is an http or https address, such as https://erp.example.com/api"
    if "@" in parts.netloc:
        return "credentials do not belong into the address; put them under headers.set, from a secret"
    if parts.query or parts.fragment or "?" in text or "#" in text:
        return "it has no query and no fragment"
    if not _BASE_PATH.match(parts.path) or any(part in (".", "..") for part in parts.path.split("/")):
        return "its path is made of plain segments"
    return ""


def _bad_headers(upstream: Upstream) -> Iterator[tuple[str, str]]:
    caller = upstream.caller.header.lower() if upstream.caller and upstream.caller.as_ == "header" else ""
    for place, names, never in (
        ("send", upstream.headers.send, NEVER_SENT | {caller}),
        ("receive", upstream.headers.receive, NEVER_RECEIVED),
        ("set", tuple(upstream.headers.set), (NEVER_SENT | {caller}) - {"authorization"}),
    ):
        for number, name in enumerate(names):
            pointer = f"/headers/{place}/{name if place == 'set' else number}"
            if not is_name(name):
                yield pointer, f"{name!r} is not a header's name"
            elif name.lower() in never:
                yield pointer, f"the header {name} never passes; the server itself sees to it"
    for name, value in upstream.headers.set.items():
        if not is_value(value if isinstance(value, str) else value.before):
            yield f"/headers/set/{name}", "a header's value is one line of ASCII text"
    if upstream.authentication and upstream.caller and not caller:
        yield "/caller/as", "the call's access token is the connection's (authentication); send who calls in a header"
    if caller and (not is_name(caller) or caller in NEVER_SENT):
        yield "/caller/header", "it is a name that no other header has"
