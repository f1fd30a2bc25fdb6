"""What pages of the console cost with many clients: `python -m bench.console`, and the last table of `make bench`.

The store holds 100,000 clients, 1,000 scopes, 10,000 users and 1,000,000 live tokens. It is made once, in some minutes,
and kept in `.build/bench`.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from bench.processes import HOST
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from gatewright.identity import sessions
from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.migrate import NEWEST
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.records import AccessToken
from gatewright.store.records import Client
from gatewright.store.records import Scope
from gatewright.store.records import User
from gatewright.store.sqlite import SqliteDatabase

BUILD: Final = Path(__file__).parent.parent / ".build" / "bench"
MOST_MILLISECONDS: Final = 100
MOST_KILOBYTES: Final = 300
CLIENTS, SCOPES, USERS, TOKENS = 100_000, 1_000, 10_000, 1_000_000
_BATCH: Final = 10_000
_IN_A_SECOND: Final = 1_000  # tokens that were issued, and so will expire
_ROUNDS: Final = 15
_PACKAGES: Final = Path(__file__).parent / "packages"
_MIDDLE: Final = f"Client 0{CLIENTS // 2}"

PAGES: Final = (
    ("Home", "/"),
    ("Client Registration", "/oauth/clients"),
    ("… from the middle on", f"/oauth/clients?cursor={quote(_MIDDLE)}%1F1.0"),
    ("… by last use", "/oauth/clients?sort=-used"),
    ("… by last use, no match", "/oauth/clients?sort=used&q=zzz"),
    ("… by client ID, no match", "/oauth/clients?sort=-id&q=zzz"),
    ("… filtered, one match", "/oauth/clients?q=099999"),
    ("… filtered, no match", "/oauth/clients?q=zzz"),
    ("one client", "/oauth/clients/edit?client_id=client-050000"),
    ("Scope Management", "/oauth/scopes"),
    ("one scope", "/oauth/scopes/edit?scope=scope-0500"),
    ("Associate Scopes to Clients", "/oauth/associations?scope=scope-0500"),
    ("Tokens", "/oauth/tokens"),
    ("… oldest first", "/oauth/tokens?sort=issued"),
    ("… by expiry", "/oauth/tokens?sort=expires"),
    ("… of one client", "/oauth/tokens?client=client-050000"),
    ("Users", "/users"),
    ("… newest first", "/users?sort=-created"),
    ("… filtered, no match", "/users?q=zzz"),
    ("one user", "/users/edit?user=user-05000"),
    ("Get New Access Token", "/get-token"),
    ("Code examples", "/oauth/clients/examples?client_id=client-050000"),
    ("search, no match", "/search?q=zzz"),
)


class Cost(msgspec.Struct, frozen=True):
    """Of one page: the server's CPU in milliseconds, and kilobytes as sent."""

    page: str
    milliseconds: float
    kilobytes: float


