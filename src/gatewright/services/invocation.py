"""Calling services: the way from a name, an input and a caller to an output or a problem."""

import asyncio
import math
import os
import threading
import time
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.flow import FlowError
from gatewright.flow import Trace
from gatewright.flow.journal import Journal
from gatewright.flow.stepper import Paused
from gatewright.kernel.telemetry import Activity
from gatewright.services.builtin.cache import Cache
from gatewright.services.call import Call
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.connections import Connections
from gatewright.services.connections import unusable
from gatewright.services.errors import ServiceError
from gatewright.services.failing_runs import FailingRuns
from gatewright.services.journals import Journals
from gatewright.services.outgoing import Outgoing
from gatewright.services.spans import Spans
from gatewright.services.upstream_answer import UpstreamAnswer
from gatewright.services.upstream_service import Arrived
from gatewright.services.upstreams import Upstreams

_GONE: Final = "499"  # the client went away, and the call with it: as nginx counts it
_log = structlog.get_logger(__name__)


class Runtime:
    """Runs services for one process. Holds what they share: threads for plain functions, the way out, the clock.

    outgoing: flows' requests to other servers. upstreams: the ways to upstreams.
    publish: takes the events (CloudEvents 1.0) that flows emit.
    environ: where the secrets that packages declare come from.
    threads: how many plain functions run at once; waiting: how many more may wait before calls are refused with 503.
    depth: how many calls may be nested, a flow's call of a flow being one.
    log_failures: whether runs that fail leave a line in the log; they are in `failing_runs` either way.
    activity: where calls are counted. spans: of calls, for whoever collects traces.
    connections: stored credentials for calling out.
    """

    def __init__(
        self,
        *,
        threads: int = 16,
        waiting: int = 256,
        depth: int = 32,
        outgoing: Outgoing | None = None,
        connections: Connections | None = None,
        upstreams: Upstreams | None = None,
        publish: Callable[[dict[str, object]], Awaitable[None]] | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        activity: Activity | None = None,
        spans: Spans | None = None,
        log_failures: bool = True,
    ) -> None:
        self.clock, self.environ = clock, environ
        self.activity = activity or Activity()
        self.journals = Journals(self.activity)
        self.failing_runs = FailingRuns()
        self.spans = spans
        self._log_failures = log_failures
        self.outgoing = outgoing or Outgoing()
        self._connections = connections
        self.upstreams = upstreams or Upstreams()
        self.cache = Cache()
        self.publish = publish or _log_event
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="service")
        self._room = threading.BoundedSemaphore(threads + waiting)
        self._depth = depth

    @property
    def connections(self) -> Connections:
        """The stored credentials. Raises FlowError where there are none at hand."""
        if self._connections is None:
            raise unusable("connections need a running server")
        return self._connections

    async def close(self) -> None:
        """Take no more calls; functions that still run in threads are left to finish."""
        await self.outgoing.close()
        await self.upstreams.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def invoke(
        self,
        catalogue: Catalogue,
        name: str,
        values: dict[str, Any],
        caller: Caller,
        *,
        seconds: float = 30.0,
        trace: Trace | None = None,
        request: str = "",
    ) -> object:
        """Run the service `name` on the input `values` and give its output, for `encode`.

        Access is checked before, by the guard. seconds: how long it may take; a package may say otherwise.
        trace: of a run that somebody looks at, who need not be told of its failure elsewhere. request: its HTTP request's id.
        Raises ServiceError for everything that goes wrong: 404 unknown, 503 disabled, 400 bad input, 504 too slow,
        500 for a fault of the service, of which the caller is told nothing and the log everything.
        """
        service = self._find(catalogue, name, caller)
        loaded = catalogue.packages.get(service.package)
        if loaded is not None and loaded.package is not None:
            seconds = loaded.package.limits.seconds or seconds
        deadline = asyncio.get_running_loop().time() + seconds
        call = Call(self, catalogue, service, caller, deadline, 0, trace, request=request)
        return await (self._run if self.spans is None else self._run_in_span)(service, values, call)

    async def forward(
        self, catalogue: Catalogue, service: Service, arrived: Arrived, caller: Caller
    ) -> tuple[UpstreamAnswer, list[tuple[bytes, bytes]]]:
        """Send a request on to the upstream that a service stands for; its answer, and the headers that pass.

        Raises ServiceError like `invoke`; the upstream's own time limits hold.
        """
        service = self._find(catalogue, service.name, caller)
        assert service.forwarder is not None
        call = Call(self, catalogue, service, caller, math.inf, request=arrived.id)
        outcome, began = _GONE, perf_counter()
        try:
            answered = await service.forwarder.forward(arrived, call)
            status = answered[0].status
            outcome = "" if status < 400 else str(status)
            return answered
        except ServiceError as error:
            outcome = str(error.status)
            if error.fault:
                values = {"method": arrived.method, "path": dict(arrived.variables or {})}
                self.failing_runs.note(call, values, error, perf_counter() - began, int(self.clock()))
            raise
        finally:
            self.activity.add("service", service.name, outcome, perf_counter() - began)

    async def call_from(self, call: Call, name: str, values: dict[str, Any]) -> object:
        """Run a service that another one calls: same caller, catalogue and deadline. Gives plain JSON values.

        Raises ServiceError like `invoke`.
        """
        if call.depth >= self._depth:
            raise ServiceError(500, "Calls are nested too deeply", f"more than {self._depth} services call each other")
        service = self._find(call.catalogue, name, call.caller)
        inner = Call(
            self,
            call.catalogue,
            service,
            call.caller,
            call.deadline,
            call.depth + 1,
            asked_by=call.package,
            request=call.request,
        )
        output = await (self._run if self.spans is None else self._run_in_span)(service, values, inner)
        return to_json(output, service)

    def _find(self, catalogue: Catalogue, name: str, caller: Caller) -> Service:
        service = catalogue.services.get(name)
        if service is None:
            raise ServiceError(404, "No such service", f"there is no service {name}")
        if not service.enabled:
            reason = "; ".join(map(str, service.problems))
            told = reason if caller.is_administrator else "its administrator sees the reason in the console"
            raise ServiceError(503, "The service is disabled", told)
        return service

    async def _run(self, service: Service, values: dict[str, Any], call: Call) -> object:
        assert service.run is not None
        if service.kind == "flow" and call.trace is None:
            call.trace = self.journals.begin(service.name)
        watched_elsewhere = call.trace is not None and not isinstance(call.trace, Journal)
        outcome, began = _GONE, perf_counter()
        try:
            output = await service.run(values, call)
            outcome = ""
            return output
        except Paused:  # somebody steps through it
            outcome = ""
            raise
        except ServiceError as error:
            outcome = str(error.status)
            if error.fault and not watched_elsewhere:
                self._failed(call, values, error, perf_counter() - began)
            raise
        except FlowError as error:  # of a built-in service, for the flow that called it
            outcome = str(error.http_status)
            raise
        except (Exception, SystemExit) as error:  # a service's sys.exit() must not end the server
            outcome = "500"
            told = ServiceError(500, "The service failed")
            self._failed(call, values, told, perf_counter() - began, error)
            raise told from None
        finally:
            self.activity.add("service", service.name, outcome, perf_counter() - began)

    async def _run_in_span(self, service: Service, values: dict[str, Any], call: Call) -> object:
        assert self.spans is not None
        caller = call.caller
        with self.spans.service(service.name, service.kind, caller.client_id or "", caller.subject) as span:
            if service.kind == "flow" and call.trace is None:
                call.trace = self.journals.begin(service.name, always=span.is_recording)
            try:
                return await self._run(service, values, call)
            finally:
                if isinstance(call.trace, Journal) and span.is_recording:
                    span.steps(call.trace.entries())

    def _failed(
        self,
        call: Call,
        values: dict[str, Any],
        error: ServiceError,
        seconds: float,
        cause: BaseException | None = None,
    ) -> None:
        """Log a failure, and keep its run for whoever mends the service."""
        service, caller = call.service, call.caller
        if self._log_failures:
            _log.error(
                "service failed",
                service=service.name,
                file=service.file,
                request=call.request,
                client=caller.client_id,
                subject=caller.subject,
                status=error.status,
                detail=error.reason or error.title,
                exc_info=cause,
            )
        self.journals.watch_closely(service.name)
        self.failing_runs.note(call, values, error, seconds, int(self.clock()), cause)

    async def in_thread(self, function: Callable[..., Any], arguments: dict[str, Any]) -> object:
        """Run a plain function in the bounded pool. Raises ServiceError 503 when too many wait already."""
        if not self._room.acquire(blocking=False):
            raise ServiceError(
                503, "Too many calls are waiting", "try again shortly", extensions={"retry_after": 1}, fault=False
            )
        try:
            future = self._threads.submit(function, **arguments)
        except BaseException:
            self._room.release()
            raise
        # A thread cannot be stopped: its place is free when it ends, not when its caller stops waiting.
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)


async def _log_event(event: dict[str, object]) -> None:
    _log.info("event emitted", type=event.get("type"), source=event.get("source"))


def encode(output: object, service: str) -> bytes:
    """A service's output as JSON. Raises ServiceError 500 when it cannot be said in JSON; the log has the reason."""
    try:
        return msgspec.json.encode(output)
    except (TypeError, ValueError, OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise _not_json(service, error) from None


def to_json(output: object, service: Service) -> object:
    """A service's output as plain JSON values. A flow's or built-in's already is. Raises like `encode`."""
    if service.kind != "python":
        return output
    try:
        return msgspec.to_builtins(output, str_keys=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _not_json(service.name, error) from None


def _not_json(service: str, error: Exception) -> ServiceError:
    _log.error("service's output is not JSON", service=service, error=str(error))
    return ServiceError(500, "The service failed")
