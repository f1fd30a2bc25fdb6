"""The state of one run: what it may still use, what its expressions can name."""

import json
import time
from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from typing import Any

from gatewright import __version__
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import LimitReached
from gatewright.flow.errors import limit_reached
from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpFailure
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.jq import Budget
from gatewright.flow.model import Host
from gatewright.flow.model import Limits
from gatewright.flow.trace import Watch
from gatewright.flow.turns import Turns
from gatewright.kernel.ids import row_id

clock = time.monotonic

_BETWEEN_LOOKS = 3
"""A mask: one step of four looks at the clock."""

NO_VARIABLES: dict[str, Any] = {}
"""Shared by every step whose expressions name no variable; never written to."""

RUNTIME = {"name": "Gatewright", "version": __version__, "metadata": {}}


class FlowEnded(Exception):
    """`then: end` was followed: the flow's work is done and `output` is its result."""

    def __init__(self, output: Any) -> None:
        self.output = output


class DeadlinePassed(Exception):
    """Work went on past `deadline`."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline


class Run:
    """What all steps of one run share. `context` is `$context`; it is replaced, never changed in place."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        secret_names: tuple[str, ...],
        raw_input: Any,
        host: Host,
        authorization: Callable[[], Mapping[str, Any]] | None,
        limits: Limits,
        trace: Watch | None,
        deadline: float,
        turns: Turns,
    ) -> None:
        self.host = host
        self.turns = turns
        self.trace = trace
        self.limits = limits
        self.steps = limits.steps
        self.budget = Budget(units=limits.units, size=limits.size, deadline=deadline, now=host.now, pause=turns)
        self.context: Any = {}
        self.tokens: dict[str, str] = {}  # access tokens got in this run, by what they were asked with
        self._definition = definition
        self._secret_names = secret_names
        self._raw_input = raw_input
        self._authorization = authorization
        self._secrets: dict[str, Any] | None = None
        self._workflow: dict[str, Any] | None = None

    def lookup(self, name: str) -> Any:
        """The value of a variable that is the same for the whole run."""
        if name == "context":
            return self.context
        if name == "workflow":
            return self._describe()
        if name == "runtime":
            return RUNTIME
        if name == "secrets":
            return self.secrets()
        if name == "authorization":
            return dict(self._authorization()) if self._authorization is not None else {}
        return None

    def secrets(self) -> dict[str, Any]:
        """All that `use.secrets` declares; from here on masked in the trace."""
        if self._secrets is None:
            self._secrets = {name: self.secret(name) for name in self._secret_names}
        return self._secrets

    def secret(self, name: str) -> Any:
        """One secret: the object that its text says in JSON, else the text. An unknown one: authorization error."""
        text = self.host.secret(name)
        if text is None:
            raise standard_error("authorization", f"the secret {name!r} is not there")
        value = _as_object(text)
        if self.trace is not None:
            self.trace.mask(text)
            self.trace.mask(value)
        return value

    async def request(self, request: HttpRequest, connection: str = "") -> HttpResponse:
        """What the host gives for a request. Raises HttpFailure, also for what the host did not foresee.

        connection: the name of the connection whose credentials go with it; empty: none.
        """
        try:
            if connection:
                return await self.host.request_through(connection, request)
            return await self.host.request(request)
        except (HttpFailure, FlowError):
            raise
        except Exception as error:
            raise HttpFailure("unreachable", "the request failed") from error

    def _describe(self) -> dict[str, Any]:
        if self._workflow is None:
            self._workflow = {
                "id": row_id(),
                "definition": self._definition,
                "input": self._raw_input,
                "startedAt": moment(self.host.now()),
            }
        return self._workflow


def _as_object(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value


def moment(seconds: float) -> dict[str, Any]:
    """The standard's date-time descriptor of a time in seconds since the epoch."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"iso8601": text, "epoch": {"seconds": int(seconds), "milliseconds": int(seconds * 1000)}}


class Frame:
    """Where in a run a step stands: the loop and error variables in reach, the deadline, how deep calls are nested."""

    __slots__ = ("deadline", "depth", "iteration", "local", "run")

    def __init__(
        self, run: Run, local: Mapping[str, Any], deadline: float, depth: int = 0, iteration: tuple[int, ...] = ()
    ) -> None:
        self.run, self.local, self.deadline, self.depth, self.iteration = run, local, deadline, depth, iteration

    def naming(self, local: Mapping[str, Any]) -> "Frame":
        """The same place with more variables."""
        return Frame(self.run, {**self.local, **local}, self.deadline, self.depth, self.iteration)

    def turn(self, local: Mapping[str, Any], index: int) -> "Frame":
        """One turn of a loop."""
        reach = {**self.local, **local} if self.local else local
        return Frame(self.run, reach, self.deadline, self.depth, (*self.iteration, index))

    def until(self, deadline: float) -> "Frame":
        """The same place with an earlier deadline."""
        return Frame(self.run, self.local, deadline, self.depth, self.iteration)

    def deeper(self) -> "Frame":
        """Inside a function: its body sees no variables of the caller."""
        if self.depth >= self.run.limits.depth:
            raise limit_reached("runtime", f"calls are nested deeper than {self.run.limits.depth}")
        return Frame(self.run, {}, self.deadline, self.depth + 1, self.iteration)

    def tick(self) -> None:
        """Account for one step. Raises LimitReached or DeadlinePassed."""
        run = self.run
        run.steps = left = run.steps - 1
        if left < 0:
            raise too_many_steps(run.limits)
        if left & _BETWEEN_LOOKS:
            return
        now = clock()
        if now > self.deadline:
            raise DeadlinePassed(self.deadline)
        if now > run.turns.ends:
            run.turns.give_way()

    def bind(self, names: tuple[str, ...], data: Any) -> dict[str, Any]:
        """The variables that a step's expressions name; `$input` is `data`."""
        local, run = self.local, self.run
        bound = {name: local[name] if name in local else run.lookup(name) for name in names}
        bound["input"] = data
        return bound


def too_many_steps(limits: Limits) -> LimitReached:
    """The refusal of one step more."""
    return limit_reached("runtime", f"the flow took more than {limits.steps} steps")


def extend(variables: Mapping[str, Any], frame: Frame, local: Mapping[str, Any]) -> dict[str, Any]:
    """A task's variables with more names, and with the context as its subtasks have left it."""
    extended = {**variables, **local}
    if "context" in extended:
        extended["context"] = frame.run.context
    return extended
