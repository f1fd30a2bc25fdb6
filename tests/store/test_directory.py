"""The directory over two databases on one store: what one changes, the other's directory follows from the next read."""

import asyncio
import time
from collections.abc import Awaitable
from collections.abc import Callable

import msgspec
import pytest

from gatewright.kernel.settings import GlobalSettings
from gatewright.store import access
from gatewright.store import changes
from gatewright.store import cleanup
from gatewright.store import clients
from gatewright.store import poller
from gatewright.store import scopes
from gatewright.store import settings
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import ChangeFeed
from gatewright.store.database import Database
from gatewright.store.database import P
from gatewright.store.database import T
from gatewright.store.database import Verb
from gatewright.store.directory import Directory
from gatewright.store.poller import ChangePoller
from gatewright.store.records import Acl
from gatewright.store.records import Scope
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import client
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import refresh_token
from tests.store.makers import sha
from tests.store.makers import user


class Counting:
    """A database that counts what is loaded through it (following the change log does not count)."""

    def __init__(self, database: Database) -> None:
        self.feed = database.feed
        self.loads = 0
        self._database = database

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if verb not in (changes.newest, changes.since):
            self.loads += 1
        return await self._database.read(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.write(verb, *args, **kwargs)

    async def close(self) -> None:
        await self._database.close()


class Pair:
    """One database that writes, and a directory over another."""

    def __init__(self, writer: Database, reader: Counting, settle: Callable[[], Awaitable[None]]) -> None:
        self.writer = writer
        self.reader = reader
        self.directory = Directory(reader)
        self._settle = settle

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write with the other database, and wait as long as a node of the engine may take to follow."""
        result = await self.writer.write(verb, *args, **kwargs)
        await self._settle()
        return result

    async def loads(self, ask: Callable[[], Awaitable[object]]) -> int:
        """How many loads answering takes."""
        before = self.reader.loads
        await ask()
        return self.reader.loads - before


@pytest.fixture
async def pair(store: Opener, monkeypatch: pytest.MonkeyPatch) -> Pair:
    monkeypatch.setattr(poller, "_INTERVAL_SECONDS", 0.01)  # test_postgresql.py holds the real one to its promise
    writer, reader = await store(), Counting(await store())

    async def settle() -> None:
        """On one machine the counter tells at once; a polled feed's position is the newest change it knows."""
        newest = await writer.read(changes.newest)
        deadline = time.monotonic() + 10
        while isinstance(reader.feed, ChangePoller) and (reader.feed.position() or 0) < newest:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    return Pair(writer, reader, settle)


async def test_what_is_remembered_is_not_loaded_again(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    await pair.write(users.insert, user("u1"))
    await pair.write(tokens.add_access_token, own_token())
    for ask in (
        lambda: pair.directory.client("c1"),
        lambda: pair.directory.user("u1"),
        lambda: pair.directory.access_token(sha("at1")),
        pair.directory.settings,
        pair.directory.scopes,
        pair.directory.acls,
    ):
        assert await pair.loads(ask) == 1
        assert await pair.loads(ask) == 0


async def test_issuing_tokens_makes_nobody_forget(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    await pair.directory.client("c1")
    await pair.write(tokens.add_grant, grant(), access_token(), refresh_token())
    await pair.write(tokens.refresh, "g1", access_token("at2"), None)
    assert await pair.loads(lambda: pair.directory.client("c1")) == 0


async def test_a_disabled_client_is_followed_and_others_stay_remembered(pair: Pair) -> None:
    for client_id in ("c1", "c2"):
        await pair.write(clients.insert, client(client_id))
        await pair.directory.client(client_id)
    await pair.write(clients.update, client("c1", enabled=False))
    found = await pair.directory.client("c1")
    assert found is not None
    assert not found.client.enabled
    assert await pair.loads(lambda: pair.directory.client("c2")) == 0


async def test_a_client_that_was_made_after_it_was_asked_for_is_found(pair: Pair) -> None:
    assert await pair.directory.client("c1") is None
    await pair.write(clients.insert, client("c1"))
    assert await pair.directory.client("c1") is not None
    await pair.write(clients.delete, "c1", NOW)
    assert await pair.directory.client("c1") is None


async def test_a_revoked_token_is_followed_and_others_stay_remembered(pair: Pair) -> None:
    mine, other = own_token("at1"), own_token("at2")
    for token in (mine, other):
        await pair.write(tokens.add_access_token, token)
        assert await pair.directory.access_token(token.digest) == token
    await pair.write(tokens.revoke_access_token, mine, NOW)
    assert await pair.directory.access_token(mine.digest) is None
    assert await pair.loads(lambda: pair.directory.access_token(other.digest)) == 0


async def test_a_revoked_grant_takes_its_family_and_no_other(pair: Pair) -> None:
    for grant_id in ("g1", "g2"):
        await pair.write(tokens.add_grant, grant(grant_id), access_token(grant_id, grant_id=grant_id), None)
        await pair.directory.access_token(sha(grant_id))
    await pair.write(tokens.revoke_grant, "g1", NOW)
    assert await pair.directory.access_token(sha("g1")) is None
    assert await pair.loads(lambda: pair.directory.access_token(sha("g2"))) == 0


async def test_tokens_of_a_revoked_principal_are_forgotten(pair: Pair) -> None:
    for revoke, owner in ((tokens.revoke_client, "c1"), (tokens.revoke_user, "u1")):
        await pair.write(tokens.add_grant, grant(), access_token(), None)
        assert await pair.directory.access_token(sha("at1")) is not None
        await pair.write(revoke, owner, NOW)
        assert await pair.directory.access_token(sha("at1")) is None


async def test_changed_settings_are_followed(pair: Pair) -> None:
    assert await pair.directory.settings() == GlobalSettings()
    wanted = GlobalSettings(access_token_lifetime=60)
    await pair.write(settings.save, wanted, NOW)
    assert await pair.directory.settings() == wanted


async def test_a_deleted_scope_is_followed_in_scopes_and_in_the_clients_that_had_it(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    await pair.write(scopes.insert, Scope(name="a"), NOW)
    await pair.write(scopes.set_clients, "a", ["c1"], NOW)
    found = await pair.directory.client("c1")
    assert found is not None
    assert found.scopes == ("a",)
    assert set(await pair.directory.scopes()) == {"a"}
    await pair.write(scopes.delete, "a", NOW)
    assert await pair.directory.scopes() == {}
    assert await pair.directory.client("c1") == msgspec.structs.replace(found, scopes=())


async def test_a_changed_group_is_followed_in_users_clients_and_acls(pair: Pair) -> None:
    await pair.write(users.insert, user("u1"))
    await pair.write(clients.insert, client("c1"))
    await pair.write(access.save_acl, Acl(target="orders", execute=("Developers",)), NOW)
    before = await pair.directory.user("u1"), await pair.directory.client("c1"), await pair.directory.acls()
    assert (before[0].groups, before[1].groups) == (frozenset(), frozenset())  # type: ignore[union-attr]
    await pair.write(access.set_members, "Developers", "user", ["u1"], NOW)
    await pair.write(access.set_members, "Developers", "client", ["c1"], NOW)
    user_now, client_now = await pair.directory.user("u1"), await pair.directory.client("c1")
    assert user_now is not None
    assert client_now is not None
    assert (user_now.groups, client_now.groups) == ({"Developers"}, {"Developers"})
    await pair.write(access.delete_acl, "orders", NOW)
    assert await pair.directory.acls() == {}


async def test_the_same_scopes_object_is_given_as_long_as_no_scope_changes(pair: Pair) -> None:
    await pair.write(scopes.insert, Scope(name="a"), NOW)
    first = await pair.directory.scopes()
    await pair.write(clients.insert, client("c1"))
    assert await pair.directory.scopes() is first
    await pair.write(scopes.update, Scope(name="a", description="new"), NOW)
    assert await pair.directory.scopes() is not first


async def test_whoever_missed_changes_that_were_cleaned_up_forgets_everything(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    await pair.directory.client("c1")
    await pair.writer.write(clients.update, client("c1", enabled=False))
    await pair.writer.write(clients.insert, client("c2", updated_at=NOW))
    await pair.writer.write(cleanup.old_changes, NOW + 1)
    await pair.write(clients.insert, client("c3", updated_at=NOW))
    found = await pair.directory.client("c1")
    assert found is not None
    assert not found.client.enabled


async def test_what_changed_while_it_was_loaded_is_not_remembered(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))

    class Slow(Counting):
        async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
            loaded = await super().read(verb, *args, **kwargs)
            if verb is clients.registered and self.loads == 1:
                await pair.write(clients.update, client("c1", enabled=False))
                await directory.client("another")  # another request follows the change meanwhile
            return loaded

    directory = Directory(Slow(pair.reader))
    old = await directory.client("c1")
    assert old is not None
    assert old.client.enabled
    new = await directory.client("c1")
    assert new is not None
    assert not new.client.enabled


async def test_while_the_feed_cannot_tell_nothing_remembered_is_used(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    feed = Muted(pair.reader.feed)
    pair.reader.feed = feed
    directory = Directory(pair.reader)
    await directory.client("c1")
    feed.muted = True
    assert await pair.loads(lambda: directory.client("c1")) == 1
    assert await pair.loads(lambda: directory.client("c1")) == 1
    feed.muted = False
    assert await pair.loads(lambda: directory.client("c1")) == 0


class Muted:
    """A feed that can be kept from telling."""

    def __init__(self, feed: ChangeFeed) -> None:
        self.muted = False
        self._feed = feed

    def position(self) -> int | None:
        return None if self.muted else self._feed.position()


async def test_a_conclusion_counts_until_anything_changes(pair: Pair) -> None:
    await pair.write(clients.insert, client("c0"))
    conclusions = pair.directory.conclusions
    conclusions.put("question", "answer", conclusions.position())
    assert conclusions.get("question") == "answer"
    assert conclusions.get("another question") is None
    await pair.write(clients.insert, client("c1"))
    assert conclusions.get("question") is None
    conclusions.put("question", "new answer", conclusions.position())
    assert conclusions.get("question") == "new answer"


async def test_a_conclusion_drawn_while_something_changed_is_not_remembered(pair: Pair) -> None:
    conclusions = pair.directory.conclusions
    position = conclusions.position()
    await pair.write(clients.insert, client("c1"))
    conclusions.put("question", "answer", position)
    assert conclusions.get("question") is None


async def test_issuing_tokens_leaves_conclusions(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    conclusions = pair.directory.conclusions
    conclusions.put("question", "answer", conclusions.position())
    await pair.write(tokens.add_access_token, own_token("t1"))
    assert conclusions.get("question") == "answer"


async def test_while_the_feed_cannot_tell_no_conclusion_counts_or_is_remembered(pair: Pair) -> None:
    await pair.write(clients.insert, client("c1"))
    feed = Muted(pair.reader.feed)
    pair.reader.feed = feed
    conclusions = Directory(pair.reader).conclusions
    conclusions.put("question", "answer", conclusions.position())
    feed.muted = True
    assert conclusions.get("question") is None
    conclusions.put("another question", "answer", conclusions.position())
    feed.muted = False
    assert conclusions.get("question") == "answer"
    assert conclusions.get("another question") is None
