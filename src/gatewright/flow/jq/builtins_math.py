"""Native functions on numbers."""

import math
from collections.abc import Callable
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native
from gatewright.flow.jq.values import as_float
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import plain

_SMALLEST_NORMAL = 2.2250738585072014e-308


def _number(value: Any) -> float:
    if not is_number(value):
        raise Raised(f"{described(value)} number required")
    return as_float(value)


def _computed(call: Callable[..., float], numbers: list[float]) -> int | float:
    """The result as C would have it: not-a-number outside the domain, infinite beyond the range."""
    try:
        return plain(call(*numbers))
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def _function(call: Callable[..., float]) -> Callable[..., object]:
    def of_input(_: Budget, value: Any) -> object:
        return _computed(call, [_number(value)])

    return of_input


def _function_of_arguments(call: Callable[..., float]) -> Callable[..., object]:
    def of_arguments(_: Budget, __: Any, *arguments: Any) -> object:
        return _computed(call, [_number(argument) for argument in arguments])

    return of_arguments


def _whole(rounding: Callable[[float], float]) -> Callable[..., object]:
    """Rounding leaves integers as they are, however large."""

    def rounded(_: Budget, value: Any) -> object:
        if type(value) is int:
            return value
        number = _number(value)
        return plain(rounding(number)) if math.isfinite(number) else number

    return rounded


def _round(value: float) -> float:
    """Halves away from zero."""
    whole = math.floor(abs(value) + 0.5) if abs(value) < 2**52 else abs(value)
    return math.copysign(whole, value)


def _log_of(call: Callable[[float], float], pole: float = 0.0) -> Callable[[float], float]:
    return lambda value: -math.inf if value == pole else call(value)


def _pow(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf


def _logb(value: float) -> float:
    return -math.inf if value == 0 else math.frexp(value)[1] - 1.0


def _significand(value: float) -> float:
    return math.frexp(value)[0] * 2 if value and math.isfinite(value) else value


def _gamma(value: float) -> float:
    return math.inf if value <= 0 and value == math.floor(value) else math.lgamma(value)


def _frexp(_: Budget, value: Any) -> list[Any]:
    mantissa, exponent = math.frexp(_number(value))
    return [plain(mantissa), exponent]


def _modf(_: Budget, value: Any) -> list[Any]:
    fraction, whole = math.modf(_number(value))
    return [plain(fraction), plain(whole)]


def _ldexp(mantissa: float, exponent: float) -> float:
    return math.ldexp(mantissa, int(max(-5000.0, min(exponent, 5000.0))))


def _abs(_: Budget, value: Any) -> object:
    if value is None or type(value) is bool:
        raise Raised(f"{described(value)} cannot be negated")
    return plain(-value) if is_number(value) and value < 0 else value


def _infinite(_: Budget, __: Any) -> float:
    return math.inf


def _nan(_: Budget, __: Any) -> float:
    return math.nan


def _isinfinite(_: Budget, value: Any) -> bool:
    return is_number(value) and math.isinf(as_float(value))


def _isnan(_: Budget, value: Any) -> bool:
    return is_number(value) and math.isnan(as_float(value))


def _isfinite(_: Budget, value: Any) -> bool:
    """Not-a-number counts as finite, as the language has it."""
    return is_number(value) and not math.isinf(as_float(value))


def _isnormal(_: Budget, value: Any) -> bool:
    if not is_number(value):
        return False
    number = as_float(value)
    return math.isfinite(number) and abs(number) >= _SMALLEST_NORMAL


def _fma(first: float, second: float, third: float) -> float:
    return first * second + third


_ROUNDING: dict[str, Callable[[float], float]] = {
    "floor": lambda value: float(math.floor(value)),
    "ceil": lambda value: float(math.ceil(value)),
    "trunc": lambda value: float(math.trunc(value)),
    "rint": lambda value: float(round(value)),
    "nearbyint": lambda value: float(round(value)),
    "round": _round,
}
_OF_INPUT: dict[str, Callable[[float], float]] = {
    **{
        name: getattr(math, name)
        for name in ["sqrt", "cbrt", "exp", "exp2", "expm1", "fabs", "sin", "cos", "tan", "asin", "acos", "atan"]
    },
    **{name: getattr(math, name) for name in ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc"]},
    "log": _log_of(math.log),
    "log2": _log_of(math.log2),
    "log10": _log_of(math.log10),
    "log1p": _log_of(math.log1p, -1.0),
    "exp10": lambda value: math.pow(10.0, value),
    "gamma": _gamma,
    "lgamma": _gamma,
    "tgamma": math.gamma,
    "logb": _logb,
    "significand": _significand,
}
_OF_ARGUMENTS: dict[str, Callable[[float, float], float]] = {
    **{name: getattr(math, name) for name in ["atan2", "copysign", "fmod", "hypot", "nextafter"]},
    "pow": _pow,
    "fmin": lambda one, other: other if one != one else one if other != other else min(one, other),
    "fmax": lambda one, other: other if one != one else one if other != other else max(one, other),
    "fdim": lambda one, other: max(one - other, 0.0),
    "drem": math.remainder,
    "remainder": math.remainder,
    "ldexp": _ldexp,
    "scalb": _ldexp,
    "scalbln": _ldexp,
}

FUNCTIONS: dict[Name, Native] = {
    **{(name, 0): Native(_whole(call)) for name, call in _ROUNDING.items()},
    **{(name, 0): Native(_function(call)) for name, call in _OF_INPUT.items()},
    **{(name, 2): Native(_function_of_arguments(call)) for name, call in _OF_ARGUMENTS.items()},
    ("fma", 3): Native(_function_of_arguments(_fma)),
    ("frexp", 0): Native(_frexp),
    ("modf", 0): Native(_modf),
    ("abs", 0): Native(_abs),
    ("infinite", 0): Native(_infinite),
    ("nan", 0): Native(_nan),
    ("isinfinite", 0): Native(_isinfinite),
    ("isnan", 0): Native(_isnan),
    ("isfinite", 0): Native(_isfinite),
    ("isnormal", 0): Native(_isnormal),
}
