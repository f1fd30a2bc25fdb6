"""Native functions on strings, and the conversions."""

from typing import Any

from gatewright.flow.jq.access import items
from gatewright.flow.jq.arithmetic import split
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.formats import apply_format
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native
from gatewright.flow.jq.texts import from_json
from gatewright.flow.jq.texts import to_json
from gatewright.flow.jq.texts import to_text
from gatewright.flow.jq.values import MAX_EXACT
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import type_name

_LOWER = {upper: upper + 32 for upper in range(65, 91)}
_UPPER = {lower: lower - 32 for lower in range(97, 123)}
_SPACE = " \t\n\r\f\v"


def _kind(_: Budget, value: Any) -> str:
    return type_name(value)


def _to_number(_: Budget, value: Any) -> object:
    if is_number(value):
        return value
    if type(value) is str and len(value) <= 1000:
        number = _parsed(value)
        if number is not None:
            return number
    raise Raised(f"{described(value)} cannot be parsed as a number")


def _parsed(text: str) -> object:
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return float(text)
    if not set(text) <= set("0123456789+-.eE"):
        return None
    try:
        if text.lstrip("-").isdigit():
            return int(text)
        value = float(text)
    except ValueError:
        return None
    return int(value) if "." not in text and abs(value) <= MAX_EXACT and value.is_integer() else value


def _to_boolean(_: Budget, value: Any) -> bool:
    if type(value) is bool:
        return value
    if value in ("true", "false") and type(value) is str:
        return value == "true"
    raise Raised(f"{described(value)} cannot be parsed as a boolean")


def _split_text(budget: Budget, value: Any, separator: Any) -> list[str]:
    if type(value) is not str or type(separator) is not str:
        raise Raised("split input and separator must be strings")
    return split(budget, value, separator)


def _join(budget: Budget, value: Any, separator: Any) -> object:
    found = list(items(budget, value, 1))
    if separator is None:
        separator = ""
    elif type(separator) is not str and len(found) > 1:
        raise Raised(f"{described(_joinable(budget, found[0]))} and {described(separator)} cannot be added")
    texts = [_joinable(budget, one) for one in budget.spread(found)]
    if len(texts) < 2:
        return texts[0] if texts else ""
    budget.text(sum(map(len, texts)) + len(texts) * len(separator))
    return str(separator).join(texts)


def _joinable(budget: Budget, value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) in (list, dict):
        raise Raised(f'string ("") and {described(value)} cannot be added')
    return to_text(budget, value)


def _both_texts(value: Any, other: Any, name: str) -> None:
    if type(value) is not str or type(other) is not str:
        raise Raised(f"{name}() requires string inputs")


def _startswith(_: Budget, value: Any, other: Any) -> bool:
    _both_texts(value, other, "startswith")
    return bool(value.startswith(other))


def _endswith(_: Budget, value: Any, other: Any) -> bool:
    _both_texts(value, other, "endswith")
    return bool(value.endswith(other))


def _ltrimstr(_: Budget, value: Any, other: Any) -> object:
    _both_texts(value, other, "startswith")
    return value.removeprefix(other)


def _rtrimstr(_: Budget, value: Any, other: Any) -> object:
    _both_texts(value, other, "endswith")
    return value.removesuffix(other)


def _trimstr(budget: Budget, value: Any, other: Any) -> object:
    _both_texts(value, other, "startswith")
    return value.removeprefix(other).removesuffix(other)


def _text(value: Any, what: str) -> str:
    if type(value) is not str:
        raise Raised(f"{described(value)} cannot be {what}, as it is not a string")
    return value


def _trim(_: Budget, value: Any) -> str:
    return _text(value, "trimmed").strip(_SPACE)


def _ltrim(_: Budget, value: Any) -> str:
    return _text(value, "trimmed").lstrip(_SPACE)


def _rtrim(_: Budget, value: Any) -> str:
    return _text(value, "trimmed").rstrip(_SPACE)


def _ascii_downcase(budget: Budget, value: Any) -> str:
    if type(value) is not str:
        raise Raised("ascii_downcase input must be a string")
    budget.text(len(value))
    return value.translate(_LOWER)


def _ascii_upcase(budget: Budget, value: Any) -> str:
    if type(value) is not str:
        raise Raised("ascii_upcase input must be a string")
    budget.text(len(value))
    return value.translate(_UPPER)


def _explode(budget: Budget, value: Any) -> list[int]:
    text = _text(value, "exploded")
    budget.items(len(text) * 4)
    return [ord(letter) for letter in budget.spread(text)]


def _implode(budget: Budget, value: Any) -> str:
    if type(value) is not list:
        raise Raised("implode input must be an array")
    return "".join(_character(code) for code in budget.spread(value, 1))


def _character(code: Any) -> str:
    if not is_number(code) or code != code:
        raise Raised("Unicode codepoint must be numeric")
    whole = int(max(-1, min(code, 0x110000)))
    return chr(whole) if 0 <= whole < 0xD800 or 0xE000 <= whole < 0x110000 else "\ufffd"


def _utf8bytelength(budget: Budget, value: Any) -> int:
    text = _text(value, "measured in bytes")
    budget.text(len(text))
    return len(text.encode("utf-8", "surrogatepass"))


FUNCTIONS: dict[Name, Native] = {
    ("type", 0): Native(_kind),
    ("tostring", 0): Native(to_text),
    ("tojson", 0): Native(to_json),
    ("fromjson", 0): Native(from_json),
    ("tonumber", 0): Native(_to_number),
    ("toboolean", 0): Native(_to_boolean),
    ("format", 1): Native(apply_format),
    ("split", 1): Native(_split_text),
    ("join", 1): Native(_join),
    ("startswith", 1): Native(_startswith),
    ("endswith", 1): Native(_endswith),
    ("ltrimstr", 1): Native(_ltrimstr),
    ("rtrimstr", 1): Native(_rtrimstr),
    ("trimstr", 1): Native(_trimstr),
    ("trim", 0): Native(_trim),
    ("ltrim", 0): Native(_ltrim),
    ("rtrim", 0): Native(_rtrim),
    ("ascii_downcase", 0): Native(_ascii_downcase),
    ("ascii_upcase", 0): Native(_ascii_upcase),
    ("explode", 0): Native(_explode),
    ("implode", 0): Native(_implode),
    ("utf8bytelength", 0): Native(_utf8bytelength),
}
