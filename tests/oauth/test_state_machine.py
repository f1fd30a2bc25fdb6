"""Clients, codes, tokens, refreshes, revocations, disabling and clock jumps in any order, against a small model of them.

The model knows what RFC 6749, 7009 and 9700 §4.14 and the design promise, and nothing of how it is kept.
"""

import asyncio
import tempfile
from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Final
from typing import TypeVar

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import consumes
from hypothesis.stateful import invariant
from hypothesis.stateful import multiple
from hypothesis.stateful import rule
from hypothesis.stateful import run_state_machine_as_test

from gatewright.app.parts import Parts
from gatewright.kernel.settings import ServerSettings
from gatewright.oauth import authorize
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.introspect import introspect
from gatewright.oauth.revoke import revoke
from gatewright.oauth.sender import Sender
from gatewright.oauth.token import token
from gatewright.store import cleanup
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import VERIFIER
from tests.running.site import SettableClock
from tests.running.site import basic
from tests.store.conftest import cluster
from tests.store.conftest import postgresql_url

__all__ = ["cluster", "postgresql_url"]
T = TypeVar("T")
ACCESS_LIFE, REFRESH_LIFE, CODE_LIFE, GRACE = 3600, 2_592_000, 600, 10
CALLBACKS: Final = {seed.LEDGER: seed.CALLBACK, seed.RIVAL: seed.RIVAL_CALLBACK, seed.SPA: seed.SPA_CALLBACK}
CLIENTS: Final = st.sampled_from(sorted(CALLBACKS))
USERS: Final = st.sampled_from(["ada", "bob"])
ROTATES: Final = {seed.LEDGER: True, seed.RIVAL: False, seed.SPA: True}
LIMITS: Final = {seed.LEDGER: 1_000_000, seed.RIVAL: 2, seed.SPA: 3}
WAYS: Final = Sender(address="192.0.2.1", path="/oauth/token")


@dataclass(eq=False)
class Family:
    """All that descends from one approval."""

    client: str
    user: str
    ended: bool = False
    refreshed: int = 0


@dataclass(eq=False)
class Code:
    text: str
    family: Family
    ends: int
    redeemed: bool = False


@dataclass(eq=False)
class Access:
    text: str
    client: str
    ends: int
    family: Family | None
    revoked: bool = False


@dataclass(eq=False)
class Refresh:
    text: str
    family: Family
    ends: int
    consumed: int | None = None
    successor: "Refresh | None" = None
    answer: Any = None


@dataclass
class Model:
    """What must be true now."""

    now: int
    disabled: set[str] = field(default_factory=set)

    def serves(self, client: str, user: str | None) -> bool:
        return client not in self.disabled and user not in self.disabled

    def access_is_active(self, access: Access) -> bool:
        user = access.family.user if access.family else None
        ended = access.revoked or bool(access.family and access.family.ended)
        return not ended and self.now < access.ends and self.serves(access.client, user)

    def refresh_is_active(self, refresh: Refresh) -> bool:
        family = refresh.family
        left = family.refreshed < LIMITS[family.client]
        present = not family.ended and refresh.consumed is None and self.now < refresh.ends
        return present and left and self.serves(family.client, family.user)

    def may_redeem(self, code: Code, client: str, verifier: str) -> bool:
        """Whether a code gives tokens; a replay ends its family."""
        fits = client == code.family.client and verifier == VERIFIER and self.now < code.ends
        if not fits or not self.serves(client, code.family.user):
            return False
        if code.redeemed:
            code.family.ended = True
            return False
        code.redeemed = True
        return True

    def refreshing(self, refresh: Refresh, client: str) -> str:
        """`new`, `same` or `refused`; a reuse ends the family."""
        family = refresh.family
        known = client == family.client and not family.ended and self.now < refresh.ends
        if not known or not self.serves(client, family.user):
            return "refused"
        if refresh.consumed is None:
            if family.refreshed >= LIMITS[client]:
                return "refused"
            family.refreshed += 1
            return "new"
        unused = refresh.successor is None or refresh.successor.consumed is None
        if unused and self.now < refresh.consumed + GRACE:
            return "same"
        family.ended = True
        return "refused"


