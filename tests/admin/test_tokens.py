import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import tokens
from gatewright.admin import users
from gatewright.kernel.errors import NotFound
from gatewright.store import changes
from gatewright.store import tokens as store
from gatewright.store.database import Database
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken
from gatewright.store.records import User
from tests.admin.support import BY
from tests.admin.support import NOW
from tests.admin.support import WEB


def _access_token(name: str, user_id: str | None = None, grant_id: str | None = None) -> AccessToken:
    return AccessToken(
        id=name,
        digest=name.encode().ljust(32),
        client_id="web",
        user_id=user_id,
        grant_id=grant_id,
        scope=("S",),
        issued_at=NOW,
        expires_at=NOW + 3600,
    )


@pytest.fixture
async def ada(database: Database) -> User:
    """A user with a grant's two access tokens and refresh token, beside a token of the client's own."""
    await database.write(clients.create, BY, msgspec.structs.replace(WEB, refresh_limit=3))
    ada = await database.write(users.create, BY, "ada", None)
    grant = Grant(
        id="g",
        client_id="web",
        user_id=ada.id,
        grant_type="authorization_code",
        scope=("S",),
        authenticated_at=NOW,
        created_at=NOW,
    )
    refresh = RefreshToken(family=b"r" * 32, digest=b"r" * 32, issued_at=NOW, expires_at=NOW + 9999)
    await database.write(store.add_grant, grant, _access_token("t1", ada.id, "g"), refresh)
    await database.write(store.refresh, "g", _access_token("t2", ada.id, "g"), 3)
    await database.write(store.add_access_token, _access_token("t3"))
    return ada


async def _live(database: Database) -> list[str]:
    return [line.id for line in await database.read(tokens.page, NOW)]


async def test_lines_name_client_and_user_and_count_refreshes(database: Database, ada: User) -> None:
    own, second, _ = await database.read(tokens.page, NOW)
    assert (own.client, own.user, own.refreshable) == ("Web (1.0)", None, False)
    assert (second.user, second.refreshable, second.refreshes_used, second.refreshes_left) == ("ada", True, 1, 2)


async def test_revoked_token_takes_its_family_along(database: Database, ada: User) -> None:
    await database.write(tokens.revoke, BY, "t1")
    assert await _live(database) == ["t3"]
    assert await database.read(store.find_refresh_token, b"r" * 32, b"r" * 32) is None


async def test_token_of_a_client_itself_is_revoked_alone(database: Database, ada: User) -> None:
    await database.write(tokens.revoke, BY, "t3")
    assert await _live(database) == ["t2", "t1"]


async def test_all_of_a_user_and_all_of_a_client(database: Database, ada: User) -> None:
    assert await database.write(tokens.revoke_user, BY, ada.id) == 3  # the grant, its two access tokens
    assert await _live(database) == ["t3"]
    assert await database.write(tokens.revoke_client, BY, "web") == 1
    assert await database.write(tokens.revoke_client, BY, "web") == 0
    assert await _live(database) == []
    assert [row.action for row in await database.read(changes.audit_page, limit=2)] == [
        "token.revoke_client",
        "token.revoke_user",
    ]


async def test_unknown_token_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.write(tokens.revoke, BY, "nope")
