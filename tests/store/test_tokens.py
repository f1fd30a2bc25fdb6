import asyncio
from collections.abc import Callable

import pytest

from gatewright.store import cleanup
from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.records import PresentedRefreshToken
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha


async def test_an_access_token_is_found_by_digest_and_by_id_as_it_was_kept(database: Database) -> None:
    kept = own_token(expires_at=None, scope=())
    await database.write(tokens.add_access_token, kept)
    assert await database.read(tokens.find_access_token, kept.digest) == kept
    assert await database.read(tokens.find_access_token_by_id, kept.id) == kept
    assert await database.read(tokens.find_access_token, sha("unknown")) is None
    assert await database.read(tokens.find_access_token_by_id, "unknown") is None


async def test_a_refresh_token_may_never_expire(database: Database) -> None:
    kept, given = refresh_token(expires_at=None), grant(user_id=None, scope=())
    await database.write(tokens.add_grant, given, access_token(), kept)
    assert await database.read(tokens.find_grant, "g1") == given
    assert await presented(database, "rt1") == PresentedRefreshToken(
        digest=kept.digest, grant=given, issued_at=NOW, expires_at=None, jkt=None, consumed=False
    )


async def test_another_token_of_a_family_is_one_that_was_consumed(database: Database) -> None:
    await database.write(tokens.add_grant, grant(), access_token(), refresh_token("rt1"))
    found = await presented(database, "any other", family="rt1")
    assert found is not None
    assert (found.grant.id, found.consumed) == ("g1", True)


async def test_revoking_one_access_token_leaves_its_family(database: Database) -> None:
    first, second = access_token("first"), access_token("second")
    await database.write(tokens.add_grant, grant(), first, refresh_token())
    await database.write(tokens.add_access_token, second)
    await database.write(tokens.revoke_access_token, first, NOW)
    assert await database.read(tokens.find_access_token, first.digest) is None
    assert await database.read(tokens.find_access_token, second.digest) == second
    assert await database.read(tokens.find_grant, "g1") is not None


async def test_a_token_of_a_grant_that_is_not_there_is_not_found_nor_listed_nor_counted(database: Database) -> None:
    token = access_token()
    await database.write(tokens.add_access_token, token)
    assert await database.read(tokens.find_access_token, token.digest) is None
    assert await database.read(tokens.find_access_token_by_id, token.id) is None
    assert await listed(database) == []
    assert await database.read(tokens.count_of_client, "c1", NOW) == 0


async def test_of_a_revoked_grant_nothing_is_left_that_no_clean_up_would_take(database: Database) -> None:
    await database.write(tokens.add_grant, grant(), access_token("never", expires_at=None), None)
    await database.write(tokens.add_access_token, access_token("later"))
    await database.write(tokens.revoke_grant, "g1", NOW)
    while await database.write(cleanup.expired_rows, NOW + 10**6):
        pass
    assert await database.write(tokens.revoke_client, "c1", NOW) == 0


async def test_revoking_a_grant_ends_its_family_and_no_other(database: Database) -> None:
    await database.write(tokens.add_grant, grant(), access_token("at1"), refresh_token("rt1"))
    await database.write(tokens.add_grant, grant("g2"), access_token("at2", grant_id="g2"), refresh_token("rt2"))
    await database.write(tokens.revoke_grant, "g1", NOW)
    assert await database.read(tokens.find_access_token, sha("at1")) is None
    assert await presented(database, "rt1") is None
    assert await database.read(tokens.find_grant, "g1") is None
    assert await database.read(tokens.find_access_token, sha("at2")) is not None
    assert await presented(database, "rt2") is not None


@pytest.mark.parametrize(("revoke", "mine"), [(tokens.revoke_client, "client_id"), (tokens.revoke_user, "user_id")])
async def test_revoking_a_principal_ends_its_codes_grants_and_tokens_and_nobody_elses(
    database: Database, revoke: Callable[..., int], mine: str
) -> None:
    for owner in ("me", "other"):
        owned = {mine: owner}
        await database.write(codes.add, code(f"code-{owner}", grant_id=f"pending-{owner}", **owned))
        await database.write(
            tokens.add_grant,
            grant(f"g-{owner}", **owned),
            access_token(f"at-{owner}", grant_id=f"g-{owner}", **owned),
            refresh_token(f"rt-{owner}"),
        )
        await database.write(tokens.add_access_token, own_token(f"own-{owner}", **owned))
    assert await database.write(revoke, "me", NOW) == 4
    assert await database.write(revoke, "me", NOW) == 0
    for owner in ("me", "other"):
        found = (
            await database.read(codes.find, sha(f"code-{owner}")),
            await database.read(tokens.find_grant, f"g-{owner}"),
            await database.read(tokens.find_access_token, sha(f"at-{owner}")),
            await presented(database, f"rt-{owner}"),
            await database.read(tokens.find_access_token, sha(f"own-{owner}")),
        )
        assert [record is not None for record in found] == [owner == "other"] * 5


