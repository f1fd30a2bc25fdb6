"""What is wrong with a flow's text: each problem with its place, its cause and its mend."""

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Literal

import msgspec

from gatewright.kernel.yaml import Document

if TYPE_CHECKING:
    from gatewright.flow.kind import Kind


class Problem(msgspec.Struct, frozen=True, order=True):
    """One finding. Line and column count from 1; `pointer` is the JSON pointer (RFC 6901) of what it concerns."""

    line: int
    column: int
    pointer: str
    message: str
    mend: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        mend = f" ({self.mend})" if self.mend else ""
        return f"line {self.line}, column {self.column}: {self.message}{mend}"


class FlowProblems(Exception):
    """A flow that cannot be loaded, with every problem found; `str()` has one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Collector:
    """Gathers the problems of one document, so that all are told at once.

    `kinds`: the kinds of task, by keyword. `unfit`: pointers of tasks too malformed to compile.
    """

    def __init__(self, document: Document, kinds: Mapping[str, "Kind"]) -> None:
        self._document = document
        self._found: set[Problem] = set()
        self.kinds = kinds
        self.unfit: set[str] = set()

    def value(self, pointer: str, message: str, mend: str = "") -> None:
        """An error of the value at `pointer`."""
        line, column = self._document.place(pointer)
        self._found.add(Problem(line, column, pointer, message, mend))

    def key(self, pointer: str, message: str, mend: str = "") -> None:
        """An error of the keyword that ends `pointer`."""
        line, column = self._document.key_place(pointer)
        self._found.add(Problem(line, column, pointer, message, mend))

    def warn(self, pointer: str, message: str, mend: str = "") -> None:
        """Something that runs, but hardly as it was meant."""
        line, column = self._document.key_place(pointer)
        self._found.add(Problem(line, column, pointer, message, mend, "warning"))

    def place(self, pointer: str) -> tuple[int, int]:
        """Line and column of the value at `pointer`."""
        return self._document.place(pointer)

    def sorted(self) -> list[Problem]:
        """All problems in the order of the text."""
        return sorted(self._found)

    def errors(self) -> list[Problem]:
        """Those that keep the flow from loading."""
        return [problem for problem in self.sorted() if problem.severity == "error"]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A mend that names the known word nearest to `word`, else `otherwise`."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else otherwise


def join(pointer: str, *tokens: str | int) -> str:
    """`pointer` extended by raw tokens (RFC 6901 §4)."""
    return pointer + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
