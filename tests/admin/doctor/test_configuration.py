import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import settings
from gatewright.admin.doctor.configuration import examine
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings
from gatewright.store.database import Database
from gatewright.store.records import Client
from tests.admin.support import BY
from tests.admin.support import MACHINE
from tests.admin.support import WEB

LOCAL = ServerSettings()
SAFE = GlobalSettings(require_pkce=True, cors_allowed_origins=())


async def _findings(
    database: Database, client: Client = MACHINE, chosen: GlobalSettings = SAFE, server: ServerSettings = LOCAL
) -> list[tuple[str, str]]:
    await database.write(settings.change, BY, chosen)
    await database.write(clients.create, BY, client)
    return [(each.level, each.message) for each in await database.read(examine, server)]


async def test_safe_configuration_has_no_findings(database: Database) -> None:
    assert await _findings(database) == []


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({"allowed_grants": ("implicit",)}, "should", "Implicit"),
        ({"allowed_grants": ("password",)}, "must", "passwords"),
        ({"type": "public", "require_pkce": False}, "must", "PKCE"),
        ({"require_pkce": False}, "should", "PKCE"),
        ({"access_token_lifetime": "never"}, "should", "never expire"),
        ({"access_token_lifetime": 86_401}, "should", "more than a day"),
        ({"redirect_uris": ("http://app.example/cb",)}, "must", "plain HTTP"),
        ({"redirect_uris": ("http://localhost:8000/cb",)}, "should", "something else"),
        ({"refresh_limit": "unlimited", "refresh_token_lifetime": "never"}, "should", "used or not"),
    ],
)
async def test_client_that_falls_short_is_found(
    database: Database, changes: dict[str, object], level: str, says: str
) -> None:
    ((found, message),) = await _findings(database, msgspec.structs.replace(WEB, **changes))
    assert found == level
    assert says in message


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({"require_https": "never"}, "must", "unencrypted"),
        ({"allow_plain_pkce": True}, "should", "plain"),
        ({"token_parameters_in_url": "always"}, "must", "URLs"),
        ({"access_token_lifetime": "never"}, "should", "never expire"),
        ({"refresh_token_lifetime": "never"}, "should", "never expire"),
        ({"authorization_code_lifetime": 601}, "should", "ten minutes"),
        ({"cors_allowed_origins": ("*",)}, "should", "every origin"),
        ({"dynamic_registration": "open"}, "should", "register"),
        ({"client_id_metadata_hosts": ("*",)}, "should", "describe themselves"),
    ],
)
async def test_setting_that_falls_short_is_found(
    database: Database, changes: dict[str, object], level: str, says: str
) -> None:
    ((found, message),) = await _findings(database, chosen=msgspec.structs.replace(SAFE, **changes))
    assert found == level
    assert says in message


@pytest.mark.parametrize(
    ("server", "level"),
    [
        (ServerSettings(public_url="http://api.example.com"), "must"),
        (ServerSettings(host="0.0.0.0"), "should"),
        (ServerSettings(trusted_proxies=("0.0.0.0/0",)), "must"),
    ],
)
async def test_server_that_falls_short_is_found(database: Database, server: ServerSettings, level: str) -> None:
    ((found, _),) = await _findings(database, server=server)
    assert found == level
