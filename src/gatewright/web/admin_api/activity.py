"""What was counted, and which runs failed, over the Admin API."""

from typing import Annotated
from typing import Final
from typing import Literal

import msgspec
from msgspec import Meta

from gatewright.kernel.errors import NotFound
from gatewright.kernel.telemetry import Kind
from gatewright.kernel.telemetry import Tally
from gatewright.store import activity
from gatewright.store import failing_runs
from gatewright.store.database import Transaction
from gatewright.store.failing_runs import FailingRun
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of

_MOST_POINTS: Final = 1_000


class ActivityQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is counted, and since when."""

    kind: Annotated[
        Kind,
        Meta(
            description="Calls of services, steps of flows, requests to OAuth addresses, tokens by grant, or refusals."
        ),
    ] = "service"
    seconds: Annotated[int, Meta(ge=60, le=172_800, description="How far back, in seconds.")] = 3600


class SeriesQuery(ActivityQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One name over time; without a name all of the kind together."""

    name: Annotated[str, Meta(max_length=400)] = ""
    width: Annotated[Literal[60, 300, 900, 3600], Meta(description="Seconds of each stretch.")] = 60


class Counted(msgspec.Struct, frozen=True):
    """How often, how many failed and by which outcome, and how long one took, in seconds."""

    name: str
    count: int
    failed: int
    errors: dict[str, int]
    mean: float
    p50: float
    p99: float


class ActivityList(msgspec.Struct, frozen=True):
    """What was counted of each name."""

    items: tuple[Counted, ...]


class Stretch(msgspec.Struct, frozen=True):
    """What was counted in one stretch of time; start: in seconds since the epoch."""

    start: int
    count: int
    failed: int
    p50: float
    p99: float


class Series(msgspec.Struct, frozen=True):
    """The stretches, the oldest first, those without anything too."""

    items: tuple[Stretch, ...]


class RunsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the failing runs."""

    service: Annotated[str, Meta(max_length=400, description="Full name; default: of all services.")] = ""
    cursor: Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=50, description="The most items to give.")] = 20


class RunsPage(msgspec.Struct, frozen=True):
    """Failing runs, the newest first. next_cursor: null on the last page."""

    items: tuple[FailingRun, ...]
    next_cursor: str | None


def _counted(transaction: Transaction, call: AdminCall) -> ActivityList:
    found = activity.since(transaction, call.query.kind, call.by.now - call.query.seconds)
    return ActivityList(tuple(_of(name, tally) for name, tally in found.items()))


def _series(transaction: Transaction, call: AdminCall) -> Series:
    query, now = call.query, call.by.now
    start = max(now - query.seconds, now - _MOST_POINTS * query.width)
    points = activity.series(transaction, query.kind, start, now + 1, name=query.name, width=query.width)
    return Series(
        tuple(
            Stretch(
                each.start, each.tally.count, each.tally.failed, each.tally.percentile(0.5), each.tally.percentile(0.99)
            )
            for each in points
        )
    )


def _runs(transaction: Transaction, call: AdminCall) -> RunsPage:
    (before,) = key_of(call.query.cursor, 1)
    found = failing_runs.page(transaction, call.query.service, before=before, limit=call.query.limit + 1)
    shown = found[: call.query.limit]
    return RunsPage(tuple(shown), cursor(shown[-1].id) if len(found) > len(shown) else None)


def _run(transaction: Transaction, call: AdminCall) -> FailingRun:
    found = failing_runs.find(transaction, call.variables["id"])
    if found is None:
        raise NotFound("There is no failing run of that id; the last ones of each service are kept for a week.")
    return found


def _of(name: str, tally: Tally) -> Counted:
    return Counted(
        name, tally.count, tally.failed, dict(tally.errors), tally.mean, tally.percentile(0.5), tally.percentile(0.99)
    )


OPERATIONS: Final = (
    Operation(
        name="activity:list",
        method="GET",
        path="/activity",
        summary="Count calls, requests, tokens or refusals of the last minutes by name",
        action="read",
        verb=_counted,
        query=ActivityQuery,
        answer=ActivityList,
    ),
    Operation(
        name="activity:series",
        method="GET",
        path="/activity/series",
        summary="Count them over time",
        action="read",
        verb=_series,
        query=SeriesQuery,
        answer=Series,
    ),
    Operation(
        name="failing_runs:list",
        method="GET",
        path="/failing_runs",
        summary="List the last failing runs of services with their steps",
        action="read",
        verb=_runs,
        query=RunsQuery,
        answer=RunsPage,
    ),
    Operation(
        name="failing_runs:get",
        method="GET",
        path="/failing_runs/{id}",
        summary="Show a failing run",
        action="read",
        verb=_run,
        answer=FailingRun,
    ),
)
