"""Tokens → tree: operators by precedence here, the terms between them in `terms.py`."""

from gatewright.flow.jq import syntax
from gatewright.flow.jq.cursor import Cursor
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.lexer import Token
from gatewright.flow.jq.lexer import tokens
from gatewright.flow.jq.terms import Terms

ALTERNATIVE, ASSIGNMENT, COMPARISON = 1, 2, 5
_LEVELS = {
    "//": ALTERNATIVE,
    **dict.fromkeys(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="], ASSIGNMENT),
    "or": 3,
    "and": 4,
    **dict.fromkeys(["==", "!=", "<", "<=", ">", ">="], COMPARISON),
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
}


def parse(text: str) -> syntax.Node:
    """The tree of a whole expression. Raises ExpressionProblem with the offset of what it could not read."""
    cursor = Cursor(tokens(text))
    if cursor.peek().kind == "end":
        raise ExpressionProblem("the expression is empty; `.` stands for the data itself", 0)
    try:
        node = Parser(cursor).pipe()
    except RecursionError:
        raise ExpressionProblem("the expression is nested too deeply", cursor.peek().offset) from None
    if cursor.peek().kind != "end":
        raise cursor.unexpected()
    return node


class Parser(Terms):
    """Pipes, commas, definitions and binary operators."""

    def pipe(self, *, commas: bool = True) -> syntax.Node:
        """`a | b`, the loosest of all; without commas inside objects."""
        with self.cursor.nested():
            stages = [self._stage(commas=commas)]
            while self.cursor.take("|"):
                stages.append(self._stage(commas=commas))
        node = stages.pop()
        while stages:
            left = stages.pop()
            node = syntax.Pipe(left=left, right=node, offset=left.offset)
        return node

    def _stage(self, *, commas: bool) -> syntax.Node:
        if self.cursor.at("def"):
            return self.definition(commas=commas)
        return self._commas() if commas else self._binary(ALTERNATIVE)

    def definition(self, *, commas: bool = True) -> syntax.Node:
        """`def name(parameters): body; rest`"""
        start = self.cursor.expect("def")
        name = self.cursor.expect_kind("name", "a name for the function")
        parameters = self._parameters() if self.cursor.take("(") else ()
        self.cursor.expect(":")
        body = self.pipe()
        self.cursor.expect(";")
        rest = self.pipe(commas=commas)
        return syntax.Define(name=name.text, parameters=parameters, body=body, rest=rest, offset=start.offset)

    def _parameters(self) -> tuple[str, ...]:
        found: list[str] = []
        while True:
            token = self.cursor.next()
            if token.kind not in ("name", "variable"):
                raise ExpressionProblem("a parameter is a name or a $name", token.offset)
            found.append(token.text)
            if self.cursor.take(")"):
                return tuple(found)
            self.cursor.expect(";")

    def _commas(self) -> syntax.Node:
        first = self._binary(ALTERNATIVE)
        items = [first]
        while self.cursor.take(","):
            items.append(self._binary(ALTERNATIVE))
        return first if len(items) == 1 else syntax.Comma(items=tuple(items), offset=first.offset)

    def _binary(self, lowest: int) -> syntax.Node:
        left = self._operand()
        while True:
            token = self.cursor.peek()
            level = _LEVELS.get(token.text, 0) if token.kind in ("symbol", "name") else 0
            if level < lowest or level == 0:
                return left
            self.cursor.next()
            right = self._binary(level if level == ALTERNATIVE else level + 1)
            left = _combine(token, left, right)
            if level in (ASSIGNMENT, COMPARISON) and _LEVELS.get(self.cursor.peek().text) == level:
                raise self.cursor.unexpected("; put one of the two operations in brackets")

    def _operand(self) -> syntax.Node:
        if self.cursor.at("def"):
            return self.definition()
        return self.bound_term()


def _combine(token: Token, left: syntax.Node, right: syntax.Node) -> syntax.Node:
    operator, offset = token.text, left.offset
    if operator == "//":
        return syntax.Alternative(left=left, right=right, offset=offset)
    if operator in ("and", "or"):
        return syntax.Both(operator=operator, left=left, right=right, offset=offset)
    if _LEVELS[operator] == ASSIGNMENT:
        return syntax.Assign(operator=operator[:-1], left=left, right=right, offset=token.offset)
    return syntax.Binary(operator=operator, left=left, right=right, offset=offset)
