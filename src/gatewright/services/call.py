"""What one call carries with it, and the shape of everything that can be run."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING
from typing import Any

from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError

if TYPE_CHECKING:
    from gatewright.flow.trace import Watch
    from gatewright.services.catalogue import Catalogue
    from gatewright.services.catalogue import Service
    from gatewright.services.invocation import Runtime


class Call:
    """One run of one service. A service that a flow calls runs in a Call of its own, of the same caller and catalogue.

    deadline: when the run must end, in the event loop's time.
    depth: how many calls it is below the one that was guarded.
    package: whose service runs; of a built-in service, whose asked for it.
    trace: what is told of each step. request: the id of the HTTP request, if it came by one.
    """

    __slots__ = ("caller", "catalogue", "deadline", "depth", "package", "request", "runtime", "service", "trace")

    def __init__(
        self,
        runtime: "Runtime",
        catalogue: "Catalogue",
        service: "Service",
        caller: Caller,
        deadline: float,
        depth: int = 0,
        trace: "Watch | None" = None,
        *,
        asked_by: str = "",
        request: str = "",
    ) -> None:
        self.runtime, self.catalogue, self.service, self.caller = runtime, catalogue, service, caller
        self.deadline, self.depth, self.trace, self.request = deadline, depth, trace, request
        self.package = service.package or asked_by

    async def within_time(self, work: Awaitable[object]) -> object:
        """Wait for `work` until the deadline. Raises ServiceError 504 past it."""
        started = _Started(work)
        if started.ended:
            return started.output
        limit = asyncio.timeout_at(self.deadline)
        try:
            async with limit:
                return await started
        except TimeoutError:
            if limit.expired():
                raise ServiceError(504, "The service took too long") from None
            raise  # the service's own


class _Started:
    """Work that has run up to where it first waits: most of what is called waits for nothing, and needs no timer.

    Raises what the work raises before it waits. When it has not `ended`, it is to be awaited for the rest.
    """

    __slots__ = ("_awaited", "_steps", "ended", "output")

    def __init__(self, work: Awaitable[object]) -> None:
        self._steps, self.ended = work.__await__(), False
        try:
            self._awaited = next(self._steps)
        except StopIteration as end:
            self.ended, self.output = True, end.value

    def __await__(self) -> Generator[object, None, object]:
        awaited, steps = self._awaited, self._steps
        while True:
            try:
                yield awaited
            except BaseException as error:
                proceed = partial(steps.throw, error)
            else:
                proceed = partial(next, steps)
            try:
                awaited = proceed()
            except StopIteration as end:
                return end.value


Runner = Callable[[dict[str, Any], Call], Awaitable[object]]
"""Runs a service on its input. Raises ServiceError for what the caller is told; anything else is a fault."""
