"""A run as the console shows it: what came out, and each step with input, output and time."""

import difflib
from typing import Any
from typing import Final

from gatewright.console.templating import pretty_json
from gatewright.flow import Trace
from gatewright.flow.trace import Record
from gatewright.kernel import yaml
from gatewright.services.errors import ServiceError
from gatewright.services.failing_runs import steps_of
from gatewright.store.failing_runs import FailingRun

Marks = dict[str, dict[str, Any]]
"""What the diagram's cards say of a run, by pointer: `marks` of `packages/_diagram.html`."""
_MOST_COMPARED: Final = 400
"""Lines. Comparing takes time that grows with their square."""


def show_run(
    trace: Trace, source: str, seconds: float, *, output: Any = None, error: ServiceError | None = None,
    stopped: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The context of `packages/_run.html`. source: the flow's text, for the steps' lines. stopped: where it waits."""
    place = str(error.extensions.get("instance", "")) if error else ""
    return {
        "ok": error is None,
        "stopped": stopped,
        "note": "",
        "test": "",
        "status": error.status if error else 200,
        "milliseconds": seconds * 1000,
        "output": "" if error or stopped else pretty_json(output),
        "error": {"title": error.title, "detail": error.detail, "place": place} if error else None,
        "steps": _steps(trace, source),
        "left_out": trace.left_out,
    }


def show_failing_run(run: FailingRun, source: str) -> tuple[dict[str, Any], Marks]:
    """A run that failed some time ago, as it was recorded."""
    trace = Trace(most=len(run.steps) + 1)
    for record in steps_of(run):
        trace.add(record)
    trace.left_out = run.left_out
    place = {"instance": str(run.steps[-1]["pointer"])} if run.steps else {}
    error = ServiceError(run.status, run.title, run.detail, extensions=place)
    return show_run(trace, source, run.seconds, error=error), marks_of(trace, source)


def marks_of(trace: Trace, source: str) -> Marks:
    """What the diagram's cards say of a run."""
    document = _document(trace, source)
    marks: Marks = {}
    for record in trace.records:
        mark = marks.setdefault(record.pointer, {"runs": 0, "milliseconds": 0.0, "state": "good", "thens": []})
        mark["runs"] += 1
        mark["milliseconds"] += record.seconds * 1000
        mark["thens"].append(record.then or _next(record.pointer, document))
        if record.error is not None:
            mark["state"] = "failed"
    return marks


def _next(pointer: str, document: yaml.Document | None) -> str:
    """The name of the step after this one in its list; exit: there is none."""
    *path, index, _ = pointer.split("/")[1:]
    value = document.value if document else None
    for part in path:
        value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else _item(value, part)
    following = _item(value, str(int(index) + 1))
    return next(iter(following)) if isinstance(following, dict) else "exit"


def _item(value: Any, index: str) -> Any:
    return value[int(index)] if isinstance(value, list) and index.isdigit() and int(index) < len(value) else None


def _document(trace: Trace, source: str) -> yaml.Document | None:
    try:
        return yaml.load(source) if source and trace.records else None
    except yaml.YamlProblem:
        return None


def _steps(trace: Trace, source: str) -> list[dict[str, Any]]:
    document = _document(trace, source)
    first = min((record.started for record in trace.records), default=0.0)
    whole = max((record.started + record.seconds - first for record in trace.records), default=0.0)
    return [_step(record, document, first, whole or 1.0) for record in trace.records]


def _step(record: Record, document: yaml.Document | None, first: float, whole: float) -> dict[str, Any]:
    """first, whole: when the first step began and how long all took, in seconds, for the bars."""
    iteration = "".join(f"[{index}]" for index in record.iteration)
    given, gave = pretty_json(record.input), pretty_json(record.output)
    return {
        "pointer": record.pointer,
        "turn": "Turn " + ".".join(str(index + 1) for index in record.iteration) if record.iteration else "",
        "name": record.name + iteration,
        "kind": record.kind + (f" → {record.then}" if record.then else ""),
        "line": document.place(record.pointer)[0] if document else 1,
        "depth": min(max(sum(part.isdigit() for part in record.pointer.split("/")) - 1, 0), 4),
        "milliseconds": record.seconds * 1000,
        "offset": min(int((record.started - first) / whole * 100), 98),
        "width": min(int(record.seconds / whole * 100), 100),
        "error": _error(record.error),
        "input": given,
        "changed": _changed(given, gave),
        "context": pretty_json(record.context) if record.context else "",
    }


def _changed(given: str, gave: str) -> list[dict[str, Any]]:
    """The lines of what came out; those that did not come in are new."""
    before, after = given.splitlines(), gave.splitlines()
    if len(before) > _MOST_COMPARED or len(after) > _MOST_COMPARED:
        return [{"text": line, "is_new": False} for line in after]
    same = set[int]()
    bare = [line.rstrip(",") for line in before], [line.rstrip(",") for line in after]
    for block in difflib.SequenceMatcher(None, *bare, autojunk=False).get_matching_blocks():
        same.update(range(block.b, block.b + block.size))
    return [{"text": line, "is_new": index not in same} for index, line in enumerate(after)]


def _error(problem: Any) -> str:
    if problem is None:
        return ""
    if isinstance(problem, dict):
        return ": ".join(str(problem[key]) for key in ("title", "detail") if problem.get(key))
    return str(problem)
