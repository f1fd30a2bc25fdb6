"""The check of a document's structure: keywords, names, directives, and what the synchronous profile leaves out."""

import re
from collections.abc import Mapping
from typing import Any

from gatewright.flow.kind import Kind
from gatewright.flow.problems import Collector
from gatewright.flow.problems import did_you_mean
from gatewright.flow.problems import join
from gatewright.flow.sequence import DIRECTIVES
from gatewright.flow.sequence import targets_of
from gatewright.flow.shapes import Shape
from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.flow.shapes import word
from gatewright.flow.vocabulary import COMMON
from gatewright.flow.vocabulary import INPUT
from gatewright.flow.vocabulary import OUTPUT
from gatewright.flow.vocabulary import TIMEOUT_OR_NAME
from gatewright.flow.vocabulary import USE

_REFUSED_KINDS = {
    "listen": "a flow answers a call and cannot listen for events: they are outside the synchronous profile"
}
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")


def task_list(value: Any, at: str, problems: Collector) -> bool:
    """A list of named tasks. Misfits are told and marked in `problems.unfit`; the list itself stays usable."""
    if not isinstance(value, list) or not value:
        problems.value(at, "a list of named tasks is expected here", "write '- name:' and the task below it")
        return False
    names = [_name(item, join(at, index), problems) for index, item in enumerate(value)]
    _check_names(names, at, problems)
    for index, name in enumerate(names):
        if name is not None:
            place = join(at, index, name)
            if not task(value[index][name], place, problems):
                problems.unfit.add(place)
    _check_directives(value, names, at, problems)
    return True


def branch_list(value: Any, at: str, problems: Collector) -> bool:
    """The branches of a fork: named tasks that cannot lead to one another."""
    if not isinstance(value, list) or not value:
        return task_list(value, at, problems)
    names = [_name(item, join(at, index), problems) for index, item in enumerate(value)]
    _check_names(names, at, problems)
    for index, name in enumerate(names):
        if name is not None and not single_task(value[index][name], join(at, index, name), problems):
            problems.unfit.add(join(at, index, name))
    return True


def single_task(value: Any, at: str, problems: Collector) -> bool:
    """A task that stands alone: a function's body, or a branch."""
    fits = task(value, at, problems)
    if isinstance(value, dict):
        _check_targets(value, targets_of([])[0], at, problems)
    return fits


def _name(item: Any, at: str, problems: Collector) -> str | None:
    if isinstance(item, dict) and len(item) == 1:
        name = next(iter(item))
        if isinstance(name, str) and name:
            return name
    problems.value(at, "an item of a task list has exactly one name", "give each task its own '- name:'")
    problems.unfit.add(at)
    return None


def _check_names(names: list[str | None], at: str, problems: Collector) -> None:
    seen = set[str]()
    for index, name in enumerate(names):
        if name is None:
            continue
        if name in DIRECTIVES:
            problems.key(
                join(at, index, name), f"{name!r} is a directive and cannot name a task", "choose another name"
            )
        elif name in seen:
            problems.key(join(at, index, name), f"a task named {name!r} is already in this list", "names are unique")
        seen.add(name)


def task(value: Any, at: str, problems: Collector) -> bool:
    """One task: of a known kind, with the keywords of its kind."""
    if not isinstance(value, dict):
        problems.value(at, "a task is a mapping", f"it has one of {', '.join(sorted(problems.kinds))}")
        return False
    kind = kind_of(value, problems.kinds)
    if kind is None:
        _tell_no_kind(value, at, problems)
        return False
    required = tuple(key for key in kind.keywords if key not in kind.optional)
    return fields({**COMMON, **kind.keywords}, required)(value, at, problems)


