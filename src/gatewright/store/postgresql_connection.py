"""Connections to PostgreSQL: what is asked of each, and what is said when there is none."""

import re
from functools import lru_cache
from typing import Any
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gatewright.kernel.errors import StartupError
from gatewright.kernel.errors import Unavailable

Connection = psycopg.Connection[tuple[Any, ...]]

_PARAMETERS: Final[dict[str, Any]] = {
    "application_name": "gatewright",
    "client_encoding": "utf8",
    "connect_timeout": 3,  # seconds
    # A server that vanished without a word is noticed within seconds, not when TCP gives up.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,  # milliseconds
}
_SESSION: Final = """
    SELECT set_config('lock_timeout', '5s', false), set_config('statement_timeout', '15s', false),
           set_config('idle_in_transaction_session_timeout', '30s', false),
           set_config('default_transaction_isolation', 'read committed', false),
           set_config('synchronous_commit',
                      CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,
                      false)
"""


def connect(url: str) -> Connection:
    """A connection in autocommit mode whose commits are durable and whose waits are bounded. Raises Unavailable."""
    try:
        connection = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor, **_PARAMETERS)
        connection.execute(_SESSION)
    except psycopg.Error as error:
        raise Unavailable("the database does not answer now") from error
    return connection


def connect_at_start(url: str) -> Connection:
    """A connection, or StartupError with one line that says why there is none."""
    where = place(url)
    try:
        return connect(url)
    except Unavailable as error:
        reason = str(error.__cause__).strip().splitlines()[0]
        raise StartupError(f"cannot connect to {where}: {reason}") from error


def place(url: str) -> str:
    """Which database a URL means, for messages: never its password. Raises StartupError when it is no such URL."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The driver's own message may quote a part of the password.
        raise StartupError(
            "the database URL is not understood; it looks like postgresql://user:password@host/name,"
            " with %XX for special characters"
        ) from None
    return f"database {given.get('dbname', '')} on {given.get('host', 'localhost')}"


@lru_cache(maxsize=1024)
def with_numbered_parameters(sql: str) -> bytes:
    """A statement with `?` for parameters as PostgreSQL has it: `$1`, `$2`, …"""
    parts = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(parts)}", sql).encode()
