"""Flow services: a loaded flow becomes a runner, whose host calls other services and other servers."""

import asyncio
from typing import Any

import msgspec

from gatewright.flow import Flow
from gatewright.flow import FlowError
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.flow import Limits
from gatewright.services.call import Call
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Service
from gatewright.services.envelope import principal
from gatewright.services.errors import ServiceError
from gatewright.services.package import Package
from gatewright.services.sample import sample_of
from gatewright.services.schema import list_names
from gatewright.services.schema import readers

_SECRET = "GATEWRIGHT_SECRET_"


def flow_service(flow: Flow, name: str, package: str, file: str) -> Service:
    """The service that a flow is, under its full name."""
    schema = flow.input_schema

    async def run(values: dict[str, Any], call: Call) -> object:
        declared = _package_of(call)
        limits = _limits(declared, call.deadline - asyncio.get_running_loop().time())
        try:
            return await flow.run(
                values,
                _Host(call, declared),
                authorization=lambda: principal(call.caller),
                limits=limits,
                trace=call.trace,
            )
        except FlowError as error:
            raise problem_of(error, call.caller) from None

    return Service(
        name=name,
        kind="flow",
        package=package,
        file=file,
        title=flow.title or flow.name,
        description=flow.summary,
        input_schema=schema,
        output_schema=flow.output_schema,
        sample=sample_of(schema),
        wants_envelope=flow.wants_envelope,
        gives_response=flow.gives_response,
        lists=list_names(schema),
        readers=readers(schema),
        connections=flow.connections,
        documents=flow.documents,
        run=run,
    )


def _package_of(call: Call) -> Package | None:
    loaded = call.catalogue.packages.get(call.service.package)
    return loaded.package if loaded else None


def _limits(package: Package | None, seconds: float) -> Limits:
    steps = package.limits.steps if package else None
    return Limits(seconds=max(seconds, 0.0), steps=steps) if steps else Limits(seconds=max(seconds, 0.0))


class _FromService(FlowError):
    """The problem of a called service, which the flow may catch; uncaught, its words are for the caller."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(error.type, error.status, error.title, error.detail, "", error.extensions)


def problem_of(error: FlowError, caller: Caller) -> ServiceError:
    """What the caller is told. The words of inner steps and of other servers are for administrators only."""
    told_to_all = error.origin == "raise" or error.instance == "/input" or isinstance(error.__cause__, _FromService)
    detailed = told_to_all or caller.is_administrator
    extensions = {"instance": error.instance} if error.instance else {}
    if detailed:
        extensions = error.extensions | extensions
    detail = error.detail if detailed else ""
    status = _status(error)
    # What a flow raises or refuses to take is its answer; a 404 of another server that it did not expect is not.
    fault = status >= 500 or not told_to_all
    return ServiceError(
        status, error.title, detail, type=error.type, extensions=extensions, fault=fault, reason=error.detail
    )


def _status(error: FlowError) -> int:
    if error.instance == "/output" and error.origin != "raise":
        return 500  # what came out does not fit the flow's own schema: nothing that the caller could mend
    # A flow may give its errors any number; only these are an answer's.
    return error.http_status if 400 <= error.http_status <= 599 else 500


class _Host:
    """What one run of a flow may do outside itself (`gatewright.flow.Host`)."""

    __slots__ = ("_call", "_package")

    def __init__(self, call: Call, package: Package | None) -> None:
        self._call, self._package = call, package

    async def call(self, name: str, arguments: dict[str, object]) -> object:
        try:
            return await self._call.runtime.call_from(self._call, name, arguments)
        except ServiceError as error:
            raise _FromService(error) from None

    async def request(self, request: HttpRequest) -> HttpResponse:
        allowed = self._package.allowed_hosts if self._package else ()
        runtime = self._call.runtime
        if runtime.spans is not None:
            request = msgspec.structs.replace(request, headers=runtime.spans.outgoing() | request.headers)
        return await runtime.outgoing.send(request, allowed)

    async def request_through(self, connection: str, request: HttpRequest) -> HttpResponse:
        call = self._call
        return await call.runtime.connections.send(connection, call, request, self.request)

    def secret(self, name: str) -> str | None:
        if self._package is None or name not in self._package.secrets:
            return None
        return self._call.runtime.environ.get(_SECRET + name.upper().replace("-", "_"))

    def now(self) -> float:
        return self._call.runtime.clock()

    async def publish(self, event: dict[str, object]) -> None:
        await self._call.runtime.publish(event)
