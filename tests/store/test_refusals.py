from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store import refusals
from gatewright.store.database import Database
from gatewright.store.refusals import Refusal
from tests.store.makers import NOW
from tests.store.makers import client


def refusal(n: int, client_id: str = "c1", error: str = "invalid_grant") -> Refusal:
    return Refusal(
        id=f"{n:04}", reference=f"r{n}", at=NOW + n, endpoint="token", method="POST", path="/oauth/token", rule="pkce",
        status=400, error=error, client_id=client_id, parameters=(("grant_type", "ü"),),
    )  # fmt: skip


async def test_a_receipt_is_found_by_its_reference(database: Database) -> None:
    await database.write(refusals.add, [refusal(1), refusal(2)])
    assert await database.read(refusals.find, "r2") == refusal(2)
    assert await database.read(refusals.find, "r3") is None


async def test_receipts_are_read_newest_first_and_narrowed(database: Database) -> None:
    kept = [refusal(1), refusal(2, "c2"), refusal(3, error="invalid_scope"), refusal(4)]
    await database.write(refusals.add, kept)
    assert await database.read(refusals.page, (), 2) == [kept[3], kept[2]]
    assert await database.read(refusals.page, ("0003",)) == [kept[1], kept[0]]
    assert await database.read(refusals.page, client_id="c1", error="invalid_grant") == [kept[3], kept[0]]
    assert await database.read(refusals.page, since=NOW + 3) == [kept[3], kept[2]]


async def test_old_receipts_and_those_beyond_the_newest_go_in_batches(database: Database) -> None:
    await database.write(refusals.add, [refusal(n) for n in range(6)])
    assert await database.write(refusals.remove_old, NOW, 4) == 2
    assert [each.reference for each in await database.read(refusals.page)] == ["r5", "r4", "r3", "r2"]
    assert await database.write(refusals.remove_old, NOW + 5, 4, 2) == 2
    assert await database.write(refusals.remove_old, NOW + 5, 4, 2) == 1
    assert await database.write(refusals.remove_old, NOW + 5, 4, 2) == 0
    assert await database.write(refusals.remove_old, NOW, 0) == 1


async def test_a_client_counts_as_used_when_it_was_registered_and_then_when_it_got_a_token(database: Database) -> None:
    await database.write(clients.insert, client())
    registered = (await database.read(client_use.unused_since, NOW * 2))[0][1]
    await database.write(client_use.saw, {"c1": registered + 50, "nobody": NOW})
    assert await database.read(client_use.unused_since, registered + 51) == [("c1", registered + 50)]
    assert await database.read(client_use.unused_since, registered + 50) == []
    await database.write(client_use.saw, {"c1": registered + 20})
    assert await database.read(client_use.unused_since, registered + 51) == [("c1", registered + 50)]
    await database.write(clients.delete, "c1", NOW)
    assert await database.read(client_use.unused_since, NOW * 2) == []
