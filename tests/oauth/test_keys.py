"""The key ring: announced before used, retired with overlap, sealed at rest, one line of keys for all processes."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gatewright.admin import keys as admin
from gatewright.app.parts import Parts
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings
from gatewright.oauth.keys import successor_due
from gatewright.store import keys
from gatewright.store.keys import SigningKey
from gatewright.store.sqlite import SqliteDatabase
from tests.admin.support import BY
from tests.oauth.jws import header_of
from tests.oauth.jws import is_accepted
from tests.oauth.jws import jwks
from tests.oauth.jws import kids
from tests.oauth.jws import verified
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site

DAY = 86_400
INTERVAL = 90 * DAY
ALGORITHMS = ("ES256", "EdDSA", "PS256", "RS256")


@pytest_asyncio.fixture
async def jwt_site(site: Site) -> Site:
    """A server whose access tokens are JWTs."""
    await site.change_settings(access_token_format="jwt")
    return site


@pytest_asyncio.fixture
async def node(jwt_site: Site, tmp_path: Path) -> AsyncIterator[Parts]:
    """Another process on the same workspace."""
    parts = Parts(ServerSettings(), tmp_path, SqliteDatabase(tmp_path / "data" / "gatewright.db"), jwt_site.clock)
    yield parts
    await parts.stop()


async def signer(site: Site) -> str:
    """The kid of a token issued now."""
    return str(header_of(await site.access_token())["kid"])


async def later(site: Site, seconds: int) -> None:
    """Let time pass, and the background task do what is due."""
    site.clock.forward(seconds)
    await site.parts.server.keys.keep()


# What is published


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_published_keys_are_public_and_say_what_they_are_for(jwt_site: Site, algorithm: str) -> None:
    await jwt_site.change_settings(signing_algorithm=algorithm)
    (key,) = (await jwks(jwt_site))["keys"]
    assert (key["alg"], key["use"]) == (algorithm, "sig")
    assert not key.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert key["kid"] == await signer(jwt_site)


async def test_a_kid_is_the_thumbprint_of_its_key(jwt_site: Site) -> None:
    """RFC 7638 §3: SHA-256 over the required members in order."""
    import hashlib

    (key,) = (await jwks(jwt_site))["keys"]
    required = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest()).rstrip(b"=").decode()
    assert key["kid"] == thumbprint


async def test_the_published_keys_may_be_kept_for_a_while_shorter_than_any_announcement(jwt_site: Site) -> None:
    answer = await jwt_site.http.get("/oauth/jwks")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["cache-control"] == "public, max-age=300"


async def test_published_keys_are_read_only_and_open_to_browsers(jwt_site: Site) -> None:
    assert (await jwt_site.http.post("/oauth/jwks")).status_code == 405
    assert (await jwt_site.http.head("/oauth/jwks")).content == b""
    answer = await jwt_site.http.get("/oauth/jwks", headers={"origin": "https://spa.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_address_of_the_keys_is_in_the_metadata(jwt_site: Site) -> None:
    described = (await jwt_site.http.get("/.well-known/oauth-authorization-server")).json()
    answer = await jwt_site.http.get(described["jwks_uri"])
    assert [key["kid"] for key in answer.json()["keys"]] == [await signer(jwt_site)]


# The schedule, on the clock


async def test_a_key_is_announced_a_day_before_it_signs(jwt_site: Site) -> None:
    first = await signer(jwt_site)
    await later(jwt_site, INTERVAL - DAY - 1)
    assert await kids(jwt_site) == [first]
    await later(jwt_site, 1)
    (_, second) = await kids(jwt_site)
    assert await signer(jwt_site) == first
    await later(jwt_site, DAY - 1)
    assert await signer(jwt_site) == first
    await later(jwt_site, 1)
    assert await signer(jwt_site) == second


async def test_what_a_retired_key_signed_counts_until_it_expires(jwt_site: Site) -> None:
    first = await signer(jwt_site)
    await later(jwt_site, INTERVAL - DAY)
    await later(jwt_site, DAY - 1)
    token = await jwt_site.access_token()
    assert header_of(token)["kid"] == first
    await later(jwt_site, 1)
    assert await signer(jwt_site) != first
    assert await is_accepted(jwt_site, token)
    await verified(jwt_site, token)
    await later(jwt_site, 3598)
    assert await is_accepted(jwt_site, token)


async def test_a_retired_key_is_gone_after_its_overlap(jwt_site: Site) -> None:
    first = await signer(jwt_site)
    await later(jwt_site, INTERVAL - DAY)
    second = (await kids(jwt_site))[1]
    await later(jwt_site, DAY + DAY - 1)
    assert await kids(jwt_site) == [first, second]
    await later(jwt_site, 1)
    assert await kids(jwt_site) == [second]
    assert await jwt_site.parts.database.read(keys.find, first) is None


async def test_the_overlap_covers_the_longest_lived_token_that_was_signed(jwt_site: Site) -> None:
    first = await signer(jwt_site)
    await jwt_site.change_client(access_token_lifetime=30 * DAY)
    await later(jwt_site, INTERVAL - DAY)
    await later(jwt_site, DAY - 1)
    token = await jwt_site.access_token()
    await jwt_site.change_client(access_token_lifetime=60)  # what was promised stays promised
    await later(jwt_site, 30 * DAY - 1)
    assert first in await kids(jwt_site)
    assert await is_accepted(jwt_site, token)
    await later(jwt_site, 2)
    assert first not in await kids(jwt_site)


async def test_a_server_that_was_off_at_the_time_announces_first_all_the_same(jwt_site: Site) -> None:
    first = await signer(jwt_site)
    await later(jwt_site, 2 * INTERVAL)
    (_, second) = await kids(jwt_site)
    assert await signer(jwt_site) == first
    await later(jwt_site, DAY)
    assert await signer(jwt_site) == second


async def test_looking_after_the_keys_again_changes_nothing(jwt_site: Site) -> None:
    await later(jwt_site, 0)
    await later(jwt_site, INTERVAL - DAY)
    before = await jwt_site.parts.database.read(keys.all_keys)
    for _ in range(3):
        await later(jwt_site, 60)
    assert await jwt_site.parts.database.read(keys.all_keys) == before
    assert len(before) == 2


async def test_keys_follow_each_other_for_years(jwt_site: Site) -> None:
    seen = {await signer(jwt_site)}
    for _ in range(8 * 91):
        await later(jwt_site, DAY)
        assert len(await jwt_site.parts.database.read(keys.all_keys)) <= 2
        seen.add(await signer(jwt_site))
    assert len(seen) == 9  # every 90 days of 728


async def test_a_changed_algorithm_signs_at_once_and_the_former_tokens_count_on(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    await jwt_site.change_settings(signing_algorithm="RS256")
    assert header_of(await jwt_site.access_token())["alg"] == "RS256"
    assert await is_accepted(jwt_site, token)
    await later(jwt_site, 60)
    states = {key.algorithm: key.state(jwt_site.clock()) for key in await jwt_site.parts.database.read(keys.all_keys)}
    assert states == {"ES256": "retired", "RS256": "in use"}
    await later(jwt_site, DAY)
    assert [key["alg"] for key in (await jwks(jwt_site))["keys"]] == ["RS256"]


@pytest.mark.parametrize(
    ("age", "due"),
    [
        (0, None),
        (INTERVAL - DAY - 1, None),
        (INTERVAL - DAY, INTERVAL),
        (INTERVAL - 5, INTERVAL - 5 + DAY),
        (2 * INTERVAL, 2 * INTERVAL + DAY),
    ],
)
def test_a_successor_is_due_in_time_to_be_announced(age: int, due: int | None) -> None:
    key = SigningKey(id="k", algorithm="ES256", public_jwk="{}", sealed=b"", created_at=NOW, active_at=NOW)
    found = successor_due(key, GlobalSettings(), NOW + age)
    assert (found and found - NOW) == due


# Administrators


async def test_rotating_now_signs_with_another_key_and_the_former_tokens_count_on(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    parts = jwt_site.parts
    used = await admin.rotate(parts.database, msgspec.structs.replace(BY, now=NOW), parts.sealer)
    assert await signer(jwt_site) == used != header_of(token)["kid"]
    assert await is_accepted(jwt_site, token)


async def test_a_retired_keys_tokens_are_refused_at_once_by_every_process(jwt_site: Site, node: Parts) -> None:
    token = await jwt_site.access_token()
    leaked = header_of(token)["kid"]
    assert await node.server.keys.verified(token, "at+jwt")
    await admin.retire(node.database, msgspec.structs.replace(BY, now=NOW), node.sealer, leaked)
    assert not await is_accepted(jwt_site, token)
    assert await node.server.keys.verified(token, "at+jwt") is None
    assert leaked not in await kids(jwt_site)
    fresh = await jwt_site.access_token()
    assert header_of(fresh)["kid"] != leaked
    assert await is_accepted(jwt_site, fresh)


# Several processes


async def test_another_process_verifies_and_follows_at_once(jwt_site: Site, node: Parts) -> None:
    token = await jwt_site.access_token()
    assert await node.server.keys.verified(token, "at+jwt")
    used = await admin.rotate(node.database, msgspec.structs.replace(BY, now=NOW), node.sealer)
    assert await signer(jwt_site) == used


async def test_many_first_uses_at_once_make_one_key(jwt_site: Site, node: Parts) -> None:
    rings = [jwt_site.parts.server.keys, node.server.keys]
    signed = await asyncio.gather(*(rings[number % 2].sign("at+jwt", b"{}") for number in range(20)))
    assert len({header_of(text)["kid"] for text in signed}) == 1
    assert len(await jwt_site.parts.database.read(keys.all_keys)) == 1


async def test_many_that_look_after_the_keys_at_once_make_one_successor(jwt_site: Site, node: Parts) -> None:
    await signer(jwt_site)
    jwt_site.clock.forward(INTERVAL)
    rings = [jwt_site.parts.server.keys, node.server.keys]
    await asyncio.gather(*(rings[number % 2].keep() for number in range(10)))
    assert len(await jwt_site.parts.database.read(keys.all_keys)) == 2


RACER = """
import asyncio, sys
from pathlib import Path
from gatewright.app.parts import Parts
from gatewright.kernel.settings import ServerSettings
from gatewright.store.sqlite import SqliteDatabase

