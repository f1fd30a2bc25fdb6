"""A Gatewright among whose rows many live tokens stand, and the rows that compare it with the one that has few."""

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from bench import requests
from bench.ours import CLIENT_ID
from bench.ours import Workspace
from bench.requests import InTurn
from bench.rows import TOKEN
from bench.rows import Requests
from bench.rows import Row
from bench.rows import steadily
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret

FEW = "Gatewright, few live tokens"
LIVE = "Gatewright, many live tokens"
_NEW_TO_IT = "introspection of tokens unknown to its memory"
POOL = 60_000  # more than a process remembers, so that asking for one after the other always asks the database
_DAY_MS = 86_400_000
_INSERT = (
    "INSERT INTO access_tokens (digest, id, client_id, scope, issued_at, expires_at) VALUES (?, ?, ?, 'bench', ?, ?)"
)
_Row = tuple[bytes, str, str, int, int]


def seed(folder: Path, count: int) -> list[str]:
    """Put `count` tokens issued over the last day into a workspace's database, straight by SQL; some of their texts."""
    texts: list[str] = []
    connection = sqlite3.connect(folder / "data" / "gatewright.db", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    connection.execute("BEGIN")
    connection.executemany(_INSERT, _rows(count, texts))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return texts


def _rows(count: int, texts: list[str]) -> Iterator[_Row]:
    """Rows in the order of their times. Every so many is of a token whose text is kept."""
    begin, every = int(time.time() * 1000) - _DAY_MS, max(1, count // POOL)
    expires = int(time.time()) + 86_400
    for number in range(count):
        ms = begin + _DAY_MS * number // count
        if number % every == 0:
            with patch("gatewright.kernel.secrets.time.time_ns", return_value=ms * 1_000_000):
                text = make_secret(ACCESS_TOKEN)
            texts.append(text)
            key = digest(text)
            beginning = key[:7]
        else:
            key = beginning + os.urandom(32)
        yield key, f"{ms:012x}-{number:023x}", CLIENT_ID, ms // 1000, expires


def names(count: int) -> set[str]:
    """The rows' names, without those that they are compared with."""
    return {f"… {count:,} live", f"… among {count:,} live"}


def rows(few: Workspace, many: Workspace, of_few: list[str], of_many: list[str], count: int) -> list[Row]:
    """What issuing and looking up cost among many, beside what they cost among few."""

    def lookups(name: str, server: str, workspace: Workspace, texts: list[str], against: str) -> Row:
        work = InTurn(Requests(workspace, texts).introspections(texts), requests.ACTIVE)
        return Row(name, server, steadily(work), against, at_most=1.2 if against != name else None)

    issue = InTurn([Requests(many, of_many).token(grant_type="client_credentials", scope="bench")], requests.TOKEN)
    among_few = InTurn([Requests(few, of_few).token(grant_type="client_credentials", scope="bench")], requests.TOKEN)
    issued = f"{TOKEN}, {POOL:,} live"
    return [
        Row(issued, FEW, steadily(among_few), issued),
        Row(f"… {count:,} live", LIVE, steadily(issue), issued, at_most=1.2),
        lookups(_NEW_TO_IT, FEW, few, of_few, _NEW_TO_IT),
        lookups(f"… among {count:,} live", LIVE, many, of_many, _NEW_TO_IT),
    ]
