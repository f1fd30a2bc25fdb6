"""Text of an expression → tokens. A string is a token of its own with the tokens of its interpolations inside."""

import re

import msgspec

from gatewright.flow.jq.errors import ExpressionProblem

MAX_LENGTH = 100_000
"""Characters of one expression."""

MAX_STRING_NESTING = 20
"""Strings inside interpolations inside strings."""

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s+|\#[^\n]*)+)
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<field>\.[A-Za-z_][A-Za-z_0-9]*)
  | (?P<variable>\$[A-Za-z_][A-Za-z_0-9]*(?:::[A-Za-z_][A-Za-z_0-9]*)*)
  | (?P<format>@[A-Za-z0-9_]+)
  | (?P<name>(?:[A-Za-z_][A-Za-z_0-9]*::)*[A-Za-z_][A-Za-z_0-9]*)
  | (?P<symbol>//=|\|=|\+=|-=|\*=|/=|%=|//|==|!=|<=|>=|\.\.|[][(){}.,:;|?=<>+*/%-])
  | (?P<string>")
    """,
    re.VERBOSE,
)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PLAIN = re.compile(r'[^"\\]+')
_HEX = re.compile(r"[0-9A-Fa-f]{4}")


class Token(msgspec.Struct, frozen=True):
    """`kind`: number, field, variable, format, name, symbol, string or end. A string has `parts`, the others `text`."""

    kind: str
    text: str
    offset: int
    parts: tuple["str | tuple[Token, ...]", ...] = ()


def tokens(text: str) -> tuple[Token, ...]:
    """All tokens, the last of kind "end". Raises ExpressionProblem."""
    if len(text) > MAX_LENGTH:
        raise ExpressionProblem(f"the expression is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    found, position = _scan(text, 0, nesting=0)
    return (*found, Token("end", "", position))


def _scan(text: str, position: int, nesting: int) -> tuple[list[Token], int]:
    """Tokens up to the end, or inside a string (`nesting` > 0) up to the bracket that closes the interpolation."""
    found: list[Token] = []
    depth = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionProblem(f"the character {text[position]!r} has no meaning here", position)
        kind, word = str(match.lastgroup), match.group()
        if kind == "string":
            token, position = _string(text, position, nesting)
            found.append(token)
            continue
        depth += (word == "(") - (word == ")")
        if depth < 0 and nesting:
            return found, position
        if kind != "space":
            found.append(Token(kind, word, position))
        position = match.end()
    return found, position


def _string(text: str, start: int, nesting: int) -> tuple[Token, int]:
    if nesting >= MAX_STRING_NESTING:
        raise ExpressionProblem("strings are nested too deeply", start)
    parts: list[str | tuple[Token, ...]] = []
    plain: list[str] = []
    position = start + 1
    while position < len(text):
        if text[position] == '"':
            parts.append("".join(plain))
            return Token("string", "", start, tuple(parts)), position + 1
        if text.startswith("\\(", position):
            inner, end = _scan(text, position + 2, nesting + 1)
            if end >= len(text):
                break
            parts += ["".join(plain), (*inner, Token("end", "", end))]
            plain, position = [], end + 1
            continue
        piece, position = _piece(text, position)
        plain.append(piece)
    raise ExpressionProblem("a string is not closed", start)


def _piece(text: str, position: int) -> tuple[str, int]:
    """Plain characters, or the character that one escape stands for, and the place after them."""
    match = _PLAIN.match(text, position)
    if match is not None:
        return match.group(), match.end()
    letter = text[position + 1 : position + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], position + 2
    if letter != "u":
        raise ExpressionProblem(f"the escape \\{letter} has no meaning in a string", position)
    return _unicode(text, position)


def _unicode(text: str, position: int) -> tuple[str, int]:
    code = _hex(text, position)
    if 0xD800 <= code < 0xDC00 and text.startswith("\\u", position + 6):
        low = _hex(text, position + 6)
        if 0xDC00 <= low < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), position + 12
    if 0xD800 <= code < 0xE000:
        raise ExpressionProblem("half of a surrogate pair is no character", position)
    return chr(code), position + 6


def _hex(text: str, position: int) -> int:
    match = _HEX.match(text, position + 2)
    if match is None:
        raise ExpressionProblem("\\u needs four hexadecimal digits", position)
    return int(match.group(), 16)