async def main(workspace, now):
    parts = Parts(ServerSettings(), workspace, SqliteDatabase(workspace / "data" / "gatewright.db"), lambda: now)
    print("ready", flush=True)
    sys.stdin.readline()
    await parts.server.keys.keep()
    await parts.stop()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


async def test_processes_that_rotate_at_the_same_time_make_one_successor(jwt_site: Site, tmp_path: Path) -> None:
    first = await signer(jwt_site)
    due = NOW + INTERVAL - DAY
    command = [sys.executable, "-c", RACER, str(tmp_path), str(due)]
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    racers = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(3)]
    for racer in racers:
        assert await racer.stdout.readline() == b"ready\n"
    for racer in racers:
        racer.stdin.write(b"\n")
    for racer in racers:
        await asyncio.wait_for(racer.communicate(), 30)
        assert racer.returncode == 0
    jwt_site.clock.now = due
    published = await kids(jwt_site)
    assert published[0] == first
    assert len(published) == 2


# At rest


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_database_never_holds_a_private_key_in_clear(jwt_site: Site, tmp_path: Path, algorithm: str) -> None:
    await jwt_site.change_settings(signing_algorithm=algorithm)
    await signer(jwt_site)
    (key,) = await jwt_site.parts.database.read(keys.all_keys)
    opened = jwt_site.parts.sealer.open(key.sealed, b"signing key " + key.id.encode())
    assert opened is not None
    private = json.loads(opened)
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name != "master.key")
    assert key.id.encode() in on_disk
    for name in {"d", "p", "q", "dp", "dq", "qi"} & private.keys():
        raw = base64.urlsafe_b64decode(private[name] + "=" * (-len(private[name]) % 4))
        assert private[name].encode() not in on_disk
        assert raw not in on_disk
        assert raw.hex().encode() not in on_disk


