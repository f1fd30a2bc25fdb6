"""Runs that failed: what is kept of each for whoever mends the service."""

import traceback
from typing import Any
from typing import Final

import msgspec

from gatewright.flow import Trace
from gatewright.flow.journal import Journal
from gatewright.flow.trace import Record
from gatewright.kernel.ids import row_id
from gatewright.services.call import Call
from gatewright.services.errors import ServiceError
from gatewright.store.failing_runs import FailingRun

_PENDING: Final = 50
_PENDING_OF_A_SERVICE: Final = 5
_STEPS: Final = 100
_CHARACTERS: Final = 100_000
_FRAMES: Final = 20


class FailingRuns:
    """Those of this process that are not handed over yet: a few of each service, for whoever fails often fails alike."""

    def __init__(self) -> None:
        self._waiting: list[FailingRun] = []
        self._of_service: dict[str, int] = {}

    def note(
        self,
        call: Call,
        values: dict[str, Any],
        error: ServiceError,
        seconds: float,
        at: int,
        cause: BaseException | None = None,
    ) -> None:
        """Keep a run. seconds: it took. at: when it ended, in seconds since the epoch. cause: what a Python function raised."""
        name = call.service.name
        waiting = self._of_service.get(name, 0)
        if len(self._waiting) >= _PENDING or waiting >= _PENDING_OF_A_SERVICE:
            return
        self._of_service[name] = waiting + 1
        self._waiting.append(_failing_run(call, values, error, seconds, at, cause))

    def take(self) -> list[FailingRun]:
        """All that wait; none waits any more."""
        taken, self._waiting, self._of_service = self._waiting, [], {}
        return taken


def without_data(run: FailingRun) -> FailingRun:
    """The run without what went in and out: names, times, statuses and the titles of errors alone."""
    kept = ("pointer", "name", "kind", "started", "iteration", "seconds", "then")
    steps = [{name: step[name] for name in kept} | _bare(step.get("error")) for step in run.steps]
    return msgspec.structs.replace(run, detail="", input=None, cause="", steps=steps)


def _bare(error: Any) -> dict[str, Any]:
    told = (
        {name: error[name] for name in ("type", "title", "status") if name in error}
        if isinstance(error, dict)
        else error
    )
    return {"input": None, "output": None, "context": None, "error": told}


def steps_of(run: FailingRun) -> list[Record]:
    """The steps of a run that was kept."""
    return msgspec.convert(run.steps, list[Record])


def _failing_run(
    call: Call, values: dict[str, Any], error: ServiceError, seconds: float, at: int, cause: BaseException | None
) -> FailingRun:
    trace = Trace(most=_STEPS, size=_CHARACTERS, guarded=True)
    detail = error.detail
    if isinstance(call.trace, Journal):
        call.trace.trace(trace)
        detail = error.reason  # which may hold a secret: only the journal knows what to mask
    return FailingRun(
        id=row_id(),
        at=at,
        service=call.service.name,
        request=call.request,
        client_id=call.caller.client_id or "",
        subject=call.caller.subject,
        status=error.status,
        title=error.title,
        detail=str(trace.show(detail)),
        seconds=seconds,
        depth=call.depth,
        input=trace.show(values),
        steps=msgspec.to_builtins(trace.records),
        left_out=trace.left_out,
        cause=str(trace.show(_told(cause))) if cause else "",
    )


def _told(cause: BaseException) -> str:
    """The end of the stack and the error's words. Plain: richer forms print the frames' variables, and secrets with them."""
    lines = traceback.format_exception(type(cause), cause, cause.__traceback__, limit=-_FRAMES)
    return "".join(lines)[-1_900:]
