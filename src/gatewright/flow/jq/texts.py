"""Values as text: `tojson`, `tostring`, numbers, and the way back."""

import json
import re
from json.encoder import encode_basestring
from typing import Any

from gatewright.flow.jq.budget import PORTION
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.sizes import charge
from gatewright.flow.jq.values import MAX_EXACT
from gatewright.flow.jq.values import as_float
from gatewright.flow.jq.values import type_name

_LARGEST = "1.7976931348623157e+308"
_MAX_DIGITS = 1000
_MAX_WHOLE = 2**1023
_NAN = re.compile(r'"(?:[^"\\]|\\.)*"|\b(nan)\b', re.DOTALL)


def number_text(value: float) -> str:
    """A number as the language writes it: the shortest digits that read back, an exponent when they are far off."""
    if type(value) is int:
        if -_MAX_WHOLE < value < _MAX_WHOLE:
            return str(value)
        value = as_float(value)
    if value != value:
        return "null"
    if value in (float("inf"), float("-inf")):
        return _LARGEST if value > 0 else "-" + _LARGEST
    if abs(value) <= MAX_EXACT and value.is_integer():
        return f"{int(value)}.0"
    return _digits(value)


def _digits(value: float) -> str:
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + ("" if fraction == "0" else fraction)
    point = len(whole) + int(exponent or 0) - (len(digits) - len(digits.lstrip("0")))
    digits = digits.lstrip("0")
    stripped = digits.rstrip("0")
    if -4 < point <= len(stripped) + 15:
        return sign + _placed(stripped, point)
    rest = f".{stripped[1:]}" if len(stripped) > 1 else ""
    return f"{sign}{stripped[0]}{rest}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"


def _placed(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def quoted(text: str) -> str:
    """A string as JSON, non-ASCII characters as they are."""
    return encode_basestring(text).replace("\x7f", "\\u007f")


def json_text(value: Any) -> str:
    """A value as JSON, without spaces, keys in their order."""
    kind = type(value)
    if kind is str:
        return quoted(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is list:
        return f"[{','.join([json_text(item) for item in value])}]"
    if kind is dict:
        return f"{{{','.join([f'{quoted(key)}:{json_text(item)}' for key, item in value.items()])}}}"
    return number_text(value)


def _written(budget: Budget, value: Any) -> str:
    """The same of what is large, charged as it goes."""
    kind = type(value)
    if kind is list:
        budget.spend(1 + (len(value) >> 1))
        return f"[{','.join([_written(budget, item) for item in budget.spread(value)])}]"
    if kind is dict:
        budget.spend(1 + (len(value) >> 1))
        members = [f"{quoted(key)}:{_written(budget, item)}" for key, item in budget.spread(value.items())]
        return f"{{{','.join(members)}}}"
    return json_text(value)


def to_json(budget: Budget, value: Any) -> str:
    """`tojson`, charged."""
    if type(value) is int or value is None:
        return json_text(value)
    units = charge(budget, value)
    text = json_text(value) if units < PORTION else _written(budget, value)
    budget.text(len(text) * 4)
    return text


def to_text(budget: Budget, value: Any) -> str:
    """`tostring`: strings stay as they are."""
    if type(value) is str:
        return value
    return to_json(budget, value)


def from_json(budget: Budget, text: Any) -> object:
    """`fromjson`. Raises Raised for what is no JSON."""
    if type(text) is not str:
        raise Raised(f"{type_name(text)} cannot be parsed as JSON; it takes a string")
    budget.text(len(text) * 4)
    try:
        value = json.loads(_with_nan(text), parse_int=_whole)
    except RecursionError:
        raise Raised("the JSON text is nested too deeply") from None
    except ValueError as fault:
        raise Raised(f"{fault} (while parsing '{text[:50]}')") from None
    return _clean(value) if "\\ud" in text or "\\uD" in text else value


def _with_nan(text: str) -> str:
    """The language reads `nan` where Python reads `NaN`."""
    return _NAN.sub(lambda match: "NaN" if match[1] else match[0], text) if "nan" in text else text


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= _MAX_DIGITS else float(text)


def _clean(value: Any) -> object:
    """Without halves of surrogate pairs, which cannot be encoded."""
    if type(value) is str:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if type(value) is list:
        return [_clean(item) for item in value]
    if type(value) is dict:
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def concat(budget: Budget, parts: tuple[str, ...]) -> str:
    """Texts joined, charged."""
    text = "".join(parts)
    if len(text) > 1000:
        budget.text(len(text))
    return text
