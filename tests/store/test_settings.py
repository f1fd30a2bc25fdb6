import msgspec

from gatewright.kernel.settings import GlobalSettings
from gatewright.store import settings
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from tests.store.makers import NOW


async def test_the_defaults_are_in_force_until_something_is_saved(database: Database) -> None:
    assert await database.read(settings.load) == GlobalSettings()


async def test_saved_settings_are_in_force_whole(database: Database) -> None:
    await database.write(settings.save, GlobalSettings(require_pkce=True, access_token_lifetime="never"), NOW)
    wanted = GlobalSettings(access_token_lifetime=60, cors_allowed_origins=(), require_https="never")
    await database.write(settings.save, wanted, NOW)
    assert await database.read(settings.load) == wanted


async def test_a_setting_that_only_another_release_knows_is_passed_over(database: Database) -> None:
    def add_unknown(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO settings (name, value) VALUES (?, ?)", ("of_tomorrow", "true"))

    await database.write(settings.save, GlobalSettings(require_pkce=True), NOW)
    await database.write(add_unknown)
    assert await database.read(settings.load) == msgspec.structs.replace(GlobalSettings(), require_pkce=True)
