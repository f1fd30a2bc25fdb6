"""What applying a file changes, in lines that people read: `~ scope IntScope: folders [a] → [a, b]`."""

from collections.abc import Mapping
from typing import Literal

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One thing that is made (+), changed (~) or removed (-), with what changes of it."""

    sign: Literal["+", "~", "-"]
    kind: str
    name: str
    changes: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{self.sign} {self.kind} {self.name}".rstrip()
        return f"{head}: {', '.join(self.changes)}" if self.changes else head


class Outcome(msgspec.Struct, frozen=True):
    """What was applied, or would be. Secrets by client and passwords by user: those that were made, told only here.

    reach: what it opens and closes, in sentences and then in names (`+`, `-`); widens: whether it opens something.
    """

    lines: tuple[Line, ...] = ()
    secrets: Mapping[str, str] = {}
    passwords: Mapping[str, str] = {}
    reach: tuple[str, ...] = ()
    widens: bool = False


def differences(before: object, after: object) -> tuple[str, ...]:
    """What differs between two structs of one type, `name old → new`, but for what people do not choose."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    hidden = ("revision", "created_at", "updated_at")
    return tuple(
        difference(name, old[name], new[name]) for name in new if old[name] != new[name] and name not in hidden
    )


def difference(name: str, before: object, after: object) -> str:
    """`name before → after`."""
    return f"{name} {_written(before)} → {_written(after)}"


def _written(value: object) -> str:
    match value:
        case list() | tuple():
            return f"[{', '.join(map(str, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}: {_written(each)}' for name, each in value.items())}}}"
        case bool():
            return str(value).lower()
        case "":
            return '""'
    return str(value)
