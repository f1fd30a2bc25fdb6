"""What happened in a run, step by step, for people to read: bounded, and without secrets."""

import time
from typing import Any

import msgspec

MASK = "***"
_LONGEST_TEXT = 2_000
_MOST_ITEMS = 50
_DEEPEST = 12


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
    """Collects at most `most` records of about `size` characters in all; what comes after is only counted."""

    def __init__(self, *, most: int = 1_000, size: int = 1_000_000, values: bool = True) -> None:
        self.records: list[Record] = []
        self.left_out = 0
        self._most, self._size, self._values = most, size, values
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

    def enter(self, pointer: str, name: str, kind: str, iteration: tuple[int, ...], data: Any) -> Record | None:
        """A step begins; None when the trace is full."""
        if len(self.records) >= self._most or self._size <= 0:
            self.left_out += 1
            return None
        record = Record(pointer, name, kind, time.monotonic() - self._began, iteration, self.show(data))
        self.records.append(record)
        return record

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
        copy = {self._text(key): self._copy(item, depth + 1) for key, item in kept}
        if len(value) > len(kept):
            copy["…"] = f"{len(value) - len(kept)} more"
        return copy

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
