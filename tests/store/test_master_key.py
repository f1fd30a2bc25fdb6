from gatewright.store import master_key
from gatewright.store.database import Database


async def test_the_first_key_is_the_stores_and_another_is_not(database: Database) -> None:
    assert await database.write(master_key.confirm, "first")
    assert not await database.write(master_key.confirm, "other")
    assert await database.write(master_key.confirm, "first")
