"""The last runs of services that failed, with their traces: the newest of each service, for a while."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Final

import msgspec

from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

OF_A_SERVICE: Final = 20
"""So many are kept of each service,"""
IN_ALL: Final = 1_000
"""and so many of all together."""


class FailingRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Secrets are masked in it, and what is long is cut short.

    at: when it ended, in seconds since the epoch. seconds: it took. request: its HTTP request's id, if there was one.
    depth: how many services above it called each other; 0: it was called from outside.
    status, title, detail: of the problem that it ended with. cause: the traceback of a Python function.
    steps: of a flow, in the order in which they began, as `flow.trace.Record` has them; left_out: how many more there
    were. Under heavy load some runs go unwatched, and have none.
    """

    id: str
    at: int
    service: str
    request: str
    client_id: str
    subject: str
    status: int
    title: str
    detail: str
    seconds: float
    depth: int = 0
    input: Any = None
    steps: Sequence[Mapping[str, Any]] = ()
    left_out: int = 0
    cause: str = ""


def add(transaction: Transaction, runs: Sequence[FailingRun]) -> None:
    """Keep these, and let go of those that there are too many of."""
    for run in sorted(runs, key=lambda each: each.id):
        transaction.execute(
            "INSERT INTO failing_runs (id, service, request, at, document) VALUES (?, ?, ?, ?, ?)",
            (run.id, run.service, run.request, run.at, to_json(run)),
        )
    for service in sorted({run.service for run in runs}):
        transaction.execute(
            "DELETE FROM failing_runs WHERE service = ? AND id <"
            " (SELECT min(id) FROM (SELECT id FROM failing_runs WHERE service = ? ORDER BY id DESC LIMIT ?) newest)",
            (service, service, OF_A_SERVICE),
        )
    transaction.execute(
        "DELETE FROM failing_runs WHERE id <"
        " (SELECT min(id) FROM (SELECT id FROM failing_runs ORDER BY id DESC LIMIT ?) newest)",
        (IN_ALL,),
    )


def page(transaction: Transaction, service: str = "", *, before: str = "", limit: int = 20) -> list[FailingRun]:
    """Up to `limit` of them, of one service or of all, the newest first; those with ids before `before`."""
    conditions, parameters = ["1 = 1"], []
    if service:
        conditions.append("service = ?")
        parameters.append(service)
    if before:
        conditions.append("id < ?")
        parameters.append(before)
    found = transaction.rows(
        f"SELECT document FROM failing_runs WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",
        (*parameters, limit),
    )
    return [_read(row[0]) for row in found]


def find(transaction: Transaction, id_: str) -> FailingRun | None:
    """The run of that id, or None."""
    row = transaction.row("SELECT document FROM failing_runs WHERE id = ?", (id_,))
    return None if row is None else _read(row[0])


def of_request(transaction: Transaction, request: str) -> list[FailingRun]:
    """The runs of one HTTP request: of the service that was called, and before it of those that failed below it."""
    found = transaction.rows("SELECT document FROM failing_runs WHERE request = ? ORDER BY id", (request,))
    return [_read(row[0]) for row in found]


def forget(transaction: Transaction, before: int, batch: int = 500) -> int:
    """Remove up to `batch` of those that ended before `before`; how many went."""
    return transaction.execute(
        "DELETE FROM failing_runs WHERE id IN (SELECT id FROM failing_runs WHERE at < ? LIMIT ?)", (before, batch)
    )


def _read(document: str) -> FailingRun:
    return msgspec.json.decode(document, type=FailingRun)