class Story(RuleBasedStateMachine):
    """What people and clients do. `open_store`: a fresh, seeded store for each story, in a workspace of its own."""

    open_store: Callable[[Path], Awaitable[Database]]
    folder: Path
    codes = Bundle("codes")
    accesses = Bundle("accesses")
    refreshes = Bundle("refreshes")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = SettableClock()
        self.model = Model(self.clock())
        self.issued: list[Access] = []
        self.refreshable: list[Refresh] = []
        self.parts = self.run(self._start())

    def run(self, doing: Awaitable[T]) -> T:
        return self.loop.run_until_complete(doing)

    async def _start(self) -> Parts:
        workspace = Path(tempfile.mkdtemp(dir=self.folder))
        (workspace / "data").mkdir()
        parts = Parts(ServerSettings(), workspace, await type(self).open_store(workspace), self.clock)
        for client_id in CALLBACKS:
            found = await parts.database.read(clients.find, client_id)
            assert found
            chosen = msgspec.structs.replace(
                found, refresh_limit=LIMITS[client_id], refresh_rotation=ROTATES[client_id], default_scopes=("orders",)
            )
            await parts.database.write(clients.update, chosen)
        return parts

    def teardown(self) -> None:
        self.run(self.parts.stop())
        self.loop.close()

    def ask(self, endpoint: Callable[..., Awaitable[Any]], client: str, **parameters: str) -> Any:
        """The endpoint's answer, or None for a refusal."""
        header = basic(client)["authorization"] if client in seed.SECRETS else None
        given = parameters if header else {"client_id": client, **parameters}
        try:
            return self.run(endpoint(given, header, WAYS, self.parts.server))
        except OAuthError:
            return None

    def keep(self, answer: Any, client: str, family: Family | None) -> Access:
        access = Access(answer.access_token, client, self.model.now + ACCESS_LIFE, family)
        self.issued.append(access)
        return access

    def keep_refresh(self, answer: Any, family: Family) -> Refresh | None:
        if answer.refresh_token is None:
            return None
        refresh = Refresh(answer.refresh_token, family, self.model.now + REFRESH_LIFE)
        self.refreshable.append(refresh)
        return refresh

    @rule(target=codes, client=CLIENTS, user=USERS)
    def approve(self, client: str, user: str) -> Any:
        request = {"client_id": client, "response_type": "code", "redirect_uri": CALLBACKS[client]}
        proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        try:
            asked = self.run(authorize.check(request | proof, "", self.parts.server))
        except OAuthError:
            assert client in self.model.disabled
            return multiple()
        assert client not in self.model.disabled
        found = self.run(self.parts.server.directory.user(f"id-of-{user}"))
        assert found
        answer = self.run(authorize.approve(asked, found.user, self.model.now, asked.scope, self.parts.server))
        return Code(answer.parameters["code"], Family(client, user), self.model.now + CODE_LIFE)

    @rule(targets=(accesses,), code=codes, client=CLIENTS, verifier=st.sampled_from([VERIFIER] * 4 + ["x" * 43]))
    def redeem_as_anybody(self, code: Code, client: str, verifier: str) -> Any:
        return self._redeem(code, client, verifier)

    @rule(targets=(accesses,), code=codes)
    def redeem(self, code: Code) -> Any:
        return self._redeem(code, code.family.client, VERIFIER)

    def _redeem(self, code: Code, client: str, verifier: str) -> Any:
        expected = self.model.may_redeem(code, client, verifier)
        form = {"code": code.text, "redirect_uri": CALLBACKS[code.family.client], "code_verifier": verifier}
        answer = self.ask(token, client, grant_type="authorization_code", **form)
        assert (answer is not None) is expected
        if answer is None:
            return multiple()
        self.keep_refresh(answer, code.family)
        return self.keep(answer, client, code.family)

    @rule(target=accesses, client=st.sampled_from([seed.LEDGER, seed.RIVAL]))
    def act_for_itself(self, client: str) -> Any:
        answer = self.ask(token, client, grant_type="client_credentials")
        assert (answer is not None) is (client not in self.model.disabled)
        return multiple() if answer is None else self.keep(answer, client, None)

    @rule(data=st.data())
    def refresh(self, data: st.DataObject) -> None:
        if self.refreshable:
            refresh = data.draw(st.sampled_from(self.refreshable[-6:]))
            client = data.draw(st.sampled_from([refresh.family.client] * 6 + sorted(CALLBACKS)))
            self._refresh(refresh, client)

    @rule(data=st.data())
    def refresh_again(self, data: st.DataObject) -> None:
        """A retry, or a stolen token."""
        spent = [each for each in self.refreshable if each.consumed is not None]
        if spent:
            refresh = data.draw(st.sampled_from(spent))
            self._refresh(refresh, refresh.family.client)

    def _refresh(self, refresh: Refresh, client: str) -> None:
        expected = self.model.refreshing(refresh, client)
        answer = self.ask(token, client, grant_type="refresh_token", refresh_token=refresh.text)
        assert (answer is None) is (expected == "refused")
        if expected == "same":
            assert answer == refresh.answer
        elif expected == "new":
            self.keep(answer, client, refresh.family)
            if ROTATES[client]:
                assert answer.refresh_token != refresh.text
                last = refresh.family.refreshed == LIMITS[client]
                assert (answer.refresh_token is None) is last
                refresh.consumed, refresh.answer = self.model.now, answer
                refresh.successor = self.keep_refresh(answer, refresh.family)
            else:
                assert answer.refresh_token == refresh.text

    @rule(access=consumes(accesses), client=CLIENTS)
    def revoke_as_anybody(self, access: Access, client: str) -> None:
        if self.model.now >= access.ends:
            return  # whether it is still known, and its family ends with it, depends on the clean-up
        answer = self.ask(revoke, client, token=access.text)
        if client == access.client and client not in self.model.disabled:
            assert answer == {}
            access.revoked = True
            if access.family:
                access.family.ended = True

    @rule(data=st.data())
    def revoke_refresh_token(self, data: st.DataObject) -> None:
        known = [each for each in self.refreshable if self.model.now < each.ends]
        if known:
            refresh = data.draw(st.sampled_from(known))
            answer = self.ask(revoke, refresh.family.client, token=refresh.text)
            if answer is not None:
                refresh.family.ended = True

    @rule(name=CLIENTS | USERS)
    def switch(self, name: str) -> None:
        """Disable a client or user, or enable it again."""
        self.model.disabled ^= {name}
        enabled = name not in self.model.disabled
        self.run(self._switch_client(name, enabled) if name in CALLBACKS else self._switch_user(name, enabled))

    async def _switch_client(self, name: str, enabled: bool) -> None:
        found = await self.parts.database.read(clients.find, name)
        assert found
        assert await self.parts.database.write(clients.update, msgspec.structs.replace(found, enabled=enabled))

    async def _switch_user(self, name: str, enabled: bool) -> None:
        found = await self.parts.database.read(users.find_named, name)
        assert found
        changed = msgspec.structs.replace(found, enabled=enabled)
        assert await self.parts.database.write(users.update, changed, self.model.now)

    @rule(seconds=st.sampled_from([1, GRACE - 1, GRACE, GRACE, CODE_LIFE - 1, CODE_LIFE, ACCESS_LIFE, REFRESH_LIFE]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds)
        self.model.now = self.clock()

    @rule()
    def clean_up(self) -> None:
        while self.run(self.parts.database.write(cleanup.expired_rows, self.model.now)):
            continue

    @invariant()
    def what_is_active_is_what_should_be(self) -> None:
        for access in self.issued:
            assert self._introspected(access.text) is self.model.access_is_active(access)
        for refresh in self.refreshable:
            assert self._introspected(refresh.text) is self.model.refresh_is_active(refresh)

    def _introspected(self, text: str) -> bool:
        answer = self.ask(introspect, seed.GATEWAY, token=text)
        return bool(answer.active)


def tell(
    open_store: Callable[[Path], Awaitable[Database]], folder: Path, stories: int, steps: int, **bounds: Any
) -> None:
    """Run stories over stores of one kind."""
    kind = type("StoryOverAStore", (Story,), {"open_store": staticmethod(open_store), "folder": folder})
    chosen = settings(
        max_examples=stories, stateful_step_count=steps, suppress_health_check=list(HealthCheck), **bounds
    )
    run_state_machine_as_test(kind, settings=chosen)


@pytest.fixture
def sqlite_store(seeded: Path) -> Callable[[Path], Awaitable[Database]]:
    async def opened(workspace: Path) -> Database:
        return SqliteDatabase(seed.copy_database(seeded, workspace))

    return opened


def test_sqlite_does_what_the_model_says(sqlite_store: Callable[[Path], Awaitable[Database]], tmp_path: Path) -> None:
    tell(sqlite_store, tmp_path, stories=50, steps=40)


def test_postgresql_does_what_the_model_says(postgresql_url: str, tmp_path: Path) -> None:
    from gatewright.store.postgresql import PostgresqlDatabase

    tables = "clients, users, access_tokens, grants, authorization_codes, scopes, groups, acls"

    async def opened(_: Path) -> Database:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {tables} CASCADE".encode())
        database = await PostgresqlDatabase.open(postgresql_url)
        await database.write(seed.insert_everything)
        return database

    tell(opened, tmp_path, stories=5, steps=30)


def test_the_model_notices_a_server_that_keeps_another_rule(
    sqlite_store: Callable[[Path], Awaitable[Database]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would it be worth otherwise? Here it believes that there is no grace window."""
    monkeypatch.setattr(f"{__name__}.GRACE", 0)
    bounds = {"phases": [Phase.generate], "report_multiple_bugs": False, "derandomize": True, "database": None}
    with pytest.raises(AssertionError):
        tell(sqlite_store, tmp_path, stories=100, steps=40, **bounds)