def fill(path: Path) -> None:
    """Make the store. Takes some minutes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    migrate_sqlite(unfinished)
    asyncio.run(_fill(unfinished))
    unfinished.rename(path)


async def _fill(path: Path) -> None:
    database, now = SqliteDatabase(path), int(time.time())
    await database.write(_names, now)
    for first in range(0, CLIENTS, _BATCH):
        await database.write(_clients, range(first, min(first + _BATCH, CLIENTS)), now)
    for first in range(0, TOKENS, _BATCH):
        await database.write(_tokens, range(first, min(first + _BATCH, TOKENS)), now)
    await database.close()


def _names(transaction: Transaction, now: int) -> None:
    for number in range(SCOPES):
        scopes.insert(
            transaction, Scope(name=f"scope-{number:04}", description="Made to count", folders=("bench",)), now
        )
    for number in range(USERS):
        users.insert(transaction, User(id=f"id-{number:05}", name=f"user-{number:05}"))
    users.insert(transaction, User(id="id-of-admin", name="admin", password_hash="-"))
    access.set_groups(transaction, "user", "id-of-admin", ["Administrators"], now)


def _clients(transaction: Transaction, numbers: Sequence[int], now: int) -> None:
    for number in numbers:
        client_id = f"client-{number:06}"
        grants = ("client_credentials",)
        clients.insert(
            transaction,
            Client(client_id=client_id, name=f"Client {number:06}", allowed_grants=grants, created_at=now),
        )
        clients.set_scopes(transaction, client_id, [f"scope-{number % SCOPES:04}"], now)


def _tokens(transaction: Transaction, numbers: Sequence[int], now: int) -> None:
    for number in numbers:
        client, age = number * 7919 % CLIENTS, (TOKENS - number) // _IN_A_SECOND
        tokens.add_access_token(
            transaction,
            AccessToken(
                id=row_id(),
                digest=digest(make_secret(ACCESS_TOKEN)),
                client_id=f"client-{client:06}",
                user_id=f"id-{number % USERS:05}" if number % 2 else None,
                grant_id=None,
                scope=(f"scope-{client % SCOPES:04}",),
                issued_at=now - age,
                expires_at=now - age + 31_536_000,
            ),
        )


def measure() -> list[Cost]:
    """The cost of each page, on a server of its own over a copy of the store."""
    store = BUILD / f"many-{NEWEST}.db"
    if not store.is_file():
        fill(store)
    folder = Path(tempfile.mkdtemp(prefix="console-", dir=BUILD))
    try:
        (folder / "data").mkdir()
        shutil.copy(store, folder / "data" / "gatewright.db")
        shutil.copytree(_PACKAGES, folder / "packages")
        cookie, port = asyncio.run(_sign_in(folder / "data" / "gatewright.db")), free_port()
        gatewright = str(Path(sys.executable).with_name("gatewright"))
        command = [gatewright, "run", "--workspace", str(folder), "--port", str(port)]
        server = start(command, port, BUILD / "console.log")
        try:
            return [_cost(server, page, f"/console{address}", cookie) for page, address in PAGES]
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _sign_in(path: Path) -> str:
    database = SqliteDatabase(path)
    started = await sessions.start_session(database, GlobalSettings(), "id-of-admin", int(time.time()))
    await database.close()
    return started.cookie


def _cost(server: Server, page: str, address: str, cookie: str) -> Cost:
    connection = HTTPConnection(HOST, server.port, timeout=60)
    headers = {"cookie": f"gatewright_session={cookie}", "host": f"localhost:{server.port}"}
    length, before = 0, 0.0
    for number in range(_ROUNDS + 1):
        if number == 1:  # the first warms up
            before = server.cpu_seconds()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        length = len(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{address} answers {answer.status}")
    connection.close()
    return Cost(page, (server.cpu_seconds() - before) / _ROUNDS * 1000, length / 1000)


def lines(costs: Sequence[Cost]) -> str:
    """The printed table."""
    heading = f"console pages with {CLIENTS:,} clients, {SCOPES:,} scopes, {TOKENS:,} tokens (≤ {MOST_MILLISECONDS} ms, ≤ {MOST_KILOBYTES} kB)"
    rows = [f"{'page':32}{'server CPU ms':>14}{'kB':>8}"]
    for cost in costs:
        reached = cost.milliseconds <= MOST_MILLISECONDS and cost.kilobytes <= MOST_KILOBYTES
        rows.append(
            f"{cost.page:32}{cost.milliseconds:14.1f}{cost.kilobytes:8.0f}  {'reached' if reached else 'missed'}"
        )
    return "\n".join([heading, "", *rows])


def main() -> None:
    """Measure and print; with --fill only make the store."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--fill", type=Path, metavar="FILE", help="only make the store, as this file")
    options = parser.parse_args()
    if options.fill:
        fill(options.fill)
        print(f"{options.fill} is filled: {os.path.getsize(options.fill) / 1e6:,.0f} MB")
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    print(lines(measure()))


if __name__ == "__main__":
    main()
