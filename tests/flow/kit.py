"""Reads the standard's test kit and runs its scenarios; local servers stand in for the public ones it names."""

import os
import re
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from gatewright.kernel.yaml import load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GATEWRIGHT_CTK") or ROOT.parent / "shared" / "ctk")

_STEP = re.compile(r"\s*(?:Given|When|Then|And)\s+(.*?)\s*$")


@dataclass
class Scenario:
    """One scenario: its steps, each with the text that follows it."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def scenarios(folder=FOLDER):
    return [scenario for file in sorted(folder.glob("*.feature")) for scenario in _read(file.read_text())]


def _read(text):
    found, lines = [], iter(text.splitlines())
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("Scenario:"):
            found.append(Scenario(stripped.removeprefix("Scenario:").strip()))
        elif stripped.startswith('"""') and found:
            step, _ = found[-1].steps[-1]
            found[-1].steps[-1] = (step, _block(lines, len(line) - len(line.lstrip())))
        elif found and (match := _STEP.match(line)):
            found[-1].steps.append((match[1], ""))
    return found


def _block(lines, indent):
    block = []
    for line in lines:
        if line.strip() == '"""':
            break
        block.append(line[indent:])
    return "\n".join(block)


@dataclass
class Result:
    """What a flow gave: its output, or its error, and the names of the tasks in the order in which they ran."""

    output: object = None
    error: object = None
    ran: list[str] = field(default_factory=list)


def expect(result, step, block):
    """Hold one `Then` against the result."""
    expected = load(block).value if block else None
    quoted = re.findall(r"'([^']+)'", step)
    if step.startswith("the workflow should complete"):
        assert result.error is None, result.error
        if block:
            assert result.output == expected
    elif step == "the workflow should fault":
        assert result.error is not None
    elif step.startswith("the workflow should fault with error"):
        value = result.error.value()
        assert {name: value.get(name) for name in expected} == expected
    elif "should have properties" in step:
        for path in quoted:
            reach(result.output, path)
    elif match := re.search(r"property containing (\d+) items", step):
        assert len(reach(result.output, quoted[0])) == int(match[1])
    elif "property with value" in step:
        assert reach(result.output, quoted[0]) == expected
    elif match := re.match(r"(\w+) should run (first|last|after (\w+))$", step):
        _expect_order(result.ran, match[1], match[2], match[3])
    else:
        raise AssertionError(f"a step of the kit that is not known here: {step}")


def _expect_order(ran, name, when, other):
    if other:
        assert ran.index(name) > ran.index(other)
    else:
        assert ran[0 if when == "first" else -1] == name


def reach(value, path):
    for name in path.split("."):
        assert name in value, f"{path!r} is missing: {value}"
        value = value[name]
    return value
