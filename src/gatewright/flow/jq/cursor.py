"""A place in a list of tokens."""

from collections.abc import Iterator
from contextlib import contextmanager

from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.lexer import Token

MAX_NESTING = 60
"""Brackets, pipes and definitions inside one another."""


class Depth:
    """How deeply the parser is nested, shared by the cursors of one expression."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class Cursor:
    """Reads tokens one after the other; keywords and symbols are asked for by their text."""

    def __init__(self, tokens: tuple[Token, ...], depth: Depth | None = None) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = depth or Depth()

    def inside(self, tokens: tuple[Token, ...]) -> "Cursor":
        """A cursor for the tokens of an interpolation, as deeply nested as this one."""
        return Cursor(tokens, self._depth)

    def peek(self, ahead: int = 0) -> Token:
        """The token to come; the end repeats itself."""
        return self._tokens[min(self._position + ahead, len(self._tokens) - 1)]

    def next(self) -> Token:
        """Take the token to come."""
        token = self.peek()
        self._position += 1
        return token

    def at(self, text: str) -> bool:
        """Whether this symbol or keyword comes next."""
        token = self.peek()
        return token.text == text and token.kind in ("symbol", "name")

    def take(self, text: str) -> bool:
        """Take this symbol or keyword if it comes next."""
        if self.at(text):
            self._position += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Take this symbol or keyword. Raises ExpressionProblem when something else comes."""
        if not self.at(text):
            raise self.unexpected(f"; `{text}` is expected here")
        return self.next()

    def expect_kind(self, kind: str, what: str) -> Token:
        """Take a token of this kind. Raises ExpressionProblem when something else comes."""
        if self.peek().kind != kind:
            raise self.unexpected(f"; {what} is expected here")
        return self.next()

    def unexpected(self, advice: str = "") -> ExpressionProblem:
        """The problem that the token to come is."""
        token = self.peek()
        if token.kind == "end":
            return ExpressionProblem(f"the expression ends too early{advice}", token.offset)
        word = "a string" if token.kind == "string" else f"`{token.text}`"
        return ExpressionProblem(f"{word} cannot stand here{advice}", token.offset)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. Raises ExpressionProblem when that is too deep."""
        self._depth.value += 1
        if self._depth.value > MAX_NESTING:
            raise ExpressionProblem("the expression is nested too deeply", self.peek().offset)
        yield
        self._depth.value -= 1
