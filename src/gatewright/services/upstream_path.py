"""Paths of an upstream's operations: written with variables, filled in so that no value leads anywhere else."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gatewright.services.errors import ServiceError

_LITERAL: Final = re.compile(r"(?:[A-Za-z0-9_~.!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+\Z")
_VARIABLE: Final = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}\Z")
# What some server might take for another path than the one that is meant (see services/path.py).
_AMBIGUOUS: Final = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]|%[0-9A-Fa-f]{2}")
_MOST_CHARACTERS: Final = 2000


class PathMapping:
    """A path below an upstream's base URL: `/orders/{orderId}`, `/files/{+path}`.

    variables: their names, in the path's order; rest: the one that holds slashes, at the end, or "".
    """

    def __init__(self, text: str) -> None:
        """Raises ValueError with a sentence that says what to change."""
        if not text.startswith("/"):
            raise ValueError(f"the path {text!r} begins with a slash")
        self.text = text
        self.rest = ""
        self._pieces: list[tuple[str, bool]] = []  # a literal, or the name of a variable
        parts = text[1:].split("/")
        for number, part in enumerate(parts, start=1):
            self._add(part, is_last=number == len(parts))
        self.variables = tuple(name for name, is_variable in self._pieces if is_variable)
        if len(set(self.variables)) != len(self.variables):
            raise ValueError(f"the path {text!r} names a variable twice")

    def _add(self, part: str, *, is_last: bool) -> None:
        found = _VARIABLE.match(part)
        if found and found[1] and not is_last:
            raise ValueError(f"{part!r} in {self.text!r} takes the rest of the path, so it stands at the end")
        if found:
            self.rest = found[2] if found[1] else ""
        elif part in (".", "..") or not (_LITERAL.match(part) or (is_last and not part)):
            raise ValueError(f"{part!r} in {self.text!r} is neither plain text nor one whole {{variable}}")
        self._pieces.append((found[2], True) if found else (part, False))

    def filled(self, values: Mapping[str, object]) -> str:
        """The path with its variables, percent-encoded. Raises ServiceError 400 for a value that is missing or cannot be one."""
        parts = []
        for piece, is_variable in self._pieces:
            if not is_variable:
                parts.append(piece)
            elif piece == self.rest:
                parts += [_segment(piece, part) for part in str(_value(piece, values)).split("/")]
            else:
                parts.append(_segment(piece, _value(piece, values)))
        return "/" + "/".join(parts)


def _value(name: str, values: Mapping[str, object]) -> object:
    value = values.get(name)
    if value is None:
        raise ServiceError(400, "The input does not fit", f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ServiceError(400, "The input does not fit", f"{name} must be a text or a number")
    return value


def _segment(name: str, value: object) -> str:
    text = str(value)
    if text.partition(";")[0] in ("", ".", "..") or _AMBIGUOUS.search(text) or len(text) > _MOST_CHARACTERS:
        raise ServiceError(400, "The input does not fit", f"{name} cannot stand in a path")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ServiceError(400, "The input does not fit", f"{name} holds half a surrogate pair") from None
