"""What a process remembers, bounded."""

from collections.abc import Callable
from typing import Generic
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """A bounded map; the oldest entry makes room for a new one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[K, V] = {}
        self.get = self._entries.get
        self.forget_all = self._entries.clear

    def put(self, key: K, value: V) -> None:
        """Remember."""
        if len(self._entries) >= self._most and key not in self._entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value

    def forget(self, key: K) -> None:
        """Forget one entry."""
        self._entries.pop(key, None)

    def items(self) -> list[tuple[K, V]]:
        """A copy of the entries."""
        return list(self._entries.items())


class WeighedMemory(Memory[K, V]):
    """A map bounded by the weight of its entries, too, for what strangers may make large; the oldest make room."""

    def __init__(self, most: int, weigh: Callable[[V], int], most_weight: int) -> None:
        super().__init__(most)
        self._weigh, self._most_weight = weigh, most_weight

    def put(self, key: K, value: V) -> None:
        """Remember."""
        super().put(key, value)
        while len(self._entries) > 1 and sum(map(self._weigh, self._entries.values())) > self._most_weight:
            del self._entries[next(iter(self._entries))]
