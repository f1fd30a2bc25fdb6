"""The C library's allocator, told to give memory back."""

import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3  # mallopt(3)
_M_ARENA_MAX: Final = -8


def give_memory_back() -> None:
    """Keep what is freed from staying with the process; and give back what was freed until now.

    By itself glibc raises the size from which memory comes from the kernel and goes back to it to the largest it has seen
    freed, and gives every thread an arena of its own: a few logins would leave 19 MB of argon2id's memory in each.
    Nothing happens where the C library is another one.
    """
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
        library.mallopt(_M_ARENA_MAX, 1)
        library.malloc_trim(0)
    except (OSError, AttributeError):
        return
