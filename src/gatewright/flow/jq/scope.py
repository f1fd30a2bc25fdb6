"""What the names in an expression mean at one place of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gatewright.flow.jq import syntax

ONE, MAYBE, MANY = 0, 1, 2
"""How many values a node gives: exactly one, at most one, any number."""


class Closure(msgspec.Struct, frozen=True, eq=False):
    """A definition or an argument, with the scope it was written in; a body of None is under definition: recursion."""

    name: str
    parameters: tuple[str, ...]
    body: syntax.Node | None
    scope: Scope


class Mark(msgspec.Struct, frozen=True, eq=False):
    """A label: the function it was written into and the local that holds its token."""

    frame: object
    token: str


class Scope(msgspec.Struct, frozen=True, eq=False):
    """Variables (as atoms of the generated source), functions by name and arity, labels."""

    variables: Mapping[str, str] = {}
    functions: Mapping[tuple[str, int], Closure] = {}
    labels: Mapping[str, Mark] = {}

    def bind(self, name: str, atom: str) -> Scope:
        """With one more variable."""
        return Scope({**self.variables, name: atom}, self.functions, self.labels)

    def define(self, name: str, parameters: tuple[str, ...], body: syntax.Node | None, scope: Scope) -> Scope:
        """With one more function."""
        closure = Closure(name, parameters, body, scope)
        return Scope(self.variables, {**self.functions, (name, len(parameters)): closure}, self.labels)

    def label(self, name: str, mark: Mark) -> Scope:
        """With one more label."""
        return Scope(self.variables, self.functions, {**self.labels, name: mark})

    def after_definition(self, node: syntax.Define) -> Scope:
        """The scope of what follows `def`; inside the body the name stands for recursion."""
        inner = self.define(node.name, node.parameters, None, self)
        return self.define(node.name, node.parameters, node.body, inner)
