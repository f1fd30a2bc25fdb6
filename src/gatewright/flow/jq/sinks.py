"""Where the values of a node go while it is written."""

from collections.abc import Callable
from typing import NamedTuple


class Sink(NamedTuple):
    """Where values go. `small`: may be written more than once, its text does not grow."""

    put: Callable[[str], None]
    small: bool = False


class PathSink(NamedTuple):
    """Where values go with their paths: `put(path, value)`."""

    put: Callable[[str, str], None]
    small: bool = False
