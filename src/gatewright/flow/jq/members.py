"""Small pieces of generated source that several modules write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler

ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
"""The functions of the runtime behind the arithmetic operators."""


def field_of(c: Compiler, target: str, name: str) -> str:
    """A local with the member of an object."""
    target, key = c.writer.local(target), c.writer.constant(name)
    return c.writer.let(f"{target}.get({key}) if type({target}) is dict else member(B, {target}, {key})")


def index_of(c: Compiler, target: str, key: str) -> str:
    """A local with the member of an object, array or null."""
    if key[0] in "'\"":
        target = c.writer.local(target)
        return c.writer.let(f"{target}.get({key}) if type({target}) is dict else member(B, {target}, {key})")
    if key.isdigit():
        target = c.writer.local(target)
        quick = f"{target}[{key}] if type({target}) is list and len({target}) > {key} else "
        return c.writer.let(f"{quick}item(B, {target}, {key})")
    return c.writer.let(f"item(B, {target}, {key})")


def assigned_value(operator: str, old: str, value: str) -> str:
    """The Python expression for what is assigned."""
    if not operator:
        return value
    if operator == "//":
        return f"{value} if {old} is None or {old} is False else {old}"
    return f"{ARITHMETIC[operator]}(B, {old}, {value})"
