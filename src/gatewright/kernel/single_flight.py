"""One run for all who want the same at the same time."""

import asyncio
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import Generic
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Runs by key. Whoever asks while a run goes on gets its outcome, error or value."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._running)

    async def run(self, key: K, start: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The outcome of the run of that key, which `start` begins if none goes on."""
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(start())
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)  # one caller that gives up does not end it for the others

    def cancel(self) -> None:
        """End all runs."""
        for task in list(self._running.values()):
            task.cancel()

    def _finished(self, key: K, task: asyncio.Task[V]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # seen, even if all callers gave up
