"""Native functions on regular expressions, by RE2: time linear in the text, no look-around, no back-references."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native
from gatewright.kernel.lazily import Lazily

if TYPE_CHECKING:
    import re2
else:
    re2 = Lazily("re2")

MAX_PATTERN = 10_000
"""Characters of a pattern."""

_UNICODE = {"w": r"\p{L}\p{M}\p{N}_", "d": r"\p{Nd}", "s": r"\s\v\x{85}\p{Z}"}
_PIECE = re.compile(r"\\.|\[\^?\]?|\]|\#[^\n]*|\s+|.", re.DOTALL)


def translated(pattern: str, *, extended: bool) -> str:
    r"""The pattern in RE2's syntax: `\w`, `\d`, `\s` know Unicode, `$` stands before a last newline too, `x` is honoured."""
    pieces: list[str] = []
    inside = False
    for piece in _PIECE.findall(pattern):
        if not inside and extended and (piece[0] == "#" or piece.isspace()):
            continue
        if not inside and piece == "$":
            piece = r"(?:\n?\z)"
        elif piece[0] == "\\":
            piece = _class(piece, inside=inside)
        inside = piece[0] == "[" or (inside and piece != "]")
        pieces.append(piece)
    return "".join(pieces)


def _class(escape: str, *, inside: bool) -> str:
    letter = escape[1]
    if letter in _UNICODE:
        return _UNICODE[letter] if inside else f"[{_UNICODE[letter]}]"
    if letter.lower() in _UNICODE and not inside:
        return f"[^{_UNICODE[letter.lower()]}]"
    if letter == "h":
        return "0-9a-fA-F" if inside else "[0-9a-fA-F]"
    if letter == "Z":
        return r"(?:\n?\z)"
    return escape


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str) -> Any:
    """A compiled pattern. Raises Raised for one that RE2 refuses."""
    if len(pattern) > MAX_PATTERN:
        raise Raised("the regular expression is too long")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = "i" not in flags
    options.dot_nl = "p" in flags
    options.longest_match = "l" in flags
    try:
        return re2.compile(translated(pattern, extended="x" in flags), options)
    except re2.error as fault:
        reason = fault.args[0].decode() if fault.args and isinstance(fault.args[0], bytes) else str(fault)
        raise Raised(f"{pattern[:100]} is no regular expression here: {reason}") from None


def _arguments(value: Any, pattern: Any, flags: Any) -> tuple[str, str, str]:
    """The text, the pattern and the flags; a pattern may be an array `[pattern, flags]`."""
    if type(value) is not str:
        raise Raised(f"{described(value)} cannot be matched, as it is not a string")
    if type(pattern) is list:
        pattern, flags = pattern[0] if pattern else None, pattern[1] if len(pattern) > 1 else flags
    if type(pattern) is not str:
        raise Raised(f"{described(pattern)} cannot be matched, as it is not a string")
    if flags is not None and type(flags) is not str:
        raise Raised(f"{described(flags)} is not a string")
    if not set(flags or "") <= set("gixsnpl"):
        raise Raised(f"{flags} is not a valid modifier string")
    return value, pattern, flags or ""


def _test(budget: Budget, value: Any, pattern: Any, flags: Any) -> bool:
    text, pattern, flags = _arguments(value, pattern, flags)
    budget.text(len(text) * 4 + 16)
    if "n" in flags:
        return any(True for _ in _found(budget, text, pattern, flags))
    return compiled(pattern, flags.replace("g", "")).search(text) is not None


def _found(budget: Budget, text: str, pattern: str, flags: str) -> Iterator[Any]:
    budget.text(len(text) * 4 + 16)
    for match in compiled(pattern, flags.replace("g", "")).finditer(text):
        budget.spend(8 + 4 * match.re.groups)
        if "n" in flags and match.start() == match.end():
            continue
        yield match
        if "g" not in flags:
            return


def _match(budget: Budget, value: Any, pattern: Any, flags: Any) -> Iterator[dict[str, Any]]:
    text, pattern, flags = _arguments(value, pattern, flags)
    for match in _found(budget, text, pattern, flags):
        names = {number: name for name, number in match.re.groupindex.items()}
        captures = [_capture(match, number, names.get(number)) for number in range(1, match.re.groups + 1)]
        start, end = match.span()
        yield {"offset": start, "length": end - start, "string": text[start:end], "captures": captures}


def _capture(match: Any, number: int, name: str | None) -> dict[str, Any]:
    start, end = match.span(number)
    if start < 0:
        return {"offset": -1, "string": None, "length": 0, "name": name}
    return {"offset": start, "length": end - start, "string": match.string[start:end], "name": name}


def _captured(_: Budget, match: Any) -> dict[str, Any]:
    """The named captures of a match object."""
    return {one["name"]: one["string"] for one in match["captures"] if one["name"] is not None}


def _scan(budget: Budget, value: Any, pattern: Any, flags: Any) -> Iterator[Any]:
    text, pattern, flags = _arguments(value, pattern, flags)
    for match in _found(budget, text, pattern, flags + "g"):
        yield list(match.groups()) if match.re.groups else match.group()


def _split(budget: Budget, value: Any, pattern: Any, flags: Any) -> list[str]:
    text, pattern, flags = _arguments(value, pattern, flags)
    pieces, end = [], 0
    for match in _found(budget, text, pattern, flags + "g"):
        pieces.append(text[end : match.start()])
        end = match.end()
    pieces.append(text[end:])
    budget.text(len(text))
    return pieces


def _replace(budget: Budget, text: str, matches: list[Any], inserts: list[list[Any]]) -> Iterator[str]:
    """The text with each match replaced; with several inserts for a match, one text for each place in their lists."""
    results: list[list[str]] = []
    end = 0
    for match, choices in zip(matches, inserts, strict=True):
        gap = text[end : match["offset"]]
        end = match["offset"] + match["length"]
        for place, insert in enumerate(choices):
            if type(insert) is not str:
                raise Raised(f"{described(gap)} and {described(insert)} cannot be added")
            if place == len(results):
                results.append([])
            results[place] += [gap, insert]
    if not results:
        yield text
    for pieces in results:
        budget.text(sum(map(len, pieces)) + len(text) - end)
        yield "".join([*pieces, text[end:]])


FUNCTIONS: dict[Name, Native] = {
    ("test", 2): Native(_test),
    ("match", 2): Native(_match, many=True),
    ("scan", 2): Native(_scan, many=True),
    ("split", 2): Native(_split),
    ("_captured", 0): Native(_captured),
    ("_replace", 2): Native(_replace, many=True),
}
