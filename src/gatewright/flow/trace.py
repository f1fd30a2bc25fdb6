"""What happened in a run, step by step, for people to read: bounded, and without secrets."""

import re
import time
from typing import Any
from typing import Final
from typing import Protocol

import msgspec

MASK = "***"
_LONGEST_TEXT = 2_000
_MOST_ITEMS = 50
_DEEPEST = 12
_PRIVATE: Final = re.compile(
    r"passw|secret|token|authori[sz]ation|api.?key|cookie|credential|private.?key", re.IGNORECASE
)


class Step(Protocol):
    """A step of a flow, as it is compiled."""

    @property
    def pointer(self) -> str:
        """The JSON pointer of its task."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def kind(self) -> str:
        """Its kind: set, switch, call, …"""
        ...


class Watch(Protocol):
    """What is told of each step that a run takes."""

    def mask(self, secret: Any) -> None:
        """This text, or every text within this object, is secret."""
        ...

    def enter(self, step: Step, iteration: tuple[int, ...], data: Any) -> Any:
        """A step begins; what is given is handed back when it ends."""
        ...

    def leave(self, record: Any, output: Any, context: Any, then: str | None) -> None:
        """The step ended well."""
        ...

    def fail(self, record: Any, error: Any) -> None:
        """The step raised an error, given as its problem details."""
        ...


class Record(msgspec.Struct):
    """One step taken. `started` is in seconds since the run began; `then` names the step that followed a switch or try."""

    pointer: str
    name: str
    kind: str
    started: float
    iteration: tuple[int, ...]
    input: Any
    seconds: float = 0.0
    output: Any = None
    context: Any = None
    error: Any = None
    then: str | None = None


class Trace:
    """Collects at most `most` records of about `size` characters in all; what comes after is only counted.

    values: whether data are shown at all. guarded: whether texts and numbers are masked whose names, such as `password`,
    say that they are nobody else's business.
    """

    def __init__(self, *, most: int = 1_000, size: int = 1_000_000, values: bool = True, guarded: bool = False) -> None:
        self.records: list[Record] = []
        self.left_out = 0
        self._most, self._size, self._values = most, size, values
        self._guarded = guarded
        self._began = time.monotonic()
        self._secrets: list[str] = []

    def mask(self, secret: Any) -> None:
        """Show *** instead of this text, or of every text within this object, from now on."""
        if isinstance(secret, str):
            if secret and secret not in self._secrets:
                self._secrets.append(secret)
                self._secrets.sort(key=len, reverse=True)
        elif isinstance(secret, dict):
            for value in secret.values():
                self.mask(value)
        elif isinstance(secret, list):
            for value in secret:
                self.mask(value)

    def enter(self, step: Step, iteration: tuple[int, ...], data: Any) -> Record | None:
        """A step begins; None when the trace is full."""
        if self._is_full():
            return None
        began = time.monotonic() - self._began
        record = Record(step.pointer, step.name, step.kind, began, iteration, self.show(data))
        self.records.append(record)
        return record

    def add(self, record: Record) -> None:
        """Keep a record of a step that was taken before, unless the trace is full."""
        if not self._is_full():
            self.records.append(record)

    def leave(self, record: Record | None, output: Any, context: Any, then: str | None) -> None:
        """The step ended well."""
        if record is not None:
            record.seconds = time.monotonic() - self._began - record.started
            record.output, record.context, record.then = self.show(output), self.show(context), then

    def fail(self, record: Record | None, error: Any) -> None:
        """The step raised an error, given as its problem details."""
        if record is not None:
            record.seconds = time.monotonic() - self._began - record.started
            record.error = self.show(error)

    def show(self, value: Any) -> Any:
        """A copy of `value` to be read: shortened, and with the secrets masked."""
        return self._copy(value, 0) if self._values else None

    def _is_full(self) -> bool:
        full = len(self.records) >= self._most or self._size <= 0
        self.left_out += full
        return full

    def _copy(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict | list):
            self._size -= 2
            if depth >= _DEEPEST or self._size <= 0:
                return "…"
            return self._mapping(value, depth) if isinstance(value, dict) else self._list(value, depth)
        self._size -= 8
        return value

    def _mapping(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        kept = list(value.items())[:_MOST_ITEMS]
        copy = {self._text(key): self._member(key, item, depth + 1) for key, item in kept}
        if len(value) > len(kept):
            copy["…"] = f"{len(value) - len(kept)} more"
        return copy

    def _member(self, key: str, value: Any, depth: int) -> Any:
        if self._guarded and isinstance(value, str | int | float) and _PRIVATE.search(key):
            return MASK
        return self._copy(value, depth)

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        copy = [self._copy(item, depth + 1) for item in value[:_MOST_ITEMS]]
        if len(value) > _MOST_ITEMS:
            copy.append(f"… {len(value) - _MOST_ITEMS} more")
        return copy

    def _text(self, text: str) -> str:
        # Secrets first: a text cut in the middle of one would show its beginning.
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        self._size -= min(len(text), _LONGEST_TEXT) + 2
        return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
