"""What a step's card says: its kind, and one line about what it does."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final

_KINDS: Final = ("call", "set", "switch", "for", "fork", "try", "raise", "run", "wait", "emit", "do")
_LONGEST: Final = 120


def kind_of(task: Mapping[str, Any]) -> str:
    """The kind of a task by its keyword; "" for none."""
    return next((kind for kind in _KINDS if kind in task), "")


def summary_of(kind: str, task: Mapping[str, Any]) -> str:
    """One line about what the task does, in the words of its text."""
    words = _SUMMARIES.get(kind)
    try:
        line = words(task) if words else ""
    except (AttributeError, TypeError, KeyError, IndexError):  # a text that is being written
        line = ""
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _call(task: Mapping[str, Any]) -> str:
    name, given = str(task["call"]), task.get("with") or {}
    if name == "http":
        endpoint = given.get("endpoint", "")
        address = endpoint.get("uri", "") if isinstance(endpoint, dict) else endpoint
        return f"{str(given.get('method', 'get')).upper()} {address}"
    if name == "openapi":
        return f"OpenAPI {given.get('operationId', '')}"
    return name


def _set(task: Mapping[str, Any]) -> str:
    value = task["set"]
    return ", ".join(map(str, value)) if isinstance(value, dict) else str(value)


def _switch(task: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for item in task["switch"] for name in item)


def _for(task: Mapping[str, Any]) -> str:
    loop = task["for"]
    until = f", while {task['while']}" if "while" in task else ""
    return f"each {loop.get('each', 'item')} in {loop.get('in', '')}{until}"


def _fork(task: Mapping[str, Any]) -> str:
    return "the first that succeeds" if task["fork"].get("compete") else "all, side by side"


def _try(task: Mapping[str, Any]) -> str:
    catch = task.get("catch") or {}
    retry = catch.get("retry")
    if retry is None:
        return ""
    count = ((retry.get("limit") or {}).get("attempt") or {}).get("count") if isinstance(retry, dict) else None
    return f"again up to {count} times" if count else f"again by {retry}" if isinstance(retry, str) else "again"


def _raise(task: Mapping[str, Any]) -> str:
    error = task["raise"]["error"]
    return error if isinstance(error, str) else f"{error.get('status', '')} {error.get('title', '')}".strip()


def _run(task: Mapping[str, Any]) -> str:
    workflow = task["run"]["workflow"]
    return f"{workflow['namespace']}:{workflow['name']}"


def _wait(task: Mapping[str, Any]) -> str:
    time = task["wait"]
    return time if isinstance(time, str) else ", ".join(f"{amount} {unit}" for unit, amount in time.items())


def _emit(task: Mapping[str, Any]) -> str:
    return str(task["emit"]["event"]["with"]["type"])


_SUMMARIES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "call": _call,
    "set": _set,
    "switch": _switch,
    "for": _for,
    "fork": _fork,
    "try": _try,
    "raise": _raise,
    "run": _run,
    "wait": _wait,
    "emit": _emit,
}
