"""The change counter: one number in an mmapped file that tells all processes of a machine when caches are stale.

Odd from before a commit that changes what caches hold until after it, then even and different. So a process that
reads an even number it has seen before knows, for the price of a memory read, that its caches are true.
"""

import mmap
import os
from pathlib import Path
from typing import Final

_BYTES: Final = 8


class ChangeCounter:
    """The counter in the file at `path`. Changed only while the writers' file lock is held."""

    def __init__(self, path: Path) -> None:
        """Map the file, making it when absent."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(file).st_size < _BYTES:
                os.ftruncate(file, _BYTES)
            self._memory = mmap.mmap(file, _BYTES)
        finally:
            os.close(file)
        self._numbers = memoryview(self._memory).cast("Q")  # one aligned machine word: never seen half written

    def position(self) -> int | None:
        """The counter, or None while a change is being committed."""
        number = self._numbers[0]
        return None if number & 1 else number

    def begin_change(self) -> None:
        """Make the counter odd."""
        self._numbers[0] |= 1

    def end_change(self) -> None:
        """Make the counter even, and another than before `begin_change`; nothing when no change was begun."""
        self._numbers[0] += self._numbers[0] & 1

    def close(self) -> None:
        """Unmap the file."""
        self._numbers.release()
        self._memory.close()
