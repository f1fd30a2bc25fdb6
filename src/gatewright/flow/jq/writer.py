"""Python source in the making: functions, blocks, fresh names, constants.

Every local is `v<number>`, unique in the program, so that what a function needs from outside can be read off its text.
Constants are locals' atoms too: `repr` of short plain values, else a global `k<number>`; no text of an expression gets
into the source any other way.
"""

import re
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager

from gatewright.flow.jq.errors import ExpressionProblem

MAX_LINES = 20_000
"""Lines of one compiled expression: inlined definitions may multiply."""

_LOCAL = re.compile(r"\bv\d+\b")
_INLINE_TEXT = 200
_INLINE_NUMBER = 2**63


class Frame:
    """One Python function while it is written."""

    __slots__ = ("created", "indent", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.indent = 1
        self.created: set[str] = set()

    def free_names(self) -> list[str]:
        """Locals that the text uses and another function made."""
        used = set(_LOCAL.findall("\n".join(self.lines)))
        return sorted(used - self.created)


class Writer:
    """The program: finished functions, and a stack of those being written."""

    def __init__(self) -> None:
        self.frame = Frame()
        self.functions: list[str] = []
        self.constants: dict[str, object] = {}
        self.booleans: set[str] = set()
        self.allocated = 0
        self._names = 0
        self._lines = 0

    def name(self) -> str:
        """A fresh local of the function being written."""
        self._names += 1
        name = f"v{self._names}"
        self.frame.created.add(name)
        return name

    def line(self, text: str) -> None:
        """One statement."""
        self._lines += 1
        if self._lines > MAX_LINES or self.frame.indent > 60:
            raise ExpressionProblem("the expression is too large; its definitions may multiply")
        self.frame.lines.append("    " * self.frame.indent + text)

    def let(self, expression: str) -> str:
        """A fresh local with the value of a Python expression."""
        name = self.name()
        self.line(f"{name} = {expression}")
        return name

    def local(self, atom: str) -> str:
        """The atom as a local, for what may not be done to a constant."""
        return atom if atom.startswith("v") else self.let(atom)

    def constant(self, value: object) -> str:
        """An atom for a constant."""
        if value is None or value is True or value is False:
            return str(value)
        if type(value) is str and len(value) <= _INLINE_TEXT:
            return ascii(value)
        if type(value) is int and abs(value) < _INLINE_NUMBER:
            return repr(value) if value >= 0 else f"({value!r})"
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """A compound statement around what is written inside."""
        self.line(header)
        self.frame.indent += 1
        before = len(self.frame.lines)
        yield
        if len(self.frame.lines) == before:
            self.line("pass")
        self.frame.indent -= 1

    @contextmanager
    def loop(self, header: Callable[[int], str]) -> Iterator[None]:
        """A loop; `header` gets what one round costs, in units of the budget."""
        place, before = len(self.frame.lines), self.allocated
        frame = self.frame
        with self.block("pass"):
            yield
        frame.lines[place] = frame.lines[place].replace("pass", header(1 + self.allocated - before))

    def function(self, inputs: list[str], body: Callable[[], None], *, generator: bool) -> tuple[str, str]:
        """A function of its own: its name and the further arguments (", v1, v2") that it takes after `B` and `inputs`."""
        outer, self.frame = self.frame, Frame()
        self.frame.created.update(inputs)
        body()
        if generator:
            self.line("if False: yield")
        inner, self.frame = self.frame, outer
        free = inner.free_names()
        name = f"f{len(self.functions)}"
        parameters = ", ".join(["B", *inputs, *free])
        self.functions.append(f"def {name}({parameters}):\n" + "\n".join(inner.lines))
        return name, "".join(f", {one}" for one in free)

    def fresh(self) -> str:
        """A name for a parameter of a function that is about to be written."""
        self._names += 1
        return f"v{self._names}"

    def main(
        self, x: str, variables: dict[str, str], body: Callable[[], None], *, generator: bool
    ) -> tuple[str, frozenset[str]]:
        """The whole source, with `main(x, V, B)` around the body, and the names of the variables that it reads."""
        self.frame.created.add(x)
        body()
        self.line("if False: yield" if generator else "return NOTHING")
        needed = set(self.frame.free_names())
        used = {name: atom for name, atom in variables.items() if atom in needed}
        reads = [f"    {atom} = read(V, {name!a})" for name, atom in used.items()]
        return "\n".join([*self.functions, f"def main({x}, V, B):", *reads, *self.frame.lines]), frozenset(used)
