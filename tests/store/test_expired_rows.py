"""Expired rows that wait for the clean-up cost those that work nothing: SQLite's own steps are counted, not time."""

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatewright.store import cleanup
from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.sqlite import SqliteTransaction
from gatewright.store.sqlite import connect
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import refresh_token
from tests.store.makers import session
from tests.store.makers import sha
from tests.store.makers import user

FEW, MANY = 10, 3000
LIVE, ENDED = NOW + 3600, NOW - 1
_count = itertools.count()

WORK: dict[str, Callable[[SqliteTransaction], Any]] = {
    "find": lambda transaction: tokens.find_access_token(transaction, sha("live")),
    "find nothing": lambda transaction: tokens.find_access_token(transaction, sha("nothing")),
    "find to refresh": lambda transaction: tokens.find_refresh_token(transaction, sha("live"), sha("live")),
    "find a code": lambda transaction: codes.find(transaction, sha("live")),
    "find a session": lambda transaction: users.find_session(transaction, sha("live")),
    "issue": lambda transaction: tokens.add_access_token(transaction, own_token(f"new{next(_count)}", expires_at=LIVE)),
    "list the newest": lambda transaction: tokens.page(transaction, NOW, limit=1),
    "clean up a batch": lambda transaction: cleanup.expired_rows(transaction, NOW, batch=2),
}


def fill(transaction: SqliteTransaction, ended: int) -> None:
    """So many ended tokens, codes, sessions and families, older than the one that is live."""
    users.insert(transaction, user("u1"))
    for name, end in [*((f"old{n}", ENDED) for n in range(ended)), ("live", LIVE)]:
        access = access_token(name, grant_id=name, expires_at=end)
        tokens.add_grant(transaction, grant(name), access, refresh_token(name, expires_at=end))
        codes.add(transaction, code(f"{name}", expires_at=end))
        users.add_session(transaction, session(name, expires_at=end))


def steps(path: Path, ended: int, work: Callable[[SqliteTransaction], Any]) -> int:
    """How many instructions SQLite's machine takes for it."""
    connection = connect(path)
    try:
        transaction = SqliteTransaction(connection, lambda: None)
        connection.execute("BEGIN")
        fill(transaction, ended)
        work(transaction)  # compiles what it runs
        return _counted(connection, lambda: work(transaction))
    finally:
        connection.close()


def _counted(connection: sqlite3.Connection, run: Callable[[], Any]) -> int:
    counted = itertools.count()
    connection.set_progress_handler(lambda: next(counted) < 0, 1)
    run()
    connection.set_progress_handler(None, 1)
    return next(counted)


@pytest.mark.parametrize("name", WORK)
def test_many_expired_rows_make_no_step_more(sqlite_path: Path, name: str) -> None:
    few, many = (steps(sqlite_path, ended, WORK[name]) for ended in (FEW, MANY))
    assert few > 0
    assert many <= few * 1.1  # an index may have a level more to descend


def test_a_query_without_an_index_would_be_noticed(sqlite_path: Path) -> None:
    def without(transaction: SqliteTransaction) -> object:
        return transaction.row("SELECT 1 FROM access_tokens WHERE +scope = 'nothing'")

    few, many = (steps(sqlite_path, ended, without) for ended in (FEW, MANY))
    assert many > few * 50
