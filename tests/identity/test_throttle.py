import pytest

from gatewright.identity.throttle import Attempt
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.throttle import count_failure
from gatewright.identity.throttle import refuse_if_blocked
from gatewright.kernel.settings import GlobalSettings
from gatewright.store.database import Database

NOW = 1_700_000_000
SETTINGS = GlobalSettings(throttle_failures=1, throttle_window=60)


async def test_user_and_client_of_one_name_are_counted_apart(database: Database) -> None:
    await count_failure(database, SETTINGS, Attempt(kind="user", name="x", address="192.0.2.1"), NOW)
    await refuse_if_blocked(database, SETTINGS, Attempt(kind="client", name="x", address="192.0.2.1"), NOW)
    with pytest.raises(TooManyFailures):
        await refuse_if_blocked(database, SETTINGS, Attempt(kind="user", name="x", address="192.0.2.1"), NOW)


async def test_name_guessed_at_from_a_hundred_addresses_is_blocked_everywhere(database: Database) -> None:
    elsewhere = Attempt(kind="user", name="ada", address="198.51.100.1")
    for number in range(100):
        await refuse_if_blocked(database, SETTINGS, elsewhere, NOW)
        await count_failure(database, SETTINGS, Attempt(kind="user", name="ada", address=f"192.0.2.{number}"), NOW)
    with pytest.raises(TooManyFailures, match="Try again in 60 seconds"):
        await refuse_if_blocked(database, SETTINGS, elsewhere, NOW)


async def test_names_are_not_kept_in_clear(database: Database) -> None:
    await count_failure(database, SETTINGS, Attempt(kind="user", name="my password", address="192.0.2.1"), NOW)
    kept = await database.read(lambda transaction: transaction.rows("SELECT name FROM failures"))
    assert len(kept) == 3
    assert not any("password" in row[0] or "192.0.2" in row[0] for row in kept)