async def test_a_sealed_key_cannot_be_moved_under_another_kid(jwt_site: Site) -> None:
    await signer(jwt_site)
    (key,) = await jwt_site.parts.database.read(keys.all_keys)
    assert jwt_site.parts.sealer.open(key.sealed, b"signing key another") is None


async def test_a_process_with_another_master_key_refuses_to_sign_but_verifies(
    jwt_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await jwt_site.access_token()
    monkeypatch.setenv("GATEWRIGHT_MASTER_KEY", os.urandom(32).hex())
    stranger = Parts(ServerSettings(), tmp_path, SqliteDatabase(tmp_path / "data" / "gatewright.db"), jwt_site.clock)
    from gatewright.kernel.errors import Unavailable

    with pytest.raises(Unavailable, match="another master key"):
        await stranger.server.keys.sign("at+jwt", b"{}")
    assert await stranger.server.keys.verified(token, "at+jwt")
    await stranger.stop()


async def test_a_key_that_cannot_be_opened_is_a_503_with_retry_after(jwt_site: Site) -> None:
    await signer(jwt_site)
    (key,) = await jwt_site.parts.database.read(keys.all_keys)

    def damage(transaction) -> None:
        transaction.announce("key", key.id, NOW)
        transaction.execute("UPDATE signing_keys SET id = 'x', sealed = ? WHERE id = ?", (b"\0" * 64, key.id))

    await jwt_site.parts.database.write(damage)
    answer = await jwt_site.token(seed.LEDGER, grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]
