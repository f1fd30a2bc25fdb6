"""What a function written in Python looks like to the compiler."""

from collections.abc import Callable
from typing import NamedTuple

Name = tuple[str, int]
"""A function's name and the number of its arguments."""


class Native(NamedTuple):
    """`call(budget, input, *arguments)`; with `many` it gives an iterable of values."""

    call: Callable[..., object]
    many: bool = False
