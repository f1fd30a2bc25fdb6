"""What is different between two JSON values, line by line, for people."""

from typing import Any

import msgspec

_MOST_LINES = 20
_LONGEST = 120


def difference(expected: Any, actual: Any, *, at_least: bool = False) -> list[str]:
    """One line for each place that differs, with its path as jq writes it; none when the values are the same.

    at_least: objects may hold more than is expected, and lists more at their ends.
    """
    lines: list[str] = []
    _compare(expected, actual, "", at_least, lines)
    return lines[:_MOST_LINES] + ([f"… and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else [])


def shown(value: Any) -> str:
    """A value as short JSON."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _compare(expected: Any, actual: Any, path: str, at_least: bool, lines: list[str]) -> None:
    if len(lines) > 1_000:
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        _compare_objects(expected, actual, path, at_least, lines)
    elif isinstance(expected, list) and isinstance(actual, list):
        _compare_lists(expected, actual, path, at_least, lines)
    elif not _same(expected, actual):
        lines.append(f"{path or '.'}: expected {shown(expected)}, got {shown(actual)}")


def _compare_objects(
    expected: dict[str, Any], actual: dict[str, Any], path: str, at_least: bool, lines: list[str]
) -> None:
    for name, value in expected.items():
        inner = f"{path}{_member(name)}"
        if name in actual:
            _compare(value, actual[name], inner, at_least, lines)
        else:
            lines.append(f"{inner}: expected {shown(value)}, but it is not there")
    if not at_least:
        lines += [
            f"{path}{_member(name)}: not expected, got {shown(value)}"
            for name, value in actual.items()
            if name not in expected
        ]


def _compare_lists(expected: list[Any], actual: list[Any], path: str, at_least: bool, lines: list[str]) -> None:
    for index, (one, other) in enumerate(zip(expected, actual, strict=False)):
        _compare(one, other, f"{path or '.'}[{index}]", at_least, lines)
    if len(actual) < len(expected) or (len(actual) > len(expected) and not at_least):
        lines.append(f"{path or '.'}: expected {len(expected)} items, got {len(actual)}")


def _same(expected: Any, actual: Any) -> bool:
    # JSON knows numbers, not kinds of them; but true is no 1.
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return bool(expected == actual)


def _member(name: str) -> str:
    return f".{name}" if name.isidentifier() else f"[{shown(name)}]"
