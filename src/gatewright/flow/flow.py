"""A loaded flow, and one run of it."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec

from gatewright.flow.errors import FlowError
from gatewright.flow.errors import LimitReached
from gatewright.flow.errors import limit_reached
from gatewright.flow.errors import standard_error
from gatewright.flow.jq import BudgetExceeded
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import bounded
from gatewright.flow.model import DEFAULT_LIMITS
from gatewright.flow.model import Host
from gatewright.flow.model import Limits
from gatewright.flow.openapi.kept import Documents
from gatewright.flow.run import DeadlinePassed
from gatewright.flow.run import FlowEnded
from gatewright.flow.run import Frame
from gatewright.flow.run import Run
from gatewright.flow.run import clock
from gatewright.flow.schema import Check
from gatewright.flow.scope import Value
from gatewright.flow.sequence import Body
from gatewright.flow.trace import Watch
from gatewright.flow.turns import InTurns
from gatewright.flow.turns import TurnOver
from gatewright.flow.turns import Turns
from gatewright.kernel.started import Started

_TAKEN_FOR_LONG: Final = 100
"""So many runs are begun as if they were long after one that was."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What compiling gives: the document and its closures."""

    definition: dict[str, Any]
    steps: Body
    input_check: Check | None
    input_from: Value | None
    output_as: Value | None
    output_check: Check | None
    timeout: Value | None
    names_before: tuple[str, ...]
    names_after: tuple[str, ...]
    connections: frozenset[str] = frozenset()
    documents: Documents


class Flow:
    """A flow that is ready to run; it holds no state of any run, so any number may go on at once."""

    def __init__(self, parts: Parts) -> None:
        definition = parts.definition
        document = definition["document"]
        self.definition = definition
        self.namespace: str = document["namespace"]
        self.name: str = document["name"]
        self.version: str = document["version"]
        self.title: str = document.get("title") or ""
        self.summary: str = document.get("summary") or ""
        self.metadata: dict[str, Any] = document.get("metadata") or {}
        self.input_schema: dict[str, Any] | None = _schema(definition.get("input"))
        self.output_schema: dict[str, Any] | None = _schema(definition.get("output"))
        self.secrets: tuple[str, ...] = tuple((definition.get("use") or {}).get("secrets") or ())
        self.connections: frozenset[str] = parts.connections
        self.documents: Documents = parts.documents
        self.is_async: bool = parts.steps.is_async
        self._parts = parts
        self._long_for = 0

    @property
    def wants_envelope(self) -> bool:
        """Whether its input is the whole request: headers, query, path, body, principal."""
        return bool(_option(self.metadata, "input") == "envelope")

    @property
    def gives_response(self) -> bool:
        """Whether its output is a response: statusCode, headers, content."""
        return bool(_option(self.metadata, "output") == "response")

    async def run(
        self,
        input: object,  # noqa: A002 - the standard's word
        host: Host,
        *,
        authorization: Callable[[], Mapping[str, Any]] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        trace: Watch | None = None,
    ) -> object:
        """Run once; `input` is a JSON value and is never changed. Raises FlowError for every failure of the flow.

        `authorization`: gives what `$authorization` does (subject, client, scopes), never a token.
        """
        deadline = clock() + limits.seconds

        def begun(turns: Turns) -> Coroutine[Any, Any, Any]:
            run = Run(self.definition, self.secrets, input, host, authorization, limits, trace, deadline, turns)
            return self._run(Frame(run, {}, deadline), input)

        try:
            if trace is None and not self.is_async and not self._is_long():
                try:
                    return await begun(Turns(again=True))
                except TurnOver:
                    self._long_for = _TAKEN_FOR_LONG
            turns = Turns()
            started = Started(InTurns(begun(turns), turns))
            return started.output if started.ended else await _until(deadline, started)
        except DeadlinePassed:
            raise self._too_slow(limits.seconds) from None

    def _is_long(self) -> bool:
        """Whether a run of late took more than a turn, so that the next one had better not begin twice."""
        if self._long_for:
            self._long_for -= 1
            return True
        return False

    async def _run(self, frame: Frame, raw: Any) -> Any:
        seconds = frame.run.limits.seconds
        if self._parts.timeout is not None:
            given: float = self._before(frame, self._parts.timeout, raw, "/timeout")
            if given < seconds:
                seconds, frame = given, frame.until(clock() + given)
        data = self._begin(frame, raw)
        steps = self._parts.steps
        try:
            if not steps.is_async:
                data = steps.run(frame, data)
            elif seconds < frame.run.limits.seconds:
                data = await _until(frame.deadline, steps.run(frame, data))
            else:
                data = await steps.run(frame, data)
        except FlowEnded as ended:
            data = ended.output
        except DeadlinePassed:
            raise self._too_slow(seconds) from None
        return self._end(frame, data)

    def _too_slow(self, seconds: float) -> LimitReached:
        return limit_reached("timeout", f"the flow took longer than {seconds:g} s")

    def _begin(self, frame: Frame, raw: Any) -> Any:
        parts = self._parts
        if parts.input_check is not None:
            _check(parts.input_check, raw, "/input")
        return raw if parts.input_from is None else self._before(frame, parts.input_from, raw, "/input/from")

    def _before(self, frame: Frame, value: Value, raw: Any, at: str) -> Any:
        return _evaluate(frame, value, raw, frame.bind(self._parts.names_before, raw), at)

    def _end(self, frame: Frame, data: Any) -> Any:
        parts = self._parts
        if parts.output_as is not None:
            data = _evaluate(frame, parts.output_as, data, frame.bind(parts.names_after, data), "/output/as")
        _bound(frame, data, "/output")
        if parts.output_check is not None:
            _check(parts.output_check, data, "/output")
        return data


def _evaluate(frame: Frame, value: Value, data: Any, variables: Mapping[str, Any], at: str) -> Any:
    try:
        return value.of(data, variables, frame.run.budget)
    except BudgetExceeded as error:
        raise _at(limit_reached("runtime", str(error)), at) from None
    except ExpressionError as error:
        raise _at(standard_error("expression", str(error)), at) from None
    except FlowError as error:
        raise _at(error, at) from error.__cause__


def _bound(frame: Frame, value: Any, at: str) -> None:
    """Values share their parts: what is small here may be endless once it is written out."""
    try:
        bounded(frame.run.budget, value)
    except BudgetExceeded as error:
        raise _at(limit_reached("runtime", str(error)), at) from None


def _check(check: Check, value: Any, at: str) -> None:
    try:
        check(value)
    except FlowError as error:
        raise _at(error, at) from None


def _at(error: FlowError, pointer: str) -> FlowError:
    error.instance = error.instance or pointer
    return error


def _schema(part: Any) -> dict[str, Any] | None:
    schema = (part or {}).get("schema")
    return schema["document"] if schema else None


async def _until(deadline: float, work: Awaitable[Any]) -> Any:
    """What the work gives. Raises DeadlinePassed when it takes longer."""
    try:
        async with asyncio.timeout(deadline - clock()) as watch:
            return await work
    except TimeoutError:
        if not watch.expired():
            raise
    raise DeadlinePassed(deadline)


def _option(metadata: Mapping[str, Any], name: str) -> Any:
    return (metadata.get("gatewright") or {}).get(name)