async def test_revoking_many_goes_in_batches_until_nothing_is_left(database: Database) -> None:
    for n in range(7):
        await database.write(
            tokens.add_grant, grant(f"g{n}"), access_token(f"at{n}", grant_id=f"g{n}"), refresh_token(f"rt{n}")
        )
        await database.write(tokens.add_access_token, own_token(f"own{n}"))
    calls = 0
    while await database.write(tokens.revoke_client, "c1", NOW, batch=3):
        calls += 1
    assert calls > 1
    assert await database.read(tokens.count_of_client, "c1", NOW) == 0
    assert [await database.read(tokens.find_grant, f"g{n}") for n in range(7)] == [None] * 7


async def test_no_token_survives_a_revocation_of_its_user_that_races_the_redemption(store: Opener) -> None:
    first, second = await store(), await store()
    for n in range(10):
        await first.write(codes.add, code(f"code{n}", grant_id=f"g{n}"))
        await asyncio.gather(
            first.write(
                codes.redeem, sha(f"code{n}"), grant(f"g{n}"), access_token(f"at{n}", grant_id=f"g{n}"), None, NOW
            ),
            second.write(tokens.revoke_user, "u1", NOW),
        )
        assert await first.read(tokens.find_access_token, sha(f"at{n}")) is None


async def test_live_tokens_of_a_client_are_counted_up_to_a_bound(database: Database) -> None:
    for n, expires_at in enumerate([None, NOW + 1, NOW + 2, NOW]):
        await database.write(tokens.add_access_token, own_token(f"at{n}", expires_at=expires_at))
    await database.write(tokens.add_access_token, own_token("other", client_id="c2"))
    assert await database.read(tokens.count_of_client, "c1", NOW) == 3
    assert await database.read(tokens.count_of_client, "c1", NOW, at_most=2) == 2


async def listed(database: Database, **filters: object) -> list[bytes]:
    page = await database.read(tokens.page, NOW, **filters)  # type: ignore[arg-type]
    return [found.token.digest for found in page]


async def test_tokens_are_listed_newest_first_page_after_page(database: Database) -> None:
    kept = [own_token(f"at{n}", id=f"id-{n}") for n in range(5)]
    for token in kept:
        await database.write(tokens.add_access_token, token)
    newest_first = [token.digest for token in reversed(kept)]
    assert await listed(database, limit=2) == newest_first[:2]
    assert await listed(database, limit=2, after=("id-3",)) == newest_first[2:4]
    assert await listed(database, limit=2, after=("id-0",)) == []


async def test_tokens_are_listed_by_client_and_by_user_and_expired_ones_not_at_all(database: Database) -> None:
    for client_id in ("c1", "c2"):
        for user_id in ("u1", "u2"):
            text = f"{client_id}{user_id}"
            token = access_token(text, grant_id=text, client_id=client_id, user_id=user_id)
            await database.write(tokens.add_grant, grant(text, client_id=client_id, user_id=user_id), token, None)
    await database.write(tokens.add_access_token, own_token("expired", expires_at=NOW))
    assert set(await listed(database)) == {sha("c1u1"), sha("c1u2"), sha("c2u1"), sha("c2u2")}
    assert set(await listed(database, client_id="c1")) == {sha("c1u1"), sha("c1u2")}
    assert set(await listed(database, user_id="u2")) == {sha("c1u2"), sha("c2u2")}
    assert await listed(database, client_id="c2", user_id="u1") == [sha("c2u1")]


@pytest.mark.parametrize(("expires_at", "refreshable"), [(None, True), (NOW + 1, True), (NOW, False)])
async def test_a_listed_token_tells_whether_it_can_be_refreshed_and_how_often_it_was(
    database: Database, expires_at: int | None, refreshable: bool
) -> None:
    await database.write(
        tokens.add_grant, grant(refreshes_used=4), access_token(), refresh_token(expires_at=expires_at)
    )
    (found,) = await database.read(tokens.page, NOW)
    assert (found.refreshable, found.refreshes_used) == (refreshable, 4)
