"""A flow's text as a diagram: cards on one line, branches side by side, frames around what a step holds.

`of_source` gives what `packages/_diagram.html` draws. The text may be broken: whatever of it reads as steps is drawn.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Literal

import msgspec

from gatewright.console.step_words import kind_of
from gatewright.console.step_words import summary_of
from gatewright.flow.problems import join
from gatewright.kernel import yaml


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A list of steps inside a step: the body of a loop, what is tried, what mends, one branch of a fork."""

    label: str
    pointer: str
    items: tuple["Item", ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A card. `pointer` is the JSON pointer (RFC 6901) of the task, `line` where it stands in the text.

    then: where it goes on instead of the next card; "" for the next.
    frames_lie: "below" one another, or "beside".
    """

    pointer: str
    name: str
    kind: str
    summary: str
    line: int
    condition: str = ""
    then: str = ""
    problem: Literal["", "error", "warning"] = ""
    frames: tuple[Frame, ...] = ()
    frames_lie: Literal["below", "beside"] = "below"

    is_branches: bool = False


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A case of a switch with the steps that only it leads to.

    target: the name of the step it leads to, or a directive. ends: the same when it has no steps of its own to draw.
    """

    label: str
    condition: str
    items: tuple["Item", ...]
    ends: str = ""
    target: str = ""


class Branches(msgspec.Struct, frozen=True, kw_only=True):
    """The cases of the switch before it, side by side."""

    switch: str
    branches: tuple[Branch, ...]

    is_branches: bool = True


Item = Step | Branches


class Diagram(msgspec.Struct, frozen=True, kw_only=True):
    """A whole flow; `readable` is false when the text is no YAML."""

    items: tuple[Item, ...] = ()
    readable: bool = True


def of_source(text: str, problems: Iterable[Mapping[str, Any]] = ()) -> Diagram:
    """The diagram of a flow's text. problems: those of the check, with `pointer` and `severity`; their cards are marked."""
    try:
        document = yaml.load(text)
    except yaml.YamlProblem:
        return Diagram(readable=False)
    found = document.value if isinstance(document.value, dict) else {}
    return Diagram(items=_Drawer(document, problems).items(found.get("do"), "/do"))


class _Drawer:
    def __init__(self, document: yaml.Document, problems: Iterable[Mapping[str, Any]]) -> None:
        self._document = document
        self._problems = [(str(each.get("pointer", "")), each["severity"]) for each in problems]

    def items(self, value: Any, at: str) -> tuple[Item, ...]:
        steps = [_named(item) for item in value] if isinstance(value, list) else []
        return self._range(steps, at, 0, len(steps))

    def _range(self, steps: list[tuple[str, Any]], at: str, first: int, after: int) -> tuple[Item, ...]:
        items: list[Item] = []
        index = first
        while index < after:
            name, task = steps[index]
            items.append(self._step(name, task, join(at, index, name)))
            spread = _spread(steps, index, after) if isinstance(task, dict) and "switch" in task else None
            if spread is None:
                index += 1
                continue
            branches = tuple(
                Branch(
                    label=case.label,
                    condition=case.condition,
                    items=self._range(steps, at, case.first, case.after),
                    ends=case.ends,
                    target=case.target,
                )
                for case in spread.cases
            )
            items.append(Branches(switch=join(at, index, name), branches=branches))
            index = spread.after
        return tuple(items)

    def _step(self, name: str, task: Any, at: str) -> Step:
        given = task if isinstance(task, dict) else {}
        then = given.get("then")
        kind = kind_of(given)
        return Step(
            pointer=at,
            name=name,
            kind=kind,
            summary=summary_of(kind, given),
            line=self._document.key_place(at)[0],
            condition=_text(given.get("if")),
            then=then if isinstance(then, str) and then != "continue" else "",
            problem=self._problem(at),
            frames=self._frames(kind, given, at),
            frames_lie="beside" if kind == "fork" else "below",
        )

    def _frames(self, kind: str, task: Mapping[str, Any], at: str) -> tuple[Frame, ...]:
        if kind == "fork":
            fork = task.get("fork")
            place = join(at, "fork", "branches")
            listed = fork.get("branches") if isinstance(fork, dict) else None
            named = [_named(item) for item in listed] if isinstance(listed, list) else []
            return tuple(
                Frame(label=name, pointer=place, items=(self._step(name, task, join(place, index, name)),))
                for index, (name, task) in enumerate(named)
            )
        frames = []
        if kind == "try":
            frames.append(self._frame("Try", task.get("try"), join(at, "try")))
            catch = task.get("catch")
            if isinstance(catch, dict) and "do" in catch:
                frames.append(self._frame(f"Catch {_caught(catch)}", catch["do"], join(at, "catch", "do")))
        elif kind in ("for", "do"):
            frames.append(self._frame("Each turn" if kind == "for" else "", task.get("do"), join(at, "do")))
        return tuple(frames)

    def _frame(self, label: str, value: Any, at: str) -> Frame:
        return Frame(label=label.strip(), pointer=at, items=self.items(value, at))

    def _problem(self, at: str) -> Literal["", "error", "warning"]:
        """The worst problem of the step itself, not of the steps inside it."""
        worst: Literal["", "error", "warning"] = ""
        for pointer, severity in self._problems:
            rest = pointer.removeprefix(at) if pointer == at or pointer.startswith(at + "/") else None
            if rest is None or any(part in rest for part in ("/do/", "/try/", "/branches/")):
                continue
            if severity == "error":
                return "error"
            worst = "warning"
        return worst


class _Case(msgspec.Struct):
    """One case: its steps are those from `first` to before `after`."""

    label: str
    condition: str
    first: int
    after: int
    ends: str = ""
    target: str = ""


class _Spread(msgspec.Struct):
    cases: list[_Case]
    after: int


def _spread(steps: list[tuple[str, Any]], at: int, end: int) -> _Spread | None:
    """The cases of the switch at `at` as runs of the steps after it, which come together again at one step.

    None when they do not lie side by side in the text: then the cards stay on one line, and say where they lead.
    """
    cases = _cases(steps, at)
    starts = sorted({case.first for case in cases if case.first >= 0})
    if not starts or starts[0] != at + 1 or starts[-1] > end:
        return None
    join_at = _meeting(steps, at, starts, end)
    if join_at is None:
        return None
    following = dict(zip(starts, [*starts[1:], join_at], strict=True))
    for case in cases:
        if case.first >= 0:
            case.after = following[case.first] if case.first < join_at else case.first
        else:
            case.first = case.after = 0
    seen = set[int]()
    for case in cases:  # a second case that leads to the same steps only names them
        if case.first < case.after and case.first in seen:
            case.ends, case.first, case.after = case.target, 0, 0
        seen.add(case.first)
    return _Spread(cases, join_at)


def _cases(steps: list[tuple[str, Any]], at: int) -> list[_Case]:
    listed = steps[at][1]["switch"]
    places = {name: index for index, (name, _) in enumerate(steps)}
    cases = []
    for name, case in (_named(item) for item in listed if isinstance(listed, list)):
        then = case.get("then") if isinstance(case, dict) else None
        then = then if isinstance(then, str) else "continue"
        condition = _text(case.get("when")) if isinstance(case, dict) else ""
        first = at + 1 if then == "continue" else places.get(then, -1)
        target = _name_at(steps, first) if first >= 0 else then
        cases.append(_Case(name, condition, first, 0, "" if first >= 0 else then, target))
    if all(case.condition for case in cases):
        cases.append(_Case("otherwise", "", at + 1, 0, "", _name_at(steps, at + 1)))
    return cases


def _name_at(steps: list[tuple[str, Any]], index: int) -> str:
    return steps[index][0] if index < len(steps) else "exit"


def _meeting(steps: list[tuple[str, Any]], at: int, starts: list[int], end: int) -> int | None:
    """Where the runs that begin at `starts` come together: after all of them. None when they do not."""
    places = {name: index for index, (name, _) in enumerate(steps)}
    goals = set[int]()
    for following in starts[1:]:
        goal = _goal(steps[following - 1][1], places, following)
        if goal is not None:
            goals.add(goal)
    goals -= {-1}
    if len(goals) > 1 or any(goal < starts[-1] or goal > end for goal in goals):
        return None
    if goals:
        return goals.pop()
    for index in range(starts[-1], end):  # every other branch has ended: the last one runs to its own end
        if _goal(steps[index][1], places, index + 1) is None:
            return index + 1
    return end


def _goal(task: Any, places: Mapping[str, int], following: int) -> int | None:
    """Where a step leads: an index, None when it ends the list or the flow, -1 when that cannot be said."""
    if not isinstance(task, dict):
        return following
    then = task.get("then", "continue")
    if "raise" in task or then in ("end", "exit"):
        return None
    return following if then == "continue" else places.get(then, -1)


def _named(item: Any) -> tuple[str, Any]:
    """Name and task of a list's item; an item that has no name is shown as one without."""
    if isinstance(item, dict) and len(item) == 1:
        return next(iter(item.items()))
    return "(no name)", None


def _caught(catch: Mapping[str, Any]) -> str:
    errors = catch.get("errors")
    wanted = errors.get("with") if isinstance(errors, dict) else None
    return ", ".join(str(value).rpartition("/")[2] for value in wanted.values()) if isinstance(wanted, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
