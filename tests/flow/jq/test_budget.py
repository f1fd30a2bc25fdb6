"""Hostile expressions and data: work, size, depth and time of a run are bounded, whatever is asked."""

from typing import Any

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import BudgetExceeded
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import bounded
from gatewright.flow.jq import compile_expression

ENDLESS = [
    "last(range(1e12))",
    "[range(1e12)]",
    "[limit(1e9; repeat(1))]",
    "[repeat(.)]",
    "limit(5; repeat(empty))",
    "until(false; .)",
    "until(false; [.])",
    "[while(true; .)]",
    "[recurse([.])]",
    "[recurse(., .)]",
    "reduce range(1e12) as $i (0; . + 1)",
    "foreach range(1e12) as $i (0; . + 1; empty)",
    "first(range(1e12) | select(. < 0))",
    "any(range(1e12); false)",
    "all(range(1e12); true)",
    "isempty(range(1e12) | empty)",
    "[range(300)] | [combinations(10)]",
    "[range(1e5)] | indices([range(5e4)])",
    "[range(1e5)] | contains([range(1e5) | -.])",
]
LARGE = [
    '"x" * 1e9',
    '"x" * 1e18',
    'reduce range(1e9) as $i ("x"; . + .)',
    "reduce range(1e9) as $i ([1]; . + .)",
    '("x" * 40000000) as $x | [$x, $x, $x] | join($x)',
    '("x" * 40000000) | explode',
    '[range(10) | "x" * 50000000]',
    ".[536870911] = 1",
    '@base64 "\\("x" * 40000000)"',
    '[foreach range(1e9) as $i (""; . + "aaaaaaaa"; empty)]',
]
SHARED = "reduce range(60) as $i ([1]; [., .])"
"""A value of sixty arrays that is 2^60 parts when written out."""


def run(expression: str, data: Any = None, **limits: Any) -> list[Any]:
    return list(compile_expression(expression).all(data, {}, Budget(**limits)))


def nested(levels: int, *, objects: bool = False) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = {"a": value} if objects else [value]
    return value


@pytest.mark.parametrize("expression", ENDLESS + LARGE)
def test_work_without_end_is_refused(expression: str) -> None:
    with pytest.raises(BudgetExceeded):
        run(expression, units=1_000_000)


@pytest.mark.parametrize(
    "use", ["", " | tojson", " | [..]", " | sort", " | flatten", ' | "\\(.)"', " | . == [1]", " | walk(.)"]
)
def test_a_value_of_shared_parts_may_not_grow_beyond_the_size_it_has_when_written(use: str) -> None:
    with pytest.raises(BudgetExceeded):
        run(SHARED + use)


def test_sharing_without_a_loop_is_found_by_whoever_gives_the_value_away() -> None:
    value = compile_expression("[1]" + " | [., .]" * 50).first(None, {}, Budget())
    with pytest.raises(BudgetExceeded):
        bounded(Budget(), value)
    with pytest.raises(BudgetExceeded):
        compile_expression("tojson").first(value, {}, Budget())


@pytest.mark.parametrize(
    "expression", ["last(range(1e12))", '"x" * 1e9', "until(false; .)", "reduce range(60) as $i (1; [.])"]
)
def test_no_expression_can_catch_the_end_of_its_budget(expression: str) -> None:
    with pytest.raises(BudgetExceeded):
        run(f"try ({expression}) catch 1, ({expression})? // 2", size=100)


def test_the_deadline_ends_a_run() -> None:
    ticks = iter(range(10_000_000))
    with pytest.raises(BudgetExceeded, match="time"):
        run("last(range(1e12))", deadline=20.0, clock=lambda: float(next(ticks)))


def test_one_budget_serves_all_expressions_of_a_run() -> None:
    budget = Budget(units=1_000)
    expression = compile_expression("[range(20)] | length")
    spent = [expression.first(None, {}, budget) for _ in range(3)]
    assert spent == [20, 20, 20]
    assert budget.left < 1_000 - 3 * 20
    budget.spend(budget.left)
    with pytest.raises(BudgetExceeded):
        expression.first(None, {}, budget)