def kind_of(value: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Kind | None:
    """The kind whose keyword the task has; `for`, `try` and the like go before the `do` that belongs to them."""
    found = [kind for keyword, kind in kinds.items() if keyword in value]
    found.sort(key=lambda kind: kind.keyword == "do")
    return found[0] if found else None


def _tell_no_kind(value: Mapping[str, Any], at: str, problems: Collector) -> None:
    for key in value:
        if key in _REFUSED_KINDS:
            problems.key(join(at, key), _REFUSED_KINDS[key])
            return
    strange = [key for key in value if key not in COMMON]
    listed = f"one of {', '.join(sorted(problems.kinds))} makes it a task"
    mends = [did_you_mean(key, problems.kinds) for key in strange]
    problems.key(at, "this task is of no known kind", next((mend for mend in mends if mend), listed))


def _check_directives(value: list[Any], names: list[str | None], at: str, problems: Collector) -> None:
    known = [name or "" for name in names]
    leads: list[set[int]] = []
    for index, (name, targets) in enumerate(zip(names, targets_of(known), strict=True)):
        if name is None or not isinstance(value[index][name], dict):
            leads.append({index + 1})
        else:
            leads.append(_check_targets(value[index][name], targets, join(at, index, name), problems))
    reached = set[int]()
    _reach(0, leads, reached)
    for index, name in enumerate(names):
        if index not in reached and name is not None:
            mend = "remove it, or lead to it by 'then'"
            problems.warn(join(at, index, name), f"nothing leads to the task {name!r}", mend)
            _reach(index, leads, reached)  # what only it leads to needs no warning of its own


def _reach(start: int, leads: list[set[int]], reached: set[int]) -> None:
    waiting = [start]
    while waiting:
        index = waiting.pop()
        if 0 <= index < len(leads) and index not in reached:
            reached.add(index)
            waiting.extend(leads[index])


def _check_targets(value: Mapping[str, Any], targets: Mapping[str, int], at: str, problems: Collector) -> set[int]:
    """Tell directives that lead nowhere; the indexes that may follow this task."""
    kind = kind_of(value, problems.kinds)
    given: list[tuple[str, tuple[str | int, ...]]] = []
    if isinstance(value.get("then"), str):
        given.append((value["then"], ("then",)))
    follows = bool(given) or kind is None or kind.falls_through(value)
    leads = {targets["continue"]} if "if" in value or (follows and not given) else set()
    if kind is not None:
        given.extend(kind.directives(value))
    for directive, path in given:
        if directive in targets:
            leads.add(targets[directive])
            continue
        leads.add(targets["continue"])
        known = ", ".join(sorted(target for target in targets if target))
        mend = did_you_mean(directive, targets, f"a task of the same list, or a directive: {known}")
        problems.value(join(at, *path), f"there is no task named {directive!r} in this list", mend)
    return leads


def _matching(pattern: re.Pattern[str], sentence: str) -> Shape:
    def check(value: Any, at: str, problems: Collector) -> bool:
        if isinstance(value, str) and pattern.match(value):
            return True
        problems.value(at, sentence)
        return False

    return check


def _dsl(value: Any, at: str, problems: Collector) -> bool:
    if isinstance(value, str) and re.match(r"1\.0\.\d+\Z", value):
        return True
    problems.value(at, "this runs version 1.0 of the DSL", "write dsl: '1.0.3'")
    return False


METADATA = fields(
    {
        "gatewright": fields({"input": word("arguments", "envelope"), "output": word("value", "response")}),
    },
    more=any_value,
)
_LABELLED = "letters, digits and hyphens are expected here, at most 63, beginning and ending with a letter or digit"
_DOCUMENT = fields(
    {
        "dsl": _dsl,
        "namespace": _matching(_LABEL, _LABELLED),
        "name": _matching(_LABEL, _LABELLED),
        "version": _matching(_VERSION, "a semantic version in quotes is expected here, such as '1.0.0'"),
        "title": text,
        "summary": text,
        "tags": by_type(mapping=any_value),
        "metadata": METADATA,
    },
    ("dsl", "namespace", "name", "version"),
)
_EVALUATE = fields(
    {
        "language": word("jq"),
        "mode": word(
            "strict", refused={"loose": "loose evaluation would run what came as data: only strict is supported"}
        ),
    }
)
FLOW = fields(
    {
        "document": _DOCUMENT,
        "input": INPUT,
        "use": USE,
        "do": task_list,
        "timeout": TIMEOUT_OR_NAME,
        "output": OUTPUT,
        "evaluate": _EVALUATE,
        "metadata": by_type(mapping=any_value),
    },
    ("document", "do"),
    refused={"schedule": "a flow runs when it is called: schedules are outside the synchronous profile"},
)


_COMPILED = fields(
    {"input": INPUT, "use": USE, "do": task_list, "timeout": TIMEOUT_OR_NAME, "output": OUTPUT}, ("do",), more=any_value
)


def check_structure(value: Any, problems: Collector) -> bool:
    """Check a whole document; true when the parts that compile are sound, tasks in `problems.unfit` aside."""
    FLOW(value, "", problems)
    if not isinstance(value, dict) or not _COMPILED(value, "", problems):
        return False
    for name, body in ((value.get("use") or {}).get("functions") or {}).items():
        place = join("/use/functions", name)
        if not single_task(body, place, problems):
            problems.unfit.add(place)
    return True
