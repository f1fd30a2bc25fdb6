"""A flow's text as a diagram: what lies beside what, and what frames what."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewright.console.diagram import of_source


def shape(items: Any) -> list[Any]:
    """Names of steps; [switch's cases with their steps]; a step with frames as (name, frames)."""
    found: list[Any] = []
    for item in items:
        if item.is_branches:
            found.append({branch.label: shape(branch.items) or branch.ends for branch in item.branches})
        elif item.frames:
            found.append((item.name, {frame.label: shape(frame.items) for frame in item.frames}))
        else:
            found.append(item.name)
    return found


def drawn(steps: str) -> list[Any]:
    return shape(of_source("do:\n" + steps).items)


SWITCH = "- choose: {switch: [{a: {when: .a, then: one}}, {b: {when: .b, then: two}}, {c: {then: %s}}]}\n"
ONE = "- one: {set: {}, then: last}\n"
TWO = "- two: {set: {}}\n"
LAST = "- last: {set: {}}\n"


def test_cases_of_a_switch_lie_side_by_side_until_they_meet():
    steps = SWITCH % "three" + ONE + "- two: {set: {}, then: last}\n- three: {set: {}}\n" + LAST
    assert drawn(steps) == ["choose", {"a": ["one"], "b": ["two"], "c": ["three"]}, "last"]


def test_case_that_leads_to_the_meeting_has_no_steps_of_its_own():
    assert drawn(SWITCH % "last" + ONE + TWO + LAST) == ["choose", {"a": ["one"], "b": ["two"], "c": ""}, "last"]


def test_case_that_ends_the_flow_says_so():
    assert drawn(SWITCH % "end" + ONE + TWO + LAST) == ["choose", {"a": ["one"], "b": ["two"], "c": "end"}, "last"]


def test_switch_without_a_default_has_an_otherwise():
    steps = (
        "- choose: {switch: [{a: {when: .a, then: special}}]}\n- usual: {set: {}, then: last}\n- special: {set: {}}\n"
    )
    assert drawn(steps + LAST) == ["choose", {"a": ["special"], "otherwise": ["usual"]}, "last"]


def test_switch_that_leads_backwards_stays_on_the_line():
    steps = "- first: {set: {}}\n- choose: {switch: [{again: {when: .a, then: first}}, {on: {then: last}}]}\n" + LAST
    assert drawn(steps) == ["first", "choose", {"again": "", "on": ""}, "last"] or drawn(steps) == [
        "first",
        "choose",
        "last",
    ]


def test_branches_that_all_end_need_no_meeting():
    steps = SWITCH % "one" + "- one: {raise: {}}\n- two: {set: {}, then: end}\n" + LAST
    assert drawn(steps) == ["choose", {"a": ["one"], "b": ["two"], "c": "one"}, "last"]


def test_loop_try_and_fork_frame_their_steps():
    steps = (
        "- each: {for: {in: .a}, do: [{turn: {set: {}}}]}\n"
        "- guarded: {try: [{risky: {set: {}}}], catch: {errors: {with: {status: 404}}, do: [{mend: {set: {}}}]}}\n"
        "- both: {fork: {branches: [{left: {set: {}}}, {right: {do: [{deep: {set: {}}}]}}]}}\n"
    )
    assert drawn(steps) == [
        ("each", {"Each turn": ["turn"]}),
        ("guarded", {"Try": ["risky"], "Catch 404": ["mend"]}),
        ("both", {"left": ["left"], "right": [("right", {"": ["deep"]})]}),
    ]


def test_cards_tell_their_line_and_their_problem():
    text = "do:\n- one:\n    set: {}\n- two:\n    call: nothing\n"
    diagram = of_source(text, [{"pointer": "/do/1/two/call", "severity": "error"}])
    assert [(each.line, each.problem) for each in diagram.items] == [(2, ""), (4, "error")]  # type: ignore[union-attr]


def test_problem_of_an_inner_step_marks_that_step_alone():
    text = "do:\n- each:\n    for: {in: .a}\n    do:\n    - turn: {call: nothing}\n"
    (each,) = of_source(text, [{"pointer": "/do/0/each/do/0/turn/call", "severity": "error"}]).items
    assert each.problem == ""  # type: ignore[union-attr]
    assert each.frames[0].items[0].problem == "error"  # type: ignore[union-attr]


def test_text_that_is_no_yaml_is_told():
    assert not of_source("do: [").readable


_words = st.sampled_from(["one", "two", "end", "exit", "continue", "", 7, None])
_tasks = st.recursive(
    st.one_of(
        _words,
        st.fixed_dictionaries({"set": _words}, optional={"then": _words}),
        st.fixed_dictionaries(
            {"switch": st.lists(st.dictionaries(_words.map(str), st.fixed_dictionaries({}, optional={"when": _words, "then": _words}), max_size=2), max_size=3)}
        ),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"do": st.lists(st.dictionaries(_words.map(str), inner, max_size=1), max_size=3)}),
        st.fixed_dictionaries({"try": inner, "catch": inner}),
        st.fixed_dictionaries({"fork": st.fixed_dictionaries({"branches": st.lists(st.dictionaries(st.just("b"), inner, max_size=1), max_size=2)})}),
        st.fixed_dictionaries({"for": inner, "do": inner}),
        st.fixed_dictionaries({"call": inner, "with": inner}),
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(["one", "two", "three"]), _tasks, max_size=1), max_size=5))
def test_whatever_is_written_is_drawn_once_each(tasks: list[Any]) -> None:
    names = [next(iter(task)) for task in tasks if task]
    found = json.dumps(_top(of_source(json.dumps({"do": tasks})).items))
    for name in set(names):
        assert found.count(f'"{name}"') == names.count(name)


def _top(items: Any) -> list[Any]:
    """The names of the cards of the topmost list."""
    found: list[Any] = []
    for item in items:
        found += [_top(branch.items) for branch in item.branches] if item.is_branches else [item.name]
    return found
