"""What a kind of task brings: the shape of its keywords, and how it compiles."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import Shape


def _no_targets(task: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    return ()


class Kind(msgspec.Struct, frozen=True):
    """One kind of task, known by its first keyword.

    `keywords`: the shapes of its own keywords, all of them required unless named in `optional`.
    `compile(task, at, scope, targets)` gives its body. `directives(task)`: those it may choose at run time, with their
    place within the task. `falls_through(task)`: whether it may go on to what its `then` says.
    """

    keyword: str
    keywords: Mapping[str, Shape]
    compile: Callable[[Mapping[str, Any], str, Scope, Targets], Body]
    optional: tuple[str, ...] = ()
    directives: Callable[[Mapping[str, Any]], Iterable[tuple[str, tuple[str | int, ...]]]] = _no_targets
    falls_through: Callable[[Mapping[str, Any]], bool] = lambda task: True
