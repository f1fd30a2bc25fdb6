"""Numbers. Sums, products and rounding are decimal, so that 0.1 + 0.2 is 0.3."""

import secrets
from collections.abc import Iterable
from decimal import ROUND_CEILING
from decimal import ROUND_DOWN
from decimal import ROUND_FLOOR
from decimal import ROUND_HALF_EVEN
from decimal import ROUND_HALF_UP
from decimal import Context
from decimal import Decimal
from decimal import DecimalException
from decimal import localcontext
from math import isinf
from typing import Literal

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal

Number = int | float | str
Numbers = list[Number]
_MODES = {
    "half_even": ROUND_HALF_EVEN,
    "half_up": ROUND_HALF_UP,
    "down": ROUND_DOWN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
}
_CONTEXT = Context(prec=50, Emax=999, Emin=-999)
_LONGEST = 100


@service(inline=True)
def add(numbers: Numbers) -> int | float:
    """The sum; 0 of none. Numbers may be given as texts, as databases and CSV have them."""
    with localcontext(_CONTEXT):
        return _number(_sum(_decimals(numbers)))


@service(inline=True)
def subtract(number: Number, by: Number) -> int | float:
    """`number` less `by`."""
    first, second = _decimals([number, by])
    with localcontext(_CONTEXT):
        return _number(first - second)


@service(inline=True)
def multiply(numbers: Numbers) -> int | float:
    """The product; 1 of none."""
    product = Decimal(1)
    with localcontext(_CONTEXT):
        try:
            for each in _decimals(numbers):
                product *= each
        except DecimalException:
            raise refusal("the result is too large") from None
        return _number(product)


@service(inline=True)
def divide(number: Number, by: Number) -> int | float:
    """`number` divided by `by`."""
    first, second = _decimals([number, by])
    if not second:
        raise refusal("division by zero")
    with localcontext(_CONTEXT):
        try:
            return _number(first / second)
        except DecimalException:
            raise refusal("the result is too large") from None


@service(inline=True)
def round(  # noqa: A001  the service's name
    number: Number, digits: int = 0, mode: Literal["half_even", "half_up", "down", "floor", "ceiling"] = "half_up"
) -> int | float:
    """The number with so many digits after the point."""
    if not 0 <= digits <= 20:
        raise refusal("digits is a number from 0 to 20")
    (value,) = _decimals([number])
    with localcontext(_CONTEXT):
        try:
            return _number(value.quantize(Decimal(1).scaleb(-digits), _MODES[mode]))
        except DecimalException:
            raise refusal("the number is too large to be rounded") from None


@service(inline=True)
def average(numbers: Numbers) -> int | float | None:
    """The arithmetic mean; null of none."""
    values = _decimals(numbers)
    if not values:
        return None
    with localcontext(_CONTEXT):
        return _number(_sum(values) / len(values))


@service(inline=True)
def smallest(numbers: Numbers) -> int | float | None:
    """The smallest; null of none."""
    values = _decimals(numbers)
    return _number(min(values)) if values else None


@service(inline=True)
def largest(numbers: Numbers) -> int | float | None:
    """The largest; null of none."""
    values = _decimals(numbers)
    return _number(max(values)) if values else None


@service(inline=True)
def absolute(number: Number) -> int | float:
    """The number without its sign."""
    return _number(abs(_decimals([number])[0]))


@service(inline=True)
def random(low: int, high: int) -> int:
    """A random whole number from `low` to `high`, which nobody can foresee."""
    if not 0 <= high - low < 2**53:
        raise refusal("high is at least low, and less than 2^53 away")
    return low + secrets.randbelow(high - low + 1)


def _decimals(numbers: Iterable[Number]) -> list[Decimal]:
    found = []
    for number in numbers:
        text = number.strip() if isinstance(number, str) else str(number) if isinstance(number, float) else number
        try:
            value = Decimal(text) if not isinstance(text, str) or len(text) <= _LONGEST else Decimal("NaN")
        except DecimalException:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value.adjusted()) > 300:
            raise refusal(f"{str(number)[:60]!r} is no number that can be calculated with")
        found.append(value)
    return found


def _sum(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _number(value: Decimal) -> int | float:
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    number = float(value)
    if isinf(number):  # JSON has no word for it
        raise refusal("the result is too large")
    return number
