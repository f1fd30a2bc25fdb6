"""The failing runs that are kept: the newest of each service; on each engine."""

import pytest

from gatewright.store import failing_runs
from gatewright.store.database import Database
from gatewright.store.failing_runs import FailingRun
from tests.store.makers import NOW


def run(number: int, service: str = "orders:get", **more: object) -> FailingRun:
    given = {"request": f"r{number}", "client_id": "c", "subject": "s", "status": 500, "title": "T", "detail": ""}
    return FailingRun(id=f"{number:05}", at=NOW + number, service=service, seconds=0.1, **(given | more))  # type: ignore[arg-type]


async def test_the_newest_come_first_and_page_by_page(database: Database) -> None:
    await database.write(failing_runs.add, [run(2), run(1), run(3, "customers:find")])
    ids = [each.id for each in await database.read(failing_runs.page)]
    assert ids == ["00003", "00002", "00001"]
    assert [each.id for each in await database.read(failing_runs.page, before="00003", limit=1)] == ["00002"]
    assert [each.id for each in await database.read(failing_runs.page, "orders:get")] == ["00002", "00001"]


async def test_a_run_is_found_whole_by_its_id_and_by_its_request(database: Database) -> None:
    kept = run(1, steps=[{"pointer": "/do/0/a", "seconds": 0.5}], input={"number": 7}, cause="Traceback")
    await database.write(failing_runs.add, [kept, run(2, request="r1", depth=0)])
    assert await database.read(failing_runs.find, "00001") == kept
    assert await database.read(failing_runs.find, "00009") is None
    assert [each.id for each in await database.read(failing_runs.of_request, "r1")] == ["00001", "00002"]


async def test_only_the_newest_of_each_service_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing_runs, "OF_A_SERVICE", 3)
    await database.write(failing_runs.add, [run(0, "customers:find")])
    for number in range(1, 8):
        await database.write(failing_runs.add, [run(number)])
    assert [each.id for each in await database.read(failing_runs.page)] == ["00007", "00006", "00005", "00000"]


async def test_only_so_many_are_kept_in_all(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing_runs, "IN_ALL", 4)
    await database.write(failing_runs.add, [run(number, f"folder:s{number}") for number in range(9)])
    assert [each.id for each in await database.read(failing_runs.page)] == ["00008", "00007", "00006", "00005"]


async def test_old_ones_go(database: Database) -> None:
    await database.write(failing_runs.add, [run(1), run(2), run(3)])
    assert await database.write(failing_runs.forget, NOW + 3, 1) == 1
    assert await database.write(failing_runs.forget, NOW + 3) == 1
    assert [each.id for each in await database.read(failing_runs.page)] == ["00003"]