def test_ordinary_work_stays_far_within_the_budget() -> None:
    budget = Budget()
    rows = [{"id": n, "name": f"name {n}", "price": n / 4} for n in range(1_000)]
    text = 'map(select(.price > 10) | {id, label: "\\(.name)!", total: (.price * 2)}) | group_by(.id % 7) | map(length) | add'
    assert compile_expression(text).first(rows, {}, budget) == 959
    assert budget.left > 9_900_000


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("reduce range(20000) as $i ([]; . + [$i]) | length", 20_000),
        ('reduce range(20000) as $i ({}; .["k\\($i)"] = $i) | length', 20_000),
        ('reduce range(20000) as $i ({}; . + {"k\\($i % 7)": $i}) | length', 7),
        ('reduce range(20000) as $i ({}; .["k\\($i % 7)"].count += 1) | .k0.count', 2_858),
        ("reduce range(20000) as $i ([[], []]; .[$i % 2] = [$i]) | .[1]", [19_999]),
    ],
)
def test_a_state_that_grows_in_a_loop_costs_no_copies(expression: str, expected: object) -> None:
    assert run(expression, units=1_000_000) == [expected]


def test_a_state_written_in_place_shows_in_nothing_that_was_given_to_it() -> None:
    data = {"start": {"a": [1]}, "rows": [{"k": "a"}, {"k": "a"}]}
    assert run("reduce .rows[] as $r (.start; .[$r.k][0] += 5)", data) == [{"a": [11]}]
    assert run("reduce .rows[] as $r (.start; . + {b: $r})", data) == [{"a": [1], "b": {"k": "a"}}]
    assert data == {"start": {"a": [1]}, "rows": [{"k": "a"}, {"k": "a"}]}


def test_a_value_put_in_twice_and_changed_once_keeps_its_other_copy() -> None:
    assert run("reduce (1, 2, 3) as $i ({x: {n: 0}}; .x.n += $i) | .", None) == [{"x": {"n": 6}}]
    assert run("{a: {b: 1}} | .c = .a | .c.b = 2 | .a.b |= . + 10") == [{"a": {"b": 11}, "c": {"b": 2}}]
    assert run("[{b: 1}] | .[1] = .[0] | .[].b |= . + 1") == [[{"b": 2}, {"b": 2}]]
    assert run("{a: {b: {c: 1}}} | (.a.b.c, .a.b, .a) |= [., .]") == [
        {"a": [{"b": [{"c": [1, 1]}, {"c": [1, 1]}]}, {"b": [{"c": [1, 1]}, {"c": [1, 1]}]}]}
    ]


@pytest.mark.parametrize(
    "expression",
    ["tojson", "walk(.)", ". == .", "[., .] | sort", "tostream", "[.] | unique", "del(..)", "@json"],
)
@pytest.mark.parametrize("objects", [False, True], ids=["arrays", "objects"])
def test_data_nested_too_deeply_is_refused_without_harm(expression: str, objects: bool) -> None:
    data = nested(50_000, objects=objects)
    with pytest.raises(ExpressionError):
        run(expression, data)
    assert run("[..] | length", data) == [50_001]


def test_a_text_of_json_nested_too_deeply_is_an_error_that_can_be_caught() -> None:
    assert run('try fromjson catch "no"', "[" * 100_000 + "]" * 100_000) == ["no"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000 + "." + ")" * 5_000,
        "[" * 5_000,
        "-" * 5_000 + "1",
        ".a" * 20_000,
        ".[0]" * 20_000,
        "1" + "+1" * 20_000,
        '"\\(' * 100 + "1" + ')"' * 100,
        "." + "|." * 20_000,
        "if . then " * 500 + "1" + " end" * 500,
        "." + "?" * 20_000,
        ". as $x | " * 500 + ".",
        "def f: .,.; def g: f|f; def h: g|g; def i: h|h; def j: i|i; def k: j|j; def l: k|k; l|l",
        "def f(g): g, g; " + "f(" * 20 + "." + ")" * 20,
        "." + "[]" * 40,
        "1 " * 100_000,
    ],
)
def test_a_text_nested_or_multiplied_too_far_is_refused(text: str) -> None:
    with pytest.raises(ExpressionProblem):
        compile_expression(text)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)x", "a*?a*?a*?a*?b"])
def test_regular_expressions_take_time_linear_in_the_text(pattern: str) -> None:
    assert run(f'("a" * 50000 + "c") | test("{pattern}")') == [False]


def test_a_pattern_from_data_that_is_too_large_is_an_error() -> None:
    assert run('try test($p) catch "no"'.replace("$p", '("((a{100}){100}){100}" | .)'), "a") == ["no"]
