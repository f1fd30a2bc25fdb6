"""What one call carries with it, and the shape of everything that can be run."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

from gatewright.kernel.started import Started
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
        started = Started(work)
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


Runner = Callable[[dict[str, Any], Call], Awaitable[object]]
"""Runs a service on its input. Raises ServiceError for what the caller is told; anything else is a fault."""
