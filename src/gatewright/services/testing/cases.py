"""The cases of a `*.test.yaml`: a list, each with an input, stand-ins for what is called, and what is expected."""

from datetime import datetime
from typing import Annotated
from typing import Any
from typing import Literal

import msgspec
from msgspec import UNSET
from msgspec import Meta
from msgspec import UnsetType

from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import compile_expression
from gatewright.kernel import yaml
from gatewright.services.catalogue import Catalogue
from gatewright.services.document import read_placed
from gatewright.services.errors import FileProblem
from gatewright.services.testing.addresses import Address
from gatewright.services.testing.addresses import parse_address

Status = Annotated[int, Meta(ge=100, le=599)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]
VARIABLES = frozenset({"input"})
"""What expressions of `that` can name beside the output: `$input`."""


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who calls. Its rights are not checked: a test calls the service, not its address."""

    subject: str = "tester"
    client_id: str = "tests"
    username: str = ""
    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The problem that a stand-in of a service raises."""

    status: ErrorStatus
    type: str = "about:blank"
    title: str = ""
    detail: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stand-in of another server answers. body: a text goes out as it is, any other value as JSON."""

    status: Status = 200
    headers: dict[str, str] = {}
    body: Any = None


class Mock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"given": "with"}):
    """A stand-in for a service (`service`, `output` or `error`) or for another server (`http`, `answer` or `failure`).

    given: it answers only calls that hold at least this: arguments of a service; `query`, `headers` and `body` of a request.
    times: how often it answers, exactly; default: once or more.
    optional: it need not be called: in a fork, what fails first may end a branch before it calls.
    """

    service: str = ""
    http: str = ""
    given: dict[str, Any] = {}
    output: Any = UNSET
    error: Failure | None = None
    answer: Answer | None = None
    failure: Literal["timeout", "unreachable"] | None = None
    times: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        if bool(self.service) == bool(self.http):
            raise ValueError("a mock stands for one thing: `service: folder:name` or `http: METHOD address`")
        of_service = (self.output is not UNSET) + (self.error is not None)
        of_server = (self.answer is not None) + (self.failure is not None)
        if self.service and (of_server or of_service != 1):
            raise ValueError("a mock of a service has either `output` or `error`")
        if self.http and (of_service or of_server != 1):
            raise ValueError("a mock of another server has either `answer` or `failure`")
        if self.http:
            parse_address(self.http)
            if unknown := self.given.keys() - {"query", "headers", "body"}:
                raise ValueError(f"`with` of an http mock knows query, headers and body, not {min(unknown)}")


class ExpectedError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the problem must have; what is not named may be anything."""

    status: ErrorStatus | UnsetType = UNSET
    type: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """output: just this. contains: at least this. error: a problem like this. that: jq conditions on what came out."""

    output: Any = UNSET
    contains: Any = UNSET
    error: ExpectedError | None = None
    that: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.error is not None and (self.output is not UNSET or self.contains is not UNSET):
            raise ValueError("a run ends with an output or with an error; expect one of them")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case as it is written. service: full name; default: the service whose file lies beside."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    service: str = ""
    input: dict[str, Any] = {}
    caller: Person | None = None
    secrets: dict[str, str] = {}
    now: str = ""
    mocks: Annotated[tuple[Mock, ...], Meta(max_length=100)] = ()
    expect: Expected = Expected()


Entries = Annotated[tuple[Entry, ...], Meta(min_length=1, max_length=500)]


class Case(msgspec.Struct, frozen=True):
    """One case that can be run: its file (below the packages' folder), the line it begins on, what is called.

    now: the time that the run sees, in seconds since the epoch; None: the present one.
    """

    file: str
    line: int
    service: str
    entry: Entry
    addresses: tuple[Address | None, ...]
    now: float | None = None


def read_cases(text: str, file: str, catalogue: Catalogue, beside: str) -> list[Case]:
    """The cases of a test file. beside: the full name of the service that the file's own name gives.

    Raises FileProblem with the place of the first thing that cannot be used.
    """
    entries, document = read_placed(text, Entries, file)
    seen: set[str] = set()
    cases = []
    for index, entry in enumerate(entries):
        place = _Place(file, document, f"/{index}")
        if entry.name in seen:
            raise place.problem("name", f"there are two cases named {entry.name!r}")
        seen.add(entry.name)
        cases.append(_case(entry, place, catalogue, beside))
    return cases


class _Place(msgspec.Struct, frozen=True):
    """Where a case stands in its file."""

    file: str
    document: yaml.Document
    pointer: str

    def problem(self, inside: str, message: str) -> FileProblem:
        """A problem at a place inside the case."""
        return FileProblem(self.file, *self.document.place(f"{self.pointer}/{inside}"), message)


def _case(entry: Entry, place: _Place, catalogue: Catalogue, beside: str) -> Case:
    service = entry.service or beside
    if not catalogue.has_service(service):
        hint = "" if entry.service else "; say which one with `service: folder:name`"
        raise place.problem("service", f"there is no service {service}{hint}")
    for index, mock in enumerate(entry.mocks):
        if mock.service and not catalogue.has_service(mock.service):
            raise place.problem(f"mocks/{index}/service", f"there is no service {mock.service} to stand in for")
        if mock.service == service:
            raise place.problem(f"mocks/{index}/service", "the service under test cannot be replaced")
    for index, condition in enumerate(entry.expect.that):
        try:
            compile_expression(condition, variables=VARIABLES)
        except ExpressionProblem as error:
            raise place.problem(f"expect/that/{index}", f"{condition!r} is no expression: {error.message}") from None
    addresses = tuple(parse_address(mock.http) if mock.http else None for mock in entry.mocks)
    line = place.document.place(place.pointer)[0]
    return Case(place.file, line, service, entry, addresses, _time(entry.now, place))


def _time(text: str, place: _Place) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise place.problem("now", f"{text!r} is no time with its zone, as in 2026-01-31T08:15:00Z")
    return moment.timestamp()
