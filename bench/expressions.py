"""How much faster compiled expressions are than libjq called from Python: `python bench/expressions.py`."""

import timeit
from typing import Any

import jq

from gatewright.flow.jq import Budget
from gatewright.flow.jq import compile_expression

SMALL = {"a": {"b": 1}, "id": 7, "name": "Ada", "price": 2.5, "tags": ["x", "y"], "active": True}
ROWS = [{"id": number, "name": f"name {number}", "price": number * 1.5} for number in range(100)]
CASES: list[tuple[str, Any]] = [
    (".a.b", SMALL),
    ("{id, name, price, b: .a.b, tags, active}", SMALL),
    ('{id, label: "\\(.name)!", total: (.price * 2), first: .tags[0]}', SMALL),
    (".price > 2 and .active", SMALL),
    ("map({id, name})", ROWS),
    ("map(.id)", ROWS),
    ("map({id, name, total: (.price * 2)})", ROWS),
    ("map(select(.id > 50) | .name)", ROWS),
    ("first(.[] | select(.id == 50))", ROWS),
    ("sort_by(.name)", ROWS),
    ("group_by(.id % 3)", ROWS),
    ("reduce .[] as $row ({}; .[$row.name] = $row.price)", ROWS),
    ('map(.name) | join(", ")', ROWS),
]


def microseconds(call: Any) -> float:
    """The best of several runs of about 20 ms each."""
    timer = timeit.Timer(call)
    count, seconds = timer.autorange(lambda *_: None)
    count = max(1, int(count * 0.02 / seconds))
    return min(timer.repeat(7, count)) / count * 1e6


def main() -> None:
    print(f"{'expression':64} {'ours µs':>9} {'libjq µs':>9} {'ratio':>6}")
    for text, data in CASES:
        expression, program, budget = compile_expression(text), jq.compile(text), Budget(units=10**15)
        assert expression.first(data, {}, budget) == program.input_value(data).first()
        ours = microseconds(lambda e=expression, d=data, b=budget: e.first(d, {}, b))
        theirs = microseconds(lambda p=program, d=data: p.input_value(d).first())
        print(f"{text:64} {ours:9.2f} {theirs:9.1f} {theirs / ours:6.1f}")


if __name__ == "__main__":
    main()
