"""Running one case: the service as it is, in a runtime of its own, with stand-ins for what is outside."""

import time
from typing import Any
from typing import Final

import httpx
import msgspec
from msgspec import UNSET

from gatewright.flow import Trace
from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import compile_expression
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.envelope import envelope
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from gatewright.services.invocation import to_json
from gatewright.services.outgoing import Outgoing
from gatewright.services.testing.cases import VARIABLES
from gatewright.services.testing.cases import Case
from gatewright.services.testing.cases import ExpectedError
from gatewright.services.testing.cases import Person
from gatewright.services.testing.difference import difference
from gatewright.services.testing.difference import shown
from gatewright.services.testing.mocks import NoUpstreams
from gatewright.services.testing.mocks import OpenConnections
from gatewright.services.testing.mocks import StandIns

_SECONDS: Final = 30.0
_SECRET: Final = "GATEWRIGHT_SECRET_"


class Result(msgspec.Struct, kw_only=True):
    """How a case went. problems: what was not as expected, a line each; none: it passed.

    output: what came out, a JSON value; error: the problem details instead. trace: the steps of a flow.
    """

    file: str
    line: int
    name: str
    service: str
    problems: list[str]
    seconds: float = 0.0
    output: Any = None
    error: dict[str, Any] | None = None
    trace: Trace | None = None

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


async def run_case(catalogue: Catalogue, case: Case) -> Result:
    """Run one case. Nothing leaves the machine: a request that no mock answers fails, and so does the case."""
    entry, stand_ins, trace = case.entry, StandIns(case), Trace()
    now = case.now
    runtime = Runtime(
        threads=2,
        outgoing=Outgoing(transport=httpx.MockTransport(stand_ins.answer)),
        connections=OpenConnections(),
        upstreams=NoUpstreams(stand_ins),
        log_failures=False,
        environ={_SECRET + name.upper().replace("-", "_"): text for name, text in entry.secrets.items()},
        clock=time.time if now is None else lambda: now,
    )
    result = Result(file=case.file, line=case.line, name=entry.name, service=case.service, problems=[], trace=trace)
    service, caller = catalogue.services[case.service], _caller(entry.caller)
    values = envelope(caller) | entry.input if service.wants_envelope else entry.input
    began = time.perf_counter()
    try:
        output = await runtime.invoke(
            stand_ins.catalogue(catalogue), case.service, dict(values), caller, seconds=_SECONDS, trace=trace
        )
        result.output = _plain(output, service)
    except ServiceError as error:
        result.error = error.problem()
    finally:
        result.seconds = time.perf_counter() - began
        await runtime.close()
    result.problems = [*_judged(case, result), *stand_ins.problems()]
    if result.problems:
        causes = [run.cause for run in runtime.failing_runs.take() if run.cause]
        result.problems += [line for cause in causes for line in cause.splitlines()]
    return result


def _caller(given: Person | None) -> Caller:
    person = given or Person()
    return Caller(
        kind="user" if person.subject != person.client_id else "client",
        subject=person.subject,
        client_id=person.client_id or None,
        username=person.username or None,
        scopes=person.scopes,
        groups=frozenset(person.groups),
    )


def _plain(output: object, service: Service) -> Any:
    """The output as whoever calls reads it: through JSON and back."""
    return msgspec.json.decode(msgspec.json.encode(to_json(output, service)))


def _judged(case: Case, result: Result) -> list[str]:
    expect = case.entry.expect
    if expect.error is not None:
        problems = _judged_error(expect.error, result)
    elif result.error is not None:
        return [f"it failed: {_told(result.error)}"]
    else:
        problems = []
        if expect.output is not UNSET:
            problems += difference(expect.output, result.output)
        if expect.contains is not UNSET:
            problems += difference(expect.contains, result.output, at_least=True)
    return [*problems, *_judged_by_conditions(case, result)]


def _judged_error(expected: ExpectedError, result: Result) -> list[str]:
    if result.error is None:
        return [f"it should have failed, and gave {shown(result.output)}"]
    wanted = msgspec.to_builtins(expected)
    problem = {"type": "about:blank", "title": "", "detail": ""} | result.error
    return [
        f"error.{name}: expected {shown(value)}, got {shown(problem.get(name))}"
        for name, value in wanted.items()
        if problem.get(name) != value
    ]


def _judged_by_conditions(case: Case, result: Result) -> list[str]:
    data = result.output if result.error is None else result.error
    problems = []
    for text in case.entry.expect.that:
        try:
            value = compile_expression(text, variables=VARIABLES).first(data, {"input": case.entry.input}, Budget())
        except ExpressionError as error:
            problems.append(f"`{text}` cannot be told of {shown(data)}: {error}")
            continue
        if value is not True:
            problems.append(f"`{text}` gave {shown(value)}, expected true, of {shown(data)}")
    return problems


def _told(problem: dict[str, Any]) -> str:
    detail = f": {problem['detail']}" if problem.get("detail") else ""
    place = f" (at {problem['instance']})" if problem.get("instance") else ""
    return f"{problem['status']} {problem['title']}{detail}{place}"
