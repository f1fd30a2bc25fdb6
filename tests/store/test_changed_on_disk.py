"""Versions of saves and of changes on the disk, in whichever order each engine is told of them."""

from pathlib import Path

import pytest

from gatewright.admin import service_versions
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.store import service_versions as store

BY = By(Actor("ada"), 1_800_000_000)
NAME, FILE = "orders:get", "Shop/services/orders/get.flow.yaml"


def put(path: Path, text: str | bytes | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "get.flow.yaml"
    put(path, "one")
    return path


async def told(database) -> list[tuple[str, str]]:
    lines = await database.read(store.page, NAME)
    return [(each.actor, (await database.read(store.find, NAME, each.id)).text) for each in lines]


async def save(database, text: str, found: str) -> None:
    await database.write(service_versions.save, BY, NAME, FILE, text=text, found=found)


async def keep_changed(database, flow: Path) -> bool:
    return await database.write(service_versions.keep_changed, NAME, FILE, flow, BY.now)


async def test_text_is_kept_once(database, flow: Path) -> None:
    assert await keep_changed(database, flow)
    assert not await keep_changed(database, flow)
    assert await told(database) == [("", "one")]


async def test_save_that_is_seen_on_the_disk_before_it_is_recorded_stays_the_savers(database, flow: Path) -> None:
    await save(database, "one", "zero")
    put(flow, "two")
    assert await keep_changed(database, flow)
    await save(database, "two", "one")
    assert await told(database) == [(str(BY.actor), "two"), (str(BY.actor), "one"), ("", "zero")]


async def test_save_that_is_recorded_first_is_no_change_on_the_disk(database, flow: Path) -> None:
    put(flow, "two")
    await save(database, "two", "one")
    assert not await keep_changed(database, flow)
    assert await told(database) == [(str(BY.actor), "two"), ("", "one")]


async def test_change_on_the_disk_under_a_save_is_kept_before_it(database, flow: Path) -> None:
    await save(database, "one", "zero")
    put(flow, "disk")
    assert await keep_changed(database, flow)
    put(flow, "two")
    await save(database, "two", "disk")
    assert [text for _, text in await told(database)] == ["two", "disk", "one", "zero"]


async def test_file_that_is_gone_or_no_text_leaves_none(database, flow: Path) -> None:
    put(flow, b"\xff\xfe")
    assert not await keep_changed(database, flow)
    put(flow, None)
    assert not await keep_changed(database, flow)
    assert await told(database) == []
