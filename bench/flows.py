"""What flows cost before they run: `python -m bench.flows`, and a part of `make bench`."""

import tempfile
import time
from pathlib import Path

from bench.expressions import ROWS
from bench.expressions import SMALL
from bench.expressions import microseconds
from bench.strain import Finding
from gatewright.flow import load_flow
from gatewright.flow.jq import Budget
from gatewright.flow.jq import compile_expression
from gatewright.services.loader import Loader

_HEAD = "document: {dsl: '1.0.3', namespace: bench, name: flow, version: '1.0.0'}\ndo:\n"
_STEP = """- step{number}:
    set:
      id: '${{ .id }}'
      total: '${{ .price * {number} }}'
      label: '${{ "\\(.name) {number}" }}'
"""
_SMALL_FLOW = _HEAD + "- greet: {set: {greeting: '${ \"Hello, \\(.name)\" }', number: NUMBER}}\n"
_STEPS = 200
_SERVICES = 1_000
_TRIES = 7
_AGAINST_LIBJQ = (
    (".a.b", SMALL),
    ("{id, name, price, b: .a.b, tags, active}", SMALL),
    ("map({id, name})", ROWS),
)


def findings() -> list[Finding]:
    """All of them, in CPU time of this process, the least of several tries: whatever disturbs only adds to it."""
    return [_checked(), _loaded(), *_expressions()]


def _checked() -> Finding:
    text = _HEAD + "".join(_STEP.format(number=number) for number in range(_STEPS))
    seconds = min(_seconds(lambda: load_flow(text)) for _ in range(_TRIES))
    said = f"check and compile a flow of {_STEPS} steps, three expressions each: {seconds * 1e3:.0f} ms of CPU"
    return Finding(said, "≤ 50 ms", seconds <= 0.050)


def _loaded() -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "Many"
        (root / "services/many").mkdir(parents=True)
        (root / "package.yaml").write_text("name: Many\nversion: 1.0.0\n")
        for number in range(_SERVICES):
            text = _SMALL_FLOW.replace("NUMBER", str(number))
            (root / f"services/many/flow{number}.flow.yaml").write_text(text)
        seconds = min(_seconds(Loader(Path(folder)).load) for _ in range(3))
    return Finding(f"load {_SERVICES:,} services: {seconds:.2f} s of CPU", "≤ 2 s", seconds <= 2.0)


def _expressions() -> list[Finding]:
    import jq

    found = []
    for text, data in _AGAINST_LIBJQ:
        expression, program, budget = compile_expression(text), jq.compile(text), Budget(units=10**15)
        ours = microseconds(lambda e=expression, d=data, b=budget: e.first(d, {}, b))
        theirs = microseconds(lambda p=program, d=data: p.input_value(d).first())
        said = f"{text}: {theirs / ours:.0f} times as fast as libjq"
        found.append(Finding(said, "≥ 25", theirs / ours >= 25))
    return found


def _seconds(work: object) -> float:
    began = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - began


if __name__ == "__main__":
    from bench.report import strain_lines

    print(strain_lines(findings()))
