"""What a part of a document must look like: a small vocabulary that finds every misfit and says how to mend it."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.problems import Collector
from gatewright.flow.problems import did_you_mean
from gatewright.flow.problems import join

Shape = Callable[[Any, str, Collector], bool]
"""Checks the value at a pointer, adds what is wrong with it to the collector and says whether it can be compiled.

A mapping with a keyword too many can: so the problems of its other keywords are told at the same time.
"""

_NAMES = {
    dict: "a mapping",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def _say(value: Any) -> str:
    return "nothing" if value is None else _NAMES[type(value)]


def any_value(value: Any, at: str, problems: Collector) -> bool:
    """Anything fits."""
    return True


def text(value: Any, at: str, problems: Collector) -> bool:
    """A text that is not empty."""
    if isinstance(value, str) and value.strip():
        return True
    problems.value(at, f"a text is expected here, not {_say(value) if value != '' else 'an empty one'}")
    return False


def boolean(value: Any, at: str, problems: Collector) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return True
    problems.value(at, f"true or false is expected here, not {_say(value)}")
    return False


def whole(low: int, high: int) -> Shape:
    """A whole number from `low` to `high`."""

    def check(value: Any, at: str, problems: Collector) -> bool:
        if type(value) is int and low <= value <= high:
            return True
        problems.value(at, f"a whole number from {low} to {high} is expected here")
        return False

    return check


def word(*known: str, refused: Mapping[str, str] | None = None) -> Shape:
    """One of the `known` words; a word in `refused` gets its sentence."""

    def check(value: Any, at: str, problems: Collector) -> bool:
        if value in known:
            return True
        sentence = (refused or {}).get(value) if isinstance(value, str) else None
        listed = f"one of {', '.join(known)} is expected here"
        problems.value(at, sentence or listed, did_you_mean(str(value), known) if sentence is None else "")
        return False

    return check


def fields(
    known: Mapping[str, Shape],
    required: tuple[str, ...] = (),
    *,
    refused: Mapping[str, str] | None = None,
    more: Shape | None = None,
) -> Shape:
    """A mapping with `known` keywords; those in `refused` get their sentence, others are `more` or unknown."""

    def check(value: Any, at: str, problems: Collector) -> bool:
        if not isinstance(value, dict):
            problems.value(at, f"a mapping is expected here, not {_say(value)}", f"it may have {', '.join(known)}")
            return False
        usable, complete = True, all(key in value for key in required)
        for key, item in value.items():
            place = join(at, key)
            shape = known.get(key, more)
            if refused is not None and key in refused:
                problems.key(place, refused[key])
            elif shape is None:
                problems.key(place, f"the keyword {key!r} is unknown here", _mend_keyword(key, known))
            else:
                usable = shape(item, place, problems) and usable
        # What is refused stands for what is missing: its sentence says enough.
        if not complete and not (refused and refused.keys() & value.keys()):
            for key in required:
                if key not in value:
                    problems.key(at, f"{key!r} is missing", f"add {key!r}")
        return usable and complete

    return check


def _mend_keyword(key: str, known: Mapping[str, Shape]) -> str:
    return did_you_mean(key, known, f"known here: {', '.join(sorted(known))}" if known else "leave it out")


def items(shape: Shape) -> Shape:
    """A list whose every item fits."""

    def check(value: Any, at: str, problems: Collector) -> bool:
        if not isinstance(value, list):
            problems.value(at, f"a list is expected here, not {_say(value)}")
            return False
        return sum(not shape(item, join(at, index), problems) for index, item in enumerate(value)) == 0

    return check


def named(shape: Shape) -> Shape:
    """A mapping from names of the author's choice to values that fit."""
    return fields({}, more=shape)


def by_type(*, mapping: Shape | None = None, string: Shape | None = None, number: Shape | None = None) -> Shape:
    """A value of one of several types, each with its own shape."""
    shapes = {dict: mapping, str: string, int: number}
    expected = " or ".join(_NAMES[kind] for kind, shape in shapes.items() if shape is not None)

    def check(value: Any, at: str, problems: Collector) -> bool:
        shape = shapes.get(type(value))
        if shape is None:
            problems.value(at, f"{expected} is expected here, not {_say(value)}")
            return False
        return shape(value, at, problems)

    return check


def just_one(known: Mapping[str, Shape], refused: Mapping[str, str] | None = None) -> Shape:
    """A mapping with exactly one of the `known` keywords."""
    inner = fields(known, refused=refused)

    def check(value: Any, at: str, problems: Collector) -> bool:
        if not inner(value, at, problems):
            return False
        found = [key for key in value if key in known]
        if len(found) != 1 and not (refused and refused.keys() & value.keys()):
            problems.value(at, f"exactly one of {', '.join(known)} is expected here")
        return len(value) == 1 and len(found) == 1

    return check
