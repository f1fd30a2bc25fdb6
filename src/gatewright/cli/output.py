"""Printing: aligned columns for people, JSON for programs."""

import sys
from collections.abc import Iterable
from collections.abc import Sequence

import msgspec

from gatewright.kernel.clock import iso


def print_json(value: object) -> None:
    """Print a value as JSON with two blanks of indentation."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under heads, columns aligned; nothing but a word when there are none."""
    lines = [[_cell(value) for value in row] for row in rows]
    if not lines:
        print("none")
        return
    widths = [max(len(line[column]) for line in [list(heads), *lines]) for column in range(len(heads))]
    for line in [[head.upper() for head in heads], *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one pair a line; lists one value a line."""
    pairs = list(fields)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        lines = [_cell(each) for each in value] if isinstance(value, list | tuple) else [_cell(value)]
        print(f"{name.ljust(width)}  {lines[0] if lines else '-'}")
        for line in lines[1:]:
            print(f"{'':{width}}  {line}")


def print_error(message: str) -> None:
    """Print to the error stream."""
    print(message, file=sys.stderr)


def time(seconds: int | None) -> str:
    """A time for people, or `never`."""
    return "never" if seconds is None else iso(seconds)


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return " ".join(map(str, value)) or "-"
        case dict():
            return " ".join(f"{name}={each}" for name, each in value.items()) or "-"
    return str(value)
