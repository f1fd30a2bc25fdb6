"""Two texts side by side, for people to read: `packages/_difference.html`."""

import difflib
from typing import Literal

import msgspec

_AROUND = 3
_MOST_LINES = 5_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Lines count from 1; 0: there is none on that side. A "skip" stands for `count` lines that are the same."""

    kind: Literal["same", "changed", "added", "removed", "skip"]
    left: int = 0
    left_text: str = ""
    right: int = 0
    right_text: str = ""
    count: int = 0


def side_by_side(left: str, right: str) -> list[Row]:
    """The rows of two texts; of a long run of equal lines only those beside a difference. No rows: they are equal."""
    before, after = left.splitlines()[:_MOST_LINES], right.splitlines()[:_MOST_LINES]
    if before == after:
        return []
    rows: list[Row] = []
    operations = difflib.SequenceMatcher(None, before, after, autojunk=len(before) > 1_000).get_opcodes()
    for number, (tag, a, a_end, b, b_end) in enumerate(operations):
        if tag == "equal":
            rows += _same(before, a, b, a_end - a, first=number == 0, last=number == len(operations) - 1)
        else:
            rows += _different(before[a:a_end], after[b:b_end], a, b)
    return rows


def _same(lines: list[str], a: int, b: int, count: int, *, first: bool, last: bool) -> list[Row]:
    head, tail = 0 if first else _AROUND, 0 if last else _AROUND
    if count <= head + tail + 1:
        head, tail = count, 0
    shown = [*range(head), *range(count - tail, count)]
    rows = [
        Row(kind="same", left=a + at + 1, left_text=lines[a + at], right=b + at + 1, right_text=lines[a + at])
        for at in shown
    ]
    if count > len(shown):
        rows.insert(head, Row(kind="skip", count=count - len(shown)))
    return rows


def _different(before: list[str], after: list[str], a: int, b: int) -> list[Row]:
    rows = []
    for at in range(max(len(before), len(after))):
        has_left, has_right = at < len(before), at < len(after)
        kind: Literal["changed", "added", "removed"] = (
            "changed" if has_left and has_right else "removed" if has_left else "added"
        )
        rows.append(
            Row(
                kind=kind,
                left=a + at + 1 if has_left else 0,
                left_text=before[at] if has_left else "",
                right=b + at + 1 if has_right else 0,
                right_text=after[at] if has_right else "",
            )
        )
    return rows
