"""Stand-ins: services of a catalogue replaced, and a way out that leads nowhere but to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import httpx
import msgspec
from msgspec import UNSET

from gatewright.flow import FlowError
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.flow.schema import SchemaProblem
from gatewright.flow.schema import compile_schema
from gatewright.kernel.addresses import AddressRefused
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.connections import Connections
from gatewright.services.connections import Send
from gatewright.services.connections import unusable
from gatewright.services.errors import ServiceError
from gatewright.services.testing.cases import Answer
from gatewright.services.testing.cases import Case
from gatewright.services.testing.cases import Mock
from gatewright.services.testing.difference import difference
from gatewright.services.testing.difference import shown
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_client import UpstreamClient
from gatewright.services.upstreams import Upstreams

if TYPE_CHECKING:
    from gatewright.services.call import Call


class StandIns:
    """The mocks of one case, and what went wrong with them: `problems`, once the run is over."""

    def __init__(self, case: Case) -> None:
        self._mocks = list(zip(case.entry.mocks, case.addresses, strict=True))
        self._answered = [0] * len(self._mocks)
        self._unforeseen: list[str] = []

    def catalogue(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with the services replaced that are mocked."""
        names = {mock.service for mock, _ in self._mocks if mock.service}
        if not names:
            return catalogue
        packages = [
            msgspec.structs.replace(
                loaded,
                services=tuple(self._replaced(each) if each.name in names else each for each in loaded.services),
            )
            for loaded in catalogue.packages.values()
        ]
        return Catalogue(packages, catalogue.generation)

    def problems(self) -> list[str]:
        """Calls that no mock took, and mocks that answered too rarely."""
        found = list(dict.fromkeys(self._unforeseen))
        for (mock, _), answered in zip(self._mocks, self._answered, strict=True):
            wanted = mock.times
            if mock.optional and not answered:
                continue
            if wanted is None and not answered:
                found.append(f"the mock of {_name(mock)} was never called")
            elif wanted is not None and answered < wanted:
                found.append(f"the mock of {_name(mock)} was called {answered} times, expected {wanted}")
        return found

    def note(self, problem: str) -> None:
        """Something that the case did not foresee."""
        self._unforeseen.append(problem)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request to another server. Raises what httpx raises when no answer comes, or AddressRefused."""
        body = await request.aread()
        query = dict(request.url.params)
        address = f"{request.url.scheme}://{request.url.netloc.decode()}{request.url.path}"
        given = {"query": query, "headers": dict(request.headers), "body": _body(request, body)}
        mock = self._take(lambda mock, at: at is not None and at.matches(request.method, address, query), given)
        if mock is None:
            self._unforeseen.append(f"{request.method} {request.url} was called, and no mock answers it")
            raise AddressRefused(f"no mock answers {request.method} {request.url}")
        if mock.failure == "timeout":
            raise httpx.ReadTimeout("the mock lets it time out")
        if mock.answer is None:
            raise httpx.ConnectError("the mock lets it fail")
        return _response(mock.answer)

    def _take(self, fits: Any, given: Mapping[str, Any]) -> Mock | None:
        for index, (mock, address) in enumerate(self._mocks):
            spent = mock.times is not None and self._answered[index] >= mock.times
            if not spent and fits(mock, address) and not difference(mock.given, given, at_least=True):
                self._answered[index] += 1
                return mock
        return None

    def _replaced(self, service: Service) -> Service:
        async def run(values: dict[str, Any], call: "Call") -> object:
            _require(service.input_schema, values, f"the input of {service.name}", 400)
            mock = self._take(lambda mock, _: mock.service == service.name, values)
            if mock is None:
                self._unforeseen.append(f"{service.name} was called with {shown(values)}, and no mock answers that")
                raise ServiceError(500, "No mock answers this call")
            if mock.error is not None:
                error = mock.error
                raise ServiceError(error.status, error.title, error.detail, type=error.type)
            if message := _misfit(service.output_schema, mock.output, f"the mocked output of {service.name}"):
                self._unforeseen.append(message)
            return mock.output

        return msgspec.structs.replace(service, run=run, problems=())


class NoUpstreams(Upstreams):
    """Upstreams of a test: none is reached. stand_ins: where it is noted that one would have been."""

    def __init__(self, stand_ins: StandIns) -> None:
        super().__init__()
        self._stand_ins = stand_ins

    def client(self, name: str, upstream: Upstream) -> UpstreamClient:
        """Refuse."""
        self._stand_ins.note(f"the upstream {name} was called, and no mock stands in for it")
        raise ServiceError(502, "No mock stands in for the upstream")


class OpenConnections(Connections):
    """Connections of a test: requests go out as they are, to the mocks; there are no credentials to use."""

    def __init__(self) -> None:
        pass

    async def send(self, name: str, call: "Call", request: HttpRequest, send: Send) -> HttpResponse:
        """Send a request, without credentials."""
        return await send(request)

    async def get(self, name: str, call: "Call", kinds: tuple[str, ...]) -> Any:
        """Refuse: there is nothing to connect to."""
        raise unusable(f"a test has no connection {name}; stand in for the service that uses it with a mock")


def _name(mock: Mock) -> str:
    return mock.service or mock.http


def _require(schema: Mapping[str, Any] | None, value: Any, what: str, status: int) -> None:
    if message := _misfit(schema, value, what):
        raise ServiceError(status, "The input does not fit the service", message)


def _misfit(schema: Mapping[str, Any] | None, value: Any, what: str) -> str:
    """How a value does not fit a schema; empty when it does."""
    if schema is None or value is UNSET:
        return ""
    try:
        compile_schema(dict(schema), what)(value)
    except SchemaProblem:
        return ""
    except FlowError as error:
        return error.detail
    return ""


def _body(request: httpx.Request, body: bytes) -> Any:
    """What `with: {body: …}` is held against: JSON where it is some, else the text."""
    if "json" in request.headers.get("content-type", ""):
        try:
            return msgspec.json.decode(body)
        except msgspec.MsgspecError:
            pass
    return body.decode("utf-8", "replace")


def _response(answer: Answer) -> httpx.Response:
    if isinstance(answer.body, str):
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body.encode())
    if answer.body is None:
        return httpx.Response(answer.status, headers=answer.headers)
    headers = {"content-type": "application/json", **{name.lower(): text for name, text in answer.headers.items()}}
    return httpx.Response(answer.status, headers=headers, content=msgspec.json.encode(answer.body))
