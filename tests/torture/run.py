"""One run: servers over a fresh store, load, faults, and the reckoning."""

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import AUTHORIZATION_CODE
from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.store import access
from gatewright.store import changes
from gatewright.store import clients
from gatewright.store import codes
from gatewright.store import scopes
from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.open import open_database
from gatewright.store.portable import move
from gatewright.store.records import AccessToken
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken
from gatewright.store.records import Scope
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.process import Server
from tests.running.wire import Wire
from tests.store.postgresql_cluster import Cluster
from tests.torture.faults import Faults
from tests.torture.load import GATEWAY
from tests.torture.load import Book
from tests.torture.load import Load

_CODES: Final = 4000
_CHAINS: Final = 6
_FAR: Final = 4_000_000_000


class Outcome(msgspec.Struct, frozen=True):
    """What a run showed. lost: tokens that were answered and are not active, changes half applied.

    doubled: codes and refresh tokens that worked twice.  wrong: answers that must not be, in words.
    """

    faults: Counter[str]
    answered: int
    statuses: Counter[int]
    lost_connections: int
    tokens: int
    lost: int
    doubled: int
    wrong: list[str]


async def torture(
    folder: Path,
    seeded: Path,
    cluster: Cluster | None,
    *,
    seconds: float | None,
    pause: tuple[float, float],
    chance: int,
) -> Outcome:
    """Serve from two workers on one SQLite file, or from two nodes on PostgreSQL, with faults for `seconds`.

    seconds: None: each fault once.
    """
    store, administrator = folder / "filled.db", make_secret(ACCESS_TOKEN)
    shutil.copy(seeded, store)
    redeemable = [make_secret(AUTHORIZATION_CODE) for _ in range(_CODES)]
    refreshable = [make_secret(REFRESH_TOKEN) for _ in range(_CHAINS)]
    filling = SqliteDatabase(store)
    await filling.write(_fill, redeemable, refreshable, administrator)
    await filling.close()
    servers = _servers(folder, store, cluster)
    for server in servers:
        await asyncio.to_thread(server.start)
    load = Load([server.settings.port for server in servers], redeemable, refreshable, administrator)
    faults = Faults(servers, cluster, random.Random(chance))
    try:
        running = asyncio.create_task(load.run())
        await (faults.each_once(pause) if seconds is None else faults.go_on(seconds, pause))
        await asyncio.sleep(1)
        load.stop()
        await running
        outcome = await _reckon(servers[0], load.book, faults)
    finally:
        for server in servers:
            server.clean_up()
    return outcome


def _servers(folder: Path, store: Path, cluster: Cluster | None) -> list[Server]:
    count = 1 if cluster is None else 2
    if cluster is not None:
        move(store, cluster.url("gatewright"), lambda _: None)
    servers = []
    for number in range(count):
        workspace = folder / f"node-{number}"
        seed.write_package(workspace)
        if cluster is None:
            seed.copy_database(store, workspace)
        server = Server(workspace, workers=2)
        settings = msgspec.structs.replace(server.settings, public_url="http://localhost:5555", log_level="error")
        if cluster is not None:
            settings = msgspec.structs.replace(settings, database=cluster.url("gatewright"))
        server.settings = settings
        servers.append(server)
    return servers


def _fill(transaction: Transaction, redeemable: list[str], refreshable: list[str], administrator: str) -> None:
    now = seed.MADE
    scopes.insert(transaction, Scope(name="administration", folders=("gatewright.admin",)), now)
    clients.set_scopes(transaction, seed.LEDGER, ["orders", "administration"], now)
    access.set_groups(transaction, "client", seed.LEDGER, ["Administrators"], now)
    tokens.add_access_token(transaction, _access_token(administrator, None, ("administration",)))
    for text in redeemable:
        codes.add(
            transaction,
            AuthorizationCode(
                digest=digest(text), grant_id=row_id(), client_id=seed.LEDGER, user_id="id-of-ada", scope=("orders",),
                redirect_uri=seed.CALLBACK, code_challenge=None, code_challenge_method=None, authenticated_at=now,
                issued_at=now, expires_at=_FAR,
            ),
        )  # fmt: skip
    for text in refreshable:
        grant = Grant(
            id=row_id(), client_id=seed.LEDGER, user_id="id-of-ada", grant_type="authorization_code",
            scope=("orders",), authenticated_at=now, created_at=now,
        )  # fmt: skip
        refresh = RefreshToken(family=digest(text), digest=digest(text), issued_at=now, expires_at=_FAR)
        tokens.add_grant(transaction, grant, _access_token(make_secret(ACCESS_TOKEN), grant.id), refresh)


def _access_token(text: str, grant_id: str | None, scope: tuple[str, ...] = ("orders",)) -> AccessToken:
    return AccessToken(
        id=row_id(), digest=digest(text), client_id=seed.LEDGER, user_id="id-of-ada" if grant_id else None,
        grant_id=grant_id, scope=scope, issued_at=seed.MADE, expires_at=_FAR,
    )  # fmt: skip


async def _reckon(server: Server, book: Book, faults: Faults) -> Outcome:
    await asyncio.sleep(1)  # the change feed of a database that came back
    inactive = await _inactive(server, book.tokens)
    database = await open_database(server.settings.database, server.workspace)
    halves = [client_id for client_id in book.clients if not await _is_whole(database, client_id)]
    await database.close()
    twice = [each for each in (*book.redeemed.values(), *book.successors.values()) if len(each) > 1]
    return Outcome(
        faults.injected, book.answered, book.statuses, book.lost_connections, len(book.tokens),
        len(inactive) + len(halves), len(twice), book.wrong,
    )  # fmt: skip


async def _inactive(server: Server, texts: list[str]) -> list[str]:
    waiting, found = list(texts), []

    async def ask() -> None:
        async with Wire(server.settings.port) as wire:
            while waiting:
                text = waiting.pop()
                status, answer = await wire.post("/oauth/introspect", {"token": text}, GATEWAY)
                if status != 200 or not answer["active"]:
                    found.append(text)

    await asyncio.gather(*(ask() for _ in range(16)))
    return found


async def _is_whole(database: Database, client_id: str) -> bool:
    """Whether a client that was said to be registered has its scope and its audit row."""
    associated = await database.read(clients.scopes, client_id)
    return associated == ("orders",) and await database.read(_is_audited, client_id)


def _is_audited(transaction: Transaction, client_id: str) -> bool:
    client = clients.find(transaction, client_id)
    assert changes.newest(transaction)
    found = transaction.row(
        "SELECT 1 FROM audit WHERE action = 'client.create' AND target = ?", (client.label if client else "",)
    )
    return found is not None
