"""SQL through a connection of the kind `sql`. Values go as parameters, written `$1`, `$2`, …, and never into the text."""

import asyncio
from collections.abc import Callable
from typing import Annotated
from typing import Any

import msgspec

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import MOST_ITEMS
from gatewright.services.builtin.refusals import refusal
from gatewright.services.call import Call
from gatewright.services.sql import execute_batch
from gatewright.services.sql import execute_one
from gatewright.services.sql import query_rows

Name = Annotated[str, msgspec.Meta(extra_json_schema={"format": "connection"})]
Statement = Annotated[str, msgspec.Meta(min_length=1, max_length=100_000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


@service
async def query(
    call: Call,
    connection: Name,
    statement: Statement,
    parameters: list[Any] = [],  # noqa: B006  never changed
    limit: Limit = 1_000,
) -> list[dict[str, Any]]:
    """The rows that a statement gives, each an object by the names of its columns. More rows than `limit` are an error.

    Dates and times are ISO 8601 texts, decimals numbers where these say the same and else texts, bytes base64.
    """
    found: list[dict[str, Any]] = await _run(
        call, connection, query_rows, statement=statement, parameters=parameters, limit=limit
    )
    return found


@service
async def execute(
    call: Call,
    connection: Name,
    statement: Statement,
    parameters: list[Any] = [],  # noqa: B006  never changed
) -> dict[str, int]:
    """Run a statement in a transaction of its own; `count`: the rows that it changed."""
    done: dict[str, int] = await _run(call, connection, execute_one, statement=statement, parameters=parameters)
    return done


@service
async def batch(call: Call, connection: Name, statement: Statement, rows: list[list[Any]]) -> dict[str, int]:
    """Run a statement once for the parameters of each row, all in one transaction: every row or none; `count` as above."""
    if len(rows) > MOST_ITEMS:
        raise refusal(f"a batch has at most {MOST_ITEMS} rows")
    done: dict[str, int] = await _run(call, connection, execute_batch, statement=statement, rows=rows)
    return done


async def _run(call: Call, connection: str, work: Callable[..., Any], **arguments: Any) -> Any:
    kept, secrets = await call.runtime.connections.get(connection, call, ("sql",))
    database = call.runtime.connections.database(kept, secrets)
    seconds = call.deadline - asyncio.get_running_loop().time()
    given = {"database": database, "seconds": max(seconds, 0.01), **arguments}
    return await call.within_time(call.runtime.in_thread(work, given))
