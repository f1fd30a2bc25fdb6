"""Texts. Regular expressions are RE2's: they take time in proportion to the text."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import Literal

from gatewright.kernel.lazily import Lazily
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import LONGEST_TEXT
from gatewright.services.builtin.refusals import bounded
from gatewright.services.builtin.refusals import few
from gatewright.services.builtin.refusals import refusal

if TYPE_CHECKING:
    import re2
else:
    re2 = Lazily("re2")

_LONGEST_PATTERN = 1_000


@service(inline=True)
def upper(text: str) -> str:
    """The text in capital letters."""
    return text.upper()


@service(inline=True)
def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower()


@service(inline=True)
def trim(text: str, characters: str = "", side: Literal["both", "start", "end"] = "both") -> str:
    """The text without blanks, or these characters, around it."""
    strip = {"both": str.strip, "start": str.lstrip, "end": str.rstrip}[side]
    return strip(text, characters or None)


@service(inline=True)
def split(text: str, separator: str, limit: int = 0) -> list[Any]:
    """The parts of a text between separators; limit: the most parts there may be, 0: any number."""
    if not separator:
        raise refusal("the separator is empty")
    if limit < 0:
        raise refusal("limit is 0 or more")
    found: list[Any] = list(text.split(separator, min(limit, len(text) + 1) - 1 if limit else -1))
    few(found)
    return found


@service(inline=True)
def join(items: list[str | int | float | bool | None], separator: str = "") -> str:
    """The items as one text; null is left out."""
    texts = [_text(item) for item in items if item is not None]
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST_TEXT:
        raise refusal(f"the result is longer than {LONGEST_TEXT} characters")
    return separator.join(texts)


@service(inline=True)
def replace(text: str, find: str, by: str, regex: bool = False) -> str:
    r"""The text with every occurrence of `find` replaced; with regex, `\1` in `by` is the first group."""
    if not find:
        raise refusal("find is empty")
    if regex:
        try:
            return str(_compiled(find).sub(_expansion(by), text))
        except (re2.error, IndexError, UnicodeError) as error:
            raise refusal(f"by cannot be used: {error}") from None
    if len(text) + text.count(find) * max(len(by) - len(find), 0) > LONGEST_TEXT:
        raise refusal(f"the result is longer than {LONGEST_TEXT} characters")
    return text.replace(find, by)


@service(inline=True)
def substring(text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to before `end`, counted from 0; negative: from the end."""
    return text[start:end]


@service(inline=True)
def length(text: str) -> int:
    """The number of characters."""
    return len(text)


@service(inline=True)
def pad(text: str, width: int, character: str = " ", side: Literal["start", "end"] = "start") -> str:
    """The text with characters before (or after) it until it is so wide."""
    if len(character) != 1 or not 0 <= width <= 10_000:
        raise refusal("character is one character, and width a number from 0 to 10000")
    return text.rjust(width, character) if side == "start" else text.ljust(width, character)


@service(inline=True)
def index_of(text: str, find: str, start: int = 0) -> int:
    """Where `find` first occurs from `start` on, counted from 0; -1: nowhere."""
    return text.find(find, start)


@service(inline=True)
def matches(text: str, pattern: str) -> bool:
    """Whether a regular expression matches somewhere in the text; `^…$` holds it against the whole."""
    return _compiled(pattern).search(text) is not None


@service(inline=True)
def find(text: str, pattern: str, limit: int = 1_000) -> list[Any]:
    """The matches of a regular expression: each an object of `text`, `start` and its `groups`."""
    found: list[Any] = []
    for match in _compiled(pattern).finditer(text):
        if len(found) >= min(limit, 100_000):
            break
        found.append({"text": match.group(0), "start": match.start(), "groups": list(match.groups())})
    return found


@service(inline=True)
def fill(template: str, values: dict[str, str | int | float | bool | None]) -> str:
    """The template with each `{name}` replaced by the value of that name; `{{` and `}}` are braces."""
    filled, position, used = [], 0, 0
    for match in _PLACE.finditer(template):
        filled.append(template[position : match.start()])
        position = match.end()
        name = match.group(1)
        if name is not None and name not in values:
            raise refusal(f"the template needs {name!r}, which values do not have")
        filled.append(match.group(0)[0] if name is None else _text(values[name]))
        used += len(filled[-1])
        if used > LONGEST_TEXT:
            raise refusal(f"the result is longer than {LONGEST_TEXT} characters")
    return bounded("".join(filled) + template[position:])


_PLACE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _expansion(by: str) -> Callable[[Any], str]:
    """What stands for each match, refused as soon as all of it together is too long to be held."""
    template = by.encode("ascii", "backslashreplace").decode()  # the library takes other letters byte by byte
    length = 0

    def expanded(match: Any) -> str:
        nonlocal length
        part = str(match.expand(template))
        length += len(part)
        if length > LONGEST_TEXT:
            raise refusal(f"the result is longer than {LONGEST_TEXT} characters")
        return part

    return expanded


def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN:
        raise refusal(f"a regular expression has at most {_LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise refusal(f"the regular expression cannot be used: {_said(error)}") from None


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
