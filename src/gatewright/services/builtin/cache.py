"""Values kept for a while in the memory of one worker process: quick, bounded, and gone when it ends.

Each package has entries of its own. Workers and nodes do not see each other's: keep there what can be got again.
"""

import time
from collections import OrderedDict
from typing import Any

import msgspec

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal
from gatewright.services.call import Call

_MOST_ENTRIES = 10_000
_MOST_BYTES = 64_000_000
_LARGEST = 1_000_000
_LONGEST_KEY = 500
_LONGEST_TIME = 86_400 * 7


class Cache:
    """The entries of one process, as JSON, so that no two runs share what one of them could change."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, package: str, key: str) -> bytes | None:
        """The value, unless it is not there or its time is over."""
        found = self._entries.get((package, key))
        if found is None:
            return None
        if time.monotonic() >= found[0]:
            self.remove(package, key)
            return None
        self._entries.move_to_end((package, key))
        return found[1]

    def put(self, package: str, key: str, value: bytes, seconds: float) -> None:
        """Keep a value; those that were asked for longest ago make room."""
        self.remove(package, key)
        self._entries[package, key] = (time.monotonic() + seconds, value)
        self._bytes += len(value)
        while self._bytes > _MOST_BYTES or len(self._entries) > _MOST_ENTRIES:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._bytes -= len(dropped)

    def remove(self, package: str, key: str) -> bool:
        """Forget a value; whether there was one."""
        found = self._entries.pop((package, key), None)
        if found is None:
            return False
        self._bytes -= len(found[1])
        return True


@service(inline=True)
def get(call: Call, key: str) -> dict[str, Any]:
    """What is kept under a key: whether it was `found`, and its `value`."""
    kept = call.runtime.cache.get(call.package, _checked(key))
    return {"found": False, "value": None} if kept is None else {"found": True, "value": msgspec.json.decode(kept)}


@service(inline=True)
def put(call: Call, key: str, value: Any, seconds: float = 300) -> None:
    """Keep a value for so many seconds, a week at most; what was under the key before is replaced."""
    if not 0 < seconds <= _LONGEST_TIME:
        raise refusal(f"seconds is more than 0, and at most {_LONGEST_TIME}")
    encoded = msgspec.json.encode(value)
    if len(encoded) > _LARGEST:
        raise refusal(f"a value has at most {_LARGEST} bytes as JSON")
    call.runtime.cache.put(call.package, _checked(key), encoded, seconds)


@service(inline=True)
def remove(call: Call, key: str) -> bool:
    """Forget what is kept under a key; whether there was something."""
    found: bool = call.runtime.cache.remove(call.package, _checked(key))
    return found


def _checked(key: str) -> str:
    if not key or len(key) > _LONGEST_KEY:
        raise refusal(f"a key has 1 to {_LONGEST_KEY} characters")
    return key
