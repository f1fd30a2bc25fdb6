"""What every engine offers: run a verb in a transaction, durable before it returns.

client = await database.read(clients.find, client_id)
outcome = await database.write(codes.redeem, code_digest, token, now)
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Concatenate
from typing import Final
from typing import ParamSpec
from typing import Protocol
from typing import TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Row = Sequence[Any]


class Transaction(Protocol):
    """One transaction. SQL is in the subset both engines share, with `?` for parameters."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """All rows of a query, or of a statement with RETURNING."""
        ...

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row, or None."""
        ...

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement; the number of rows it changed."""
        ...

    def announce(self, kind: str, key: str, now: int) -> None:
        """Record a change that caches must follow. It becomes visible with this transaction's commit.

        From here to the commit no other transaction that announces runs, on any node: a verb that replaces several
        rows announces first and is alone. A verb that ends grants announces last: the locks of grants come first.
        """
        ...

    def alone(self) -> None:
        """From here to the commit no other transaction that announces, or is alone, runs, on any node."""
        ...


Verb = Callable[Concatenate[Transaction, P], T]


class NotTogether(Exception):
    """These calls must run one by one. What was done for them is undone."""


Calls = Sequence[tuple[Sequence[Any], Mapping[str, Any]]]
"""The arguments of several calls of a verb, by place and by name."""
Together = Callable[[Transaction, Calls], Sequence[Any]]
_TOGETHER: Final = "together"


def together(run: Together) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Marks a verb of which many calls wait at once: `run` does several as one, in few statements, as if one by one.

    It gives each call's result, or raises NotTogether when they depend on each other or do not all go as they mostly do.
    """

    def mark(verb: Callable[P, T]) -> Callable[P, T]:
        setattr(verb, _TOGETHER, run)
        return verb

    return mark


def together_of(verb: Callable[..., Any]) -> Together | None:
    """What runs several calls of the verb as one."""
    found: Together | None = getattr(verb, _TOGETHER, None)
    return found


class Database(Protocol):
    """A store. A verb may be run again after a failure, so it has no effect but on its transaction."""

    @property
    def waiting(self) -> int:
        """How many calls wait for the engine now."""
        ...

    @property
    def trouble(self) -> str:
        """A sentence on what keeps the engine from doing all it should, since when it last failed; empty: nothing does."""
        ...

    @property
    def feed(self) -> "ChangeFeed":
        """Tells caches whether they are true."""
        ...

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that only reads. Each of its queries sees all that was committed before it began."""
        ...

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb in a transaction that is on disk when this returns.

        Raises Unavailable when it could not be, Conflict when a name is taken or what a row refers to is gone.
        """
        ...

    async def close(self) -> None:
        """Finish what is waiting and let go."""
        ...


class ChangeFeed(Protocol):
    """Tells whether what this process remembers is still true (DESIGN, promise 5)."""

    def position(self) -> int | None:
        """A number that is the same as long as nothing changed; None while that cannot be known."""
        ...
