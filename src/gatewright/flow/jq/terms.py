"""Terms: paths, literals, strings, constructions, the keyword forms and patterns."""

from gatewright.flow.jq import syntax
from gatewright.flow.jq.cursor import Cursor
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.lexer import Token
from gatewright.flow.jq.optional import optional

KEYWORDS = frozenset(
    "def reduce foreach if then elif else end and or try catch label import include as __loc__".split()  # noqa: SIM905
)
_CONSTANTS: dict[str, object] = {"null": None, "true": True, "false": False}
_MAX_EXACT = 2**53


class Terms:
    """What stands between operators. The subclass parses pipes."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def pipe(self, *, commas: bool = True) -> syntax.Node:
        """A whole expression; the parser has it."""
        raise NotImplementedError

    def bound_term(self) -> syntax.Node:
        """A term, and with `as` everything that follows the binding."""
        minus = self.cursor.peek()
        term = self.term() if not self.cursor.take("-") else self._negated(minus.offset)
        if not self.cursor.at("as"):
            return term
        self.cursor.next()
        pattern = self.pattern()
        if self.cursor.at("?"):
            raise ExpressionProblem("alternative destructuring (`?//`) is not supported", self.cursor.peek().offset)
        self.cursor.expect("|")
        return syntax.Bind(source=term, pattern=pattern, body=self.pipe(), offset=term.offset)

    def term(self) -> syntax.Node:
        """A primary and its suffixes: `.name`, `."text"`, `[…]`, `?`."""
        start = self.cursor.peek().offset
        grouped = self.cursor.at("(")
        node = self._primary()
        while True:
            token = self.cursor.peek()
            if self.cursor.take("?"):
                node = syntax.Try(body=node, handler=None, offset=start) if grouped else optional(node, start)
                continue
            grouped = False
            if token.kind == "field":
                self.cursor.next()
                node = syntax.Field(target=node, name=token.text[1:], offset=token.offset)
            elif self.cursor.at("["):
                node = self._bracket(node)
            elif self.cursor.at(".") and self.cursor.peek(1).kind == "string":
                self.cursor.next()
                node = syntax.Index(target=node, key=self._text("text"), offset=token.offset)
            elif self.cursor.at(".") and self.cursor.peek(1).text == "[":
                self.cursor.next()
            else:
                return node

    def _negated(self, offset: int) -> syntax.Node:
        """What stands after a minus sign: a term, or more signs."""
        with self.cursor.nested():
            inner = self.cursor.peek()
            operand = self._negated(inner.offset) if self.cursor.take("-") else self.term()
        return syntax.Negate(operand=operand, offset=offset)

    def _bracket(self, target: syntax.Node) -> syntax.Node:
        start = self.cursor.expect("[").offset
        if self.cursor.take("]"):
            return syntax.Iterate(target=target, offset=start)
        low = None if self.cursor.at(":") else self.pipe()
        if low is not None and self.cursor.take("]"):
            return syntax.Index(target=target, key=low, offset=start)
        self.cursor.expect(":")
        if low is None and self.cursor.at("]"):
            raise self.cursor.unexpected("; a slice has a begin or an end")
        high = None if self.cursor.at("]") else self.pipe()
        self.cursor.expect("]")
        return syntax.Slice(target=target, low=low, high=high, offset=start)

    def _primary(self) -> syntax.Node:
        token = self.cursor.peek()
        if token.kind == "string":
            return self._text("text")
        if token.kind == "name":
            return self._word()
        if token.kind == "symbol":
            return self._symbol()
        if token.kind == "end":
            raise self.cursor.unexpected()
        self.cursor.next()
        if token.kind == "number":
            return syntax.Literal(value=number(token.text), offset=token.offset)
        if token.kind == "field":
            identity = syntax.Identity(offset=token.offset)
            return syntax.Field(target=identity, name=token.text[1:], offset=token.offset)
        if token.kind == "variable":
            return self._variable(token)
        if self.cursor.peek().kind == "string":
            return self._text(token.text[1:])
        return syntax.Format(name=token.text[1:], offset=token.offset)

    def _variable(self, token: Token) -> syntax.Node:
        if token.text == "$__loc__":
            return syntax.Literal(value={"file": "<top-level>", "line": 1}, offset=token.offset)
        return syntax.Variable(name=token.text[1:], offset=token.offset)

    def _symbol(self) -> syntax.Node:
        token = self.cursor.peek()
        if token.text == "..":
            self.cursor.next()
            return syntax.RecurseDefault(offset=token.offset)
        if token.text == ".":
            return self._dot()
        if token.text == "(":
            self.cursor.next()
            node = self.pipe()
            self.cursor.expect(")")
            return node
        if token.text == "[":
            return self._array()
        if token.text == "{":
            return self._object()
        raise self.cursor.unexpected()

    def _dot(self) -> syntax.Node:
        token = self.cursor.next()
        identity = syntax.Identity(offset=token.offset)
        if self.cursor.peek().kind == "string":
            return syntax.Index(target=identity, key=self._text("text"), offset=token.offset)
        return identity

    def _array(self) -> syntax.Node:
        token = self.cursor.expect("[")
        if self.cursor.take("]"):
            return syntax.Array(body=None, offset=token.offset)
        body = self.pipe()
        self.cursor.expect("]")
        return syntax.Array(body=body, offset=token.offset)

    def _text(self, form: str) -> syntax.Node:
        token = self.cursor.next()
        parts = [part if isinstance(part, str) else self._interpolated(part) for part in token.parts]
        if len(parts) == 1:
            return syntax.Literal(value=parts[0], offset=token.offset)
        return syntax.Text(format=form, parts=tuple(parts), offset=token.offset)

    def _interpolated(self, inner: tuple[Token, ...]) -> syntax.Node:
        outer, self.cursor = self.cursor, self.cursor.inside(inner)
        node = self.pipe()
        if self.cursor.peek().kind != "end":
            raise self.cursor.unexpected()
        self.cursor = outer
        return node

    def _object(self) -> syntax.Node:
        start = self.cursor.expect("{").offset
        entries: list[tuple[syntax.Node, syntax.Node]] = []
        while not self.cursor.take("}"):
            entries.append(self._entry())
            if not self.cursor.at("}"):
                self.cursor.expect(",")
        return syntax.Object(entries=tuple(entries), offset=start)

    def _entry(self) -> tuple[syntax.Node, syntax.Node]:
        token = self.cursor.peek()
        if token.kind == "variable":
            self.cursor.next()
            return syntax.Literal(value=token.text[1:], offset=token.offset), self._variable(token)
        key = self._key()
        if self.cursor.take(":"):
            return key, self.pipe(commas=False)
        if token.text == "(":
            raise self.cursor.unexpected("; `:` is expected here")
        target = syntax.Identity(offset=token.offset)
        return key, syntax.Index(target=target, key=key, offset=token.offset)

    def _key(self) -> syntax.Node:
        token = self.cursor.peek()
        if token.kind == "name":
            self.cursor.next()
            return syntax.Literal(value=token.text, offset=token.offset)
        if token.kind == "string":
            return self._text("text")
        if token.kind == "format" and self.cursor.peek(1).kind == "string":
            self.cursor.next()
            return self._text(token.text[1:])
        if self.cursor.take("("):
            node = self.pipe()
            if _never_text(node):
                raise ExpressionProblem("the key of an object must be a string", node.offset)
            self.cursor.expect(")")
            return node
        raise self.cursor.unexpected("; a key is a name, a string, a $name or an expression in brackets")

    def _word(self) -> syntax.Node:
        token = self.cursor.peek()
        form = {
            "if": self._if,
            "try": self._try,
            "reduce": self._reduce,
            "foreach": self._foreach,
            "label": self._label,
        }.get(token.text)
        if form is not None:
            self.cursor.next()
            with self.cursor.nested():
                return form(token.offset)
        if token.text in ("import", "include"):
            raise ExpressionProblem(f"`{token.text}` is not supported: an expression has no modules", token.offset)
        if token.text in KEYWORDS:
            raise self.cursor.unexpected()
        self.cursor.next()
        if token.text in _CONSTANTS:
            return syntax.Literal(value=_CONSTANTS[token.text], offset=token.offset)
        if token.text == "break" and self.cursor.peek().kind == "variable":
            return syntax.Leave(name=self.cursor.next().text[1:], offset=token.offset)
        return self._call(token)

    def _call(self, token: Token) -> syntax.Node:
        if "::" in token.text:
            raise ExpressionProblem(f"`{token.text}`: an expression has no modules", token.offset)
        arguments: list[syntax.Node] = []
        if self.cursor.take("("):
            arguments.append(self.pipe())
            while self.cursor.take(";"):
                arguments.append(self.pipe())
            self.cursor.expect(")")
        return syntax.Call(name=token.text, arguments=tuple(arguments), offset=token.offset)

    def _if(self, offset: int) -> syntax.Node:
        condition = self.pipe()
        self.cursor.expect("then")
        then = self.pipe()
        token = self.cursor.next()
        if token.text == "elif" and token.kind == "name":
            otherwise = self._if(token.offset)
        elif token.text == "else" and token.kind == "name":
            otherwise = self.pipe()
            self.cursor.expect("end")
        elif token.text == "end" and token.kind == "name":
            otherwise = syntax.Identity(offset=token.offset)
        else:
            raise ExpressionProblem("`elif`, `else` or `end` is expected here", token.offset)
        return syntax.If(condition=condition, then=then, otherwise=otherwise, offset=offset)

    def _try(self, offset: int) -> syntax.Node:
        body = self._tried()
        handler = self._tried() if self.cursor.take("catch") else syntax.Call(name="empty", arguments=())
        return syntax.Try(body=body, handler=handler, offset=offset)

    def _tried(self) -> syntax.Node:
        start = self.cursor.peek()
        return self._negated(start.offset) if self.cursor.take("-") else self.term()

    def _reduce(self, offset: int) -> syntax.Node:
        source, pattern = self._source()
        start = self.pipe()
        self.cursor.expect(";")
        update = self.pipe()
        self.cursor.expect(")")
        return syntax.Reduce(source=source, pattern=pattern, start=start, update=update, offset=offset)

    def _foreach(self, offset: int) -> syntax.Node:
        source, pattern = self._source()
        start = self.pipe()
        self.cursor.expect(";")
        update = self.pipe()
        extract = self.pipe() if self.cursor.take(";") else syntax.Identity(offset=offset)
        self.cursor.expect(")")
        return syntax.Foreach(
            source=source, pattern=pattern, start=start, update=update, extract=extract, offset=offset
        )

    def _source(self) -> tuple[syntax.Node, syntax.Pattern]:
        source = self.term()
        self.cursor.expect("as")
        pattern = self.pattern()
        self.cursor.expect("(")
        return source, pattern

    def _label(self, offset: int) -> syntax.Node:
        name = self.cursor.expect_kind("variable", "a $name")
        self.cursor.expect("|")
        return syntax.Label(name=name.text[1:], body=self.pipe(), offset=offset)

    def pattern(self) -> syntax.Pattern:
        """What stands after `as`: `$name`, `[…]` or `{…}`."""
        with self.cursor.nested():
            if self.cursor.take("["):
                items = [self.pattern()]
                while self.cursor.take(","):
                    items.append(self.pattern())
                self.cursor.expect("]")
                return syntax.ArrayPattern(tuple(items))
            if self.cursor.take("{"):
                entries = [self._pattern_entry()]
                while self.cursor.take(","):
                    entries.append(self._pattern_entry())
                self.cursor.expect("}")
                return syntax.ObjectPattern(tuple(entries))
            return syntax.NamePattern(self.cursor.expect_kind("variable", "a $name or a pattern").text[1:])

    def _pattern_entry(self) -> tuple[syntax.Node, str, syntax.Pattern | None]:
        token = self.cursor.peek()
        if token.kind == "variable":
            self.cursor.next()
            key: syntax.Node = syntax.Literal(value=token.text[1:], offset=token.offset)
            return key, token.text[1:], self.pattern() if self.cursor.take(":") else None
        key = self._key()
        self.cursor.expect(":")
        return key, "", self.pattern()


def _never_text(node: syntax.Node) -> bool:
    """Whether the node is a constant other than a string."""
    if isinstance(node, syntax.Array):
        return node.body is None or _constant(node.body)
    if isinstance(node, syntax.Object):
        return _constant(node)
    return isinstance(node, syntax.Literal) and type(node.value) is not str


def _constant(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Comma):
        return all(_constant(item) for item in node.items)
    if isinstance(node, syntax.Object):
        return all(_constant(part) for entry in node.entries for part in entry)
    return isinstance(node, syntax.Literal) or _never_text(node)


def number(text: str) -> int | float:
    """The value of a number's text; a whole number that is written with an exponent is an int."""
    if text.isdigit():
        return int(text) if len(text) <= 1000 else float(text)
    value = float(text)
    if "." not in text and abs(value) <= _MAX_EXACT and value.is_integer():
        return int(value)
    return value
