"""Reading what people give, field by field, so that every mistake is told at once."""

import difflib
import re
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import TypeVar

import msgspec

from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid

T = TypeVar("T")
LARGEST: Final = 2_147_483_647
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Fields:
    """The values of a form, a JSON object or a YAML mapping. What is absent is as the default; errors are collected."""

    def __init__(self, values: Mapping[str, object], known: Collection[str]) -> None:
        """`known`: the fields there are; another is an error."""
        self._values = values
        self.errors = [
            FieldError(name, f"There is no such field.{did_you_mean(name, known)}")
            for name in values
            if name not in known
        ]

    def read(self, name: str, default: T, read: Callable[[Any], T]) -> T:
        """The field's value by `read`, which raises ValueError with a sentence that says what to change."""
        if name not in self._values:
            return default
        try:
            return read(self._values[name])
        except ValueError as error:
            self.errors.append(FieldError(name, str(error)))
            return default

    def refuse_if_wrong(self, more: Iterable[FieldError] = ()) -> None:
        """Raise Invalid when there are errors; of a field that could not be read, no other is told."""
        unread = {error.field for error in self.errors}
        errors = self.errors + [error for error in more if error.field not in unread]
        if errors:
            raise Invalid(errors)


def text(value: Any) -> str:
    """Text without blanks around it."""
    if not isinstance(value, str):
        quoted = f'; write it in quotes: "{value}"' if isinstance(value, int | float) else ""
        raise ValueError(f"This must be text{quoted}.")
    if _CONTROL.search(value):
        raise ValueError("This has a control character or half a character in it.")
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, empty ones and repetitions left out."""
    if not isinstance(value, list | tuple):
        raise ValueError("This must be a list.")
    return tuple(dict.fromkeys(filter(None, map(text, value))))


def flag(value: Any) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise ValueError("This must be true or false.")
    return value


def whole_number(least: int, message: str) -> Callable[[Any], int]:
    """Reads a whole number from `least` on, also as digits in text."""

    def read(value: Any) -> int:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) <= 20:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
            raise ValueError(message)
        return value

    return read


def one_of(*options: Any, otherwise: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """Reads one of these values, or what `otherwise` reads."""

    def read(value: Any) -> Any:
        for option in options:
            if type(value) is type(option) and value == option:
                return option
        if otherwise is not None:
            return otherwise(value)
        raise ValueError(f"This must be {listed([_spelled(option) for option in options])}.")

    return read


def listed(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def type_in_words(annotation: Any) -> str:
    """What a setting's type expects: `a whole number from 1 to 60 or never`."""
    return _in_words(msgspec.inspect.type_info(annotation))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """` Did you mean “x”?` for the nearest of the known names, or nothing."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def _in_words(info: msgspec.inspect.Type) -> str:
    match info:
        case msgspec.inspect.Metadata(type=inner):
            return _in_words(inner)
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(_in_words(each) for each in types)
        case msgspec.inspect.LiteralType(values=values):
            return listed([str(value) for value in values])
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.StrType(min_length=least, max_length=int(most)):
            return f"text of {least or 0} to {most} characters"
        case msgspec.inspect.StrType():
            return "text"
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return f"a mapping of {_in_words(key)} to {_in_words(value)}"
    return "a list of texts"


def _spelled(option: object) -> str:
    return str(option).lower() if isinstance(option, bool) else str(option)
