"""Versions of services' texts and kept examples, on each engine."""

import pytest

from gatewright.store import service_versions as store
from gatewright.store.service_versions import Version


def version(number: int, service: str = "orders:get", text: str = "") -> Version:
    return Version(
        id=f"{number:08}",
        service=service,
        file="f",
        at=number,
        actor="ada",
        note=f"n{number}",
        text=text or f"t{number}",
    )


async def test_versions_are_listed_by_service_newest_first(database) -> None:
    for number in (1, 2, 3):
        await database.write(store.add, version(number))
    await database.write(store.add, version(9, "other:one"))
    page = await database.read(store.page, "orders:get", limit=2)
    assert [each.note for each in page] == ["n3", "n2"]
    assert [each.note for each in await database.read(store.page, "orders:get", before=page[-1].id)] == ["n1"]


async def test_version_is_found_under_its_own_service_alone(database) -> None:
    await database.write(store.add, version(1))
    assert await database.read(store.find, "orders:get", "00000001") == version(1)
    assert await database.read(store.find, "other:one", "00000001") is None
    assert await database.read(store.newest, "other:one") is None


async def test_oldest_go_when_there_are_too_many(database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "OF_A_SERVICE", 2)
    await database.write(store.add, version(1, "other:one"))
    for number in (2, 3, 4):
        await database.write(store.add, version(number))
    assert [each.note for each in await database.read(store.page, "orders:get")] == ["n4", "n3"]
    assert (await database.read(store.newest, "other:one")).note == "n1"


async def test_services_with_versions_are_named_and_a_version_can_go(database) -> None:
    await database.write(store.add, version(1))
    await database.write(store.add, version(2, "other:one"))
    assert await database.read(store.services) == {"orders:get", "other:one"}
    await database.write(store.remove, "00000002")
    assert await database.read(store.services) == {"orders:get"}


async def test_moved_service_takes_its_versions_and_examples_along(database) -> None:
    await database.write(store.add, version(1))
    await database.write(store.save_example, "orders:get", "usual", "{}")
    await database.write(store.move, "orders:get", "orders:find")
    assert (await database.read(store.newest, "orders:find")).text == "t1"
    assert await database.read(store.newest, "orders:get") is None
    assert await database.read(store.examples, "orders:find") == {"usual": "{}"}


async def test_example_is_replaced_and_let_go(database) -> None:
    for given in ("{}", '{"a": 1}'):
        await database.write(store.save_example, "orders:get", "usual", given)
    assert await database.read(store.examples, "orders:get") == {"usual": '{"a": 1}'}
    assert await database.write(store.delete_example, "orders:get", "usual")
    assert not await database.write(store.delete_example, "orders:get", "usual")
