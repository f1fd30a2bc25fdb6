"""The change feed of PostgreSQL: a thread that asks for the newest change several times a second."""

import threading
import time
from collections.abc import Callable
from typing import Any
from typing import Final

import psycopg

from gatewright.kernel.errors import Unavailable

_INTERVAL_SECONDS: Final = 0.2
_LONGEST_SILENCE_SECONDS: Final = 1.0  # DESIGN, promise 5: on every node within one second


class ChangePoller:
    """Knows the id of the newest change, over a connection of its own so that no queue can delay it."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._newest = 0
        self._asked_at = float("-inf")
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="postgresql-changes", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def position(self) -> int | None:
        """The newest change's id; None when the last answer is too old to go by."""
        if time.monotonic() - self._asked_at > _LONGEST_SILENCE_SECONDS:
            return None
        return self._newest

    def saw(self, change_id: int) -> None:
        """Follow a change of this process at once."""
        with self._lock:
            self._newest = max(self._newest, change_id)

    def stop(self) -> None:
        """Ask no more; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._stopping.is_set():
            try:
                connection = connection or self._connect()
                self._ask(connection)
            except (psycopg.Error, Unavailable):
                if connection is not None:
                    connection.close()
                connection = None
            self._stopping.wait(_INTERVAL_SECONDS)
        if connection is not None:
            connection.close()

    def _ask(self, connection: psycopg.Connection[Any]) -> None:
        asked_at, known = time.monotonic(), self._newest
        row = connection.execute("SELECT max(id) FROM changes").fetchone()
        newest = int(row[0] or 0) if row else 0
        with self._lock:
            # Less than was known before asking: the database went back in time, as a failover can make it.
            self._newest = newest if newest < known else max(self._newest, newest)
            self._asked_at = asked_at
