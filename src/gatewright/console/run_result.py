"""A run as the console shows it: what came out, and each step with input, output and time."""

from typing import Any

from gatewright.console.templating import pretty_json
from gatewright.flow import Trace
from gatewright.flow.trace import Record
from gatewright.kernel import yaml
from gatewright.services.errors import ServiceError


def show_run(
    trace: Trace, source: str, seconds: float, *, output: Any = None, error: ServiceError | None = None
) -> dict[str, Any]:
    """The context of `packages/_run.html`. source: the flow's text, for the steps' lines."""
    place = str(error.extensions.get("instance", "")) if error else ""
    return {
        "ok": error is None,
        "status": error.status if error else 200,
        "milliseconds": seconds * 1000,
        "output": "" if error else pretty_json(output),
        "error": {"title": error.title, "detail": error.detail, "place": place} if error else None,
        "steps": _steps(trace, source),
        "left_out": trace.left_out,
    }


def _steps(trace: Trace, source: str) -> list[dict[str, Any]]:
    try:
        document = yaml.load(source) if source and trace.records else None
    except yaml.YamlProblem:
        document = None
    first = min((record.started for record in trace.records), default=0.0)
    whole = max((record.started + record.seconds - first for record in trace.records), default=0.0)
    return [_step(record, document, first, whole or 1.0) for record in trace.records]


def _step(record: Record, document: yaml.Document | None, first: float, whole: float) -> dict[str, Any]:
    """first, whole: when the first step began and how long all took, in seconds, for the bars."""
    iteration = "".join(f"[{index}]" for index in record.iteration)
    return {
        "name": record.name + iteration,
        "kind": record.kind + (f" → {record.then}" if record.then else ""),
        "line": document.place(record.pointer)[0] if document else 1,
        "depth": min(max(sum(part.isdigit() for part in record.pointer.split("/")) - 1, 0), 4),
        "milliseconds": record.seconds * 1000,
        "offset": min(int((record.started - first) / whole * 100), 98),
        "width": min(int(record.seconds / whole * 100), 100),
        "error": _error(record.error),
        "input": pretty_json(record.input),
        "output": pretty_json(record.output),
        "context": pretty_json(record.context) if record.context else "",
    }


def _error(problem: Any) -> str:
    if problem is None:
        return ""
    if isinstance(problem, dict):
        return ": ".join(str(problem[key]) for key in ("title", "detail") if problem.get(key))
    return str(problem)
