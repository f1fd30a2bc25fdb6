"""Receipts on their way to the store."""

import asyncio
from typing import Any
from typing import cast

from gatewright.app.refusals import Claims
from gatewright.app.refusals import Refusals
from gatewright.kernel.settings import GlobalSettings
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from gatewright.store.refusals import Refusal


class SlowStore:
    """Stands for a database and its directory: what is written is written when `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.written: list[Refusal] = []

    async def settings(self) -> GlobalSettings:
        return GlobalSettings()

    async def write(self, verb: object, refusals: list[Refusal]) -> None:
        await self.go_on.wait()
        self.written += refusals


def refusal(reference: str) -> Refusal:
    fields: dict[str, Any] = dict.fromkeys(Refusal.__struct_fields__, "")
    return Refusal(**{**fields, "reference": reference})


async def test_who_flushes_while_another_does_waits_for_what_that_one_took() -> None:
    store = SlowStore()
    refusals = Refusals(cast(Database, store), cast(Directory, store), lambda: 0)
    refusals.add(refusal("r1"), Claims())
    first = asyncio.create_task(refusals.flush())
    await asyncio.sleep(0)
    second = asyncio.create_task(refusals.flush())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    store.go_on.set()
    await asyncio.gather(first, second)
    assert [each.reference for each in store.written] == ["r1"]
