"""The tree of an expression. Every node keeps `offset`, the 0-based character of the text where it begins."""

from __future__ import annotations

import msgspec


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an expression."""

    offset: int = 0


class Identity(Node, frozen=True):
    """`.`"""


class RecurseDefault(Node, frozen=True):
    """`..`"""


class Literal(Node, frozen=True):
    """A number, string without interpolation, or (from `true`, `false`, `null`) a constant. Also constant templates."""

    value: object


class Variable(Node, frozen=True):
    """`$name`"""

    name: str


class Format(Node, frozen=True):
    """`@name` alone: formats its input."""

    name: str


class Text(Node, frozen=True):
    """A string with `\\(…)` in it: texts and nodes in turn; values pass through the format, texts don't."""

    format: str
    parts: tuple[str | Node, ...]


class Field(Node, frozen=True):
    """`.name`"""

    target: Node
    name: str


class Index(Node, frozen=True):
    """`.[key]`; the key is computed from the input of the whole term."""

    target: Node
    key: Node


class Slice(Node, frozen=True):
    """`.[low:high]`"""

    target: Node
    low: Node | None
    high: Node | None


class Iterate(Node, frozen=True):
    """`.[]`"""

    target: Node


class Array(Node, frozen=True):
    """`[…]`: collects all values."""

    body: Node | None


class Object(Node, frozen=True):
    """`{…}`: pairs of key and value nodes."""

    entries: tuple[tuple[Node, Node], ...]


class Items(Node, frozen=True):
    """An array of a template: exactly one value for each node."""

    items: tuple[Node, ...]


class First(Node, frozen=True):
    """An expression inside a template: its first value, an error when there is none."""

    body: Node


class Negate(Node, frozen=True):
    """`-x`"""

    operand: Node


class Pipe(Node, frozen=True):
    """`left | right`"""

    left: Node
    right: Node


class Comma(Node, frozen=True):
    """`a, b, …`: at least two."""

    items: tuple[Node, ...]


class Binary(Node, frozen=True):
    """Arithmetic and comparison: `+ - * / % == != < <= > >=`."""

    operator: str
    left: Node
    right: Node


class Both(Node, frozen=True):
    """`left and right`, `left or right` (`operator` tells)."""

    operator: str
    left: Node
    right: Node


class Alternative(Node, frozen=True):
    """`left // right`"""

    left: Node
    right: Node


class Assign(Node, frozen=True):
    """`left = right`, `|=`, and the arithmetic ones: `operator` is the text before the equals sign."""

    operator: str
    left: Node
    right: Node


class If(Node, frozen=True):
    """`if … then … else … end`; without `else` the input passes."""

    condition: Node
    then: Node
    otherwise: Node


class Try(Node, frozen=True):
    """`try body catch handler`, `body?`"""

    body: Node
    handler: Node | None


class Reduce(Node, frozen=True):
    """`reduce source as pattern (start; update)`"""

    source: Node
    pattern: Pattern
    start: Node
    update: Node


class Foreach(Node, frozen=True):
    """`foreach source as pattern (start; update; extract)`"""

    source: Node
    pattern: Pattern
    start: Node
    update: Node
    extract: Node


class Bind(Node, frozen=True):
    """`source as pattern | body`"""

    source: Node
    pattern: Pattern
    body: Node


class Label(Node, frozen=True):
    """`label $name | body`"""

    name: str
    body: Node


class Leave(Node, frozen=True):
    """`break $name`"""

    name: str


class Call(Node, frozen=True):
    """`name(argument; …)`"""

    name: str
    arguments: tuple[Node, ...]


class Define(Node, frozen=True):
    """`def name(parameters): body; rest`; a parameter that begins with `$` is a value."""

    name: str
    parameters: tuple[str, ...]
    body: Node
    rest: Node


class NamePattern(msgspec.Struct, frozen=True):
    """`$name`"""

    name: str


class ArrayPattern(msgspec.Struct, frozen=True):
    """`[pattern, …]`"""

    items: tuple[Pattern, ...]


class ObjectPattern(msgspec.Struct, frozen=True):
    """`{key: pattern, $name, …}`: (key, variable that takes the value itself or "", pattern or None)."""

    entries: tuple[tuple[Node, str, Pattern | None], ...]


Pattern = NamePattern | ArrayPattern | ObjectPattern
