"""What a package's Python files use: the `@service` mark."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar
from typing import overload

import msgspec

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "__gatewright_service__"


class Marking(msgspec.Struct, frozen=True, kw_only=True):
    """What `@service(…)` was given."""

    title: str = ""
    inline: bool = False
    sample: Mapping[str, Any] | None = None


@overload
def service(function: F) -> F: ...
@overload
def service(*, title: str = "", inline: bool = False, sample: Mapping[str, Any] | None = None) -> Callable[[F], F]: ...
def service(
    function: F | None = None, *, title: str = "", inline: bool = False, sample: Mapping[str, Any] | None = None
) -> F | Callable[[F], F]:
    """Mark a function as a service; its name, annotations and docstring say the rest. The function stays as it is.

    title: how the console and exports call it; default: the docstring's first line.
    inline: for a plain `def` that is quick and never waits: it runs on the event loop. Without it a `def` runs in a
        bounded pool of threads; an `async def` always runs on the event loop.
    sample: an input to try it with.
    """
    marking = Marking(title=title, inline=inline, sample=sample)

    def mark(marked: F) -> F:
        setattr(marked, _ATTRIBUTE, marking)
        return marked

    return mark(function) if function is not None else mark


def marking_of(candidate: object) -> Marking | None:
    """The mark a function carries, or None."""
    found = getattr(candidate, _ATTRIBUTE, None)
    return found if isinstance(found, Marking) else None
