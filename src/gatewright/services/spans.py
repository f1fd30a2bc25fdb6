"""Spans of requests, services and steps, for whoever collects traces; `app.tracing` makes them by OpenTelemetry."""

from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from gatewright.flow.journal import Entry


class Span(Protocol):
    """A span that is open."""

    @property
    def is_recording(self) -> bool:
        """Whether anybody will see it."""
        ...

    def answered(self, status: int) -> None:
        """The HTTP status that it ended with."""
        ...

    def steps(self, entries: Sequence[Entry]) -> None:
        """The steps of a flow that were taken within it, in the order in which they began."""
        ...


class Spans(Protocol):
    """Opens spans; one that is opened within another is below it."""

    def request(
        self, method: str, route: str, headers: Mapping[bytes, bytes], request: str
    ) -> AbstractContextManager[Span]:
        """Of an HTTP request, below the span that its `traceparent` names. request: its id."""
        ...

    def service(self, name: str, kind: str, client: str, subject: str) -> AbstractContextManager[Span]:
        """Of a call of a service."""
        ...

    def outgoing(self) -> dict[str, str]:
        """Header fields that tell another server of the span that is open here (W3C Trace Context)."""
        ...

    def close(self) -> None:
        """Hand over what waits. Blocks for as long as that takes, up to a few seconds."""
        ...
