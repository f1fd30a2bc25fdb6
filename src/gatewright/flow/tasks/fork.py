"""fork: branches side by side; all of them, or the first that succeeds."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gatewright.flow.check import branch_list
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import LimitReached
from gatewright.flow.kind import Kind
from gatewright.flow.lists import compile_single
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import boolean
from gatewright.flow.shapes import fields
from gatewright.flow.turns import InTurns


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    branches = _branches(task["fork"]["branches"], join(at, "fork", "branches"), scope)
    together = _first if task["fork"].get("compete") else _all

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        works = [asyncio.create_task(_branch(branch, frame, data)) for branch in branches]
        try:
            return await together(works), None
        finally:
            # Whoever is still at work is stopped, and has stopped, before the flow goes on.
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    return Body(True, run)


def _branches(value: list[Any], at: str, scope: Scope) -> list[Body]:
    found = []
    for index, item in enumerate(value):
        if isinstance(item, dict) and len(item) == 1:
            name, task = next(iter(item.items()))
            found.append(compile_single(name, task, join(at, index, name), scope))
    return found


async def _branch(branch: Body, frame: Frame, data: Any) -> Any:
    async def work() -> Any:
        output = branch.run(frame, data)
        return await output if branch.is_async else output

    return await InTurns(work(), frame.run.turns)


async def _all(works: list[asyncio.Task[Any]]) -> list[Any]:
    """The outputs in the order of the branches; the first error stops the rest."""
    return list(await asyncio.gather(*works))


async def _first(works: list[asyncio.Task[Any]]) -> Any:
    """The output of the first branch that succeeds; when none does, the error of the one that failed last."""
    waiting: set[asyncio.Task[Any]] = set(works)
    error: BaseException | None = None
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for work in sorted(done, key=works.index):
            error = work.exception()
            if error is None:
                return work.result()
            if not isinstance(error, FlowError) or isinstance(error, LimitReached):
                raise error
    assert error is not None
    raise error


KIND = Kind("fork", {"fork": fields({"branches": branch_list, "compete": boolean}, ("branches",))}, _compile)
