"""What `gatewright flow check` and `gatewright flow run` do, as functions that print nothing."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gatewright.flow.errors import FlowError
from gatewright.flow.flow import Flow
from gatewright.flow.http import Call
from gatewright.flow.http import HttpxHost
from gatewright.flow.load import check_flow
from gatewright.flow.load import load_flow
from gatewright.flow.model import Registry
from gatewright.flow.problems import FlowProblems
from gatewright.flow.problems import Problem


class Outcome(msgspec.Struct, frozen=True):
    """What to write to the standard streams, each text with its final newline, and the exit status."""

    status: int
    output: str = ""
    error: str = ""


def check_file(path: Path, registry: Registry | None = None) -> Outcome:
    """Every problem of a flow, one line each with its place and mend; status 1 when there is an error among them."""
    try:
        problems = check_flow(path.read_text(encoding="utf-8"), registry)
    except (OSError, UnicodeDecodeError) as error:
        return Outcome(1, error=f"{path}: {_reason(error)}\n")
    failed = any(problem.severity == "error" for problem in problems)
    return Outcome(int(failed), error=_listed(path, problems)) if problems else Outcome(0, f"{path}: no problems\n")


def run_file(
    path: Path,
    given: str | None = None,
    allowed_hosts: Iterable[str] | None = None,
    registry: Registry | None = None,
    call: Call | None = None,
) -> Outcome:
    """Run a flow without a server. `given`: its input as JSON, or `@FILE`; none: an empty object.

    `registry`, `call`: the services there are all the same, those that are built in.

    The output is JSON; an error of the flow is its problem details (RFC 9457) on the error stream, with status 1.
    """
    try:
        flow = load_flow(path.read_text(encoding="utf-8"), registry)
        value = _input(given)
    except FlowProblems as found:
        return Outcome(1, error=_listed(path, found.problems))
    except (OSError, UnicodeDecodeError) as error:
        return Outcome(1, error=f"{getattr(error, 'filename', None) or path}: {_reason(error)}\n")
    except msgspec.DecodeError as error:
        return Outcome(1, error=f"the input is no JSON: {error}\n")
    hosts = None if allowed_hosts is None else frozenset(host.lower() for host in allowed_hosts)
    return asyncio.run(_run(flow, value, hosts, call))


async def _run(flow: Flow, value: object, hosts: frozenset[str] | None, call: Call | None) -> Outcome:
    async with HttpxHost(allowed_hosts=hosts, call=call) as host:
        try:
            output = await flow.run(value, host)
        except FlowError as error:
            return Outcome(1, error=_json(error.problem()))
    return Outcome(0, _json(output))


def _input(given: str | None) -> object:
    if given is None:
        return {}
    text = Path(given[1:]).read_bytes() if given.startswith("@") else given.encode()
    value: object = msgspec.json.decode(text)
    return value


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _listed(path: Path, problems: Iterable[Problem]) -> str:
    lines = []
    for problem in problems:
        mend = f" ({problem.mend})" if problem.mend else ""
        lines.append(f"{path}:{problem.line}:{problem.column}: {problem.severity}: {problem.message}{mend}\n")
    return "".join(lines)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error.strerror or error)
