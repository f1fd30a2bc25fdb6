"""What a flow meets outside itself: the services it may call by name, and the host that runs it."""

from collections.abc import Collection
from collections.abc import Iterable
from typing import Any
from typing import Protocol

import msgspec

from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse


class Signature(msgspec.Struct, frozen=True):
    """What a service takes and gives, as JSON Schemas; None: not said."""

    name: str
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None


class Registry(Protocol):
    """The services a flow may call, by full name (`folder.sub:service`)."""

    def signature(self, name: str) -> Signature | None:
        """The service of that name, None when there is none."""
        ...

    def names(self) -> Iterable[str]:
        """All names, for "did you mean"."""
        ...

    def connections(self) -> Collection[str] | None:
        """The names of the server's connections, None where they are not known."""
        ...

    def document(self, name: str) -> bytes | None:
        """The OpenAPI document of that file name beside the flow, None when there is none."""
        ...


class Host(Protocol):
    """What one run of a flow may do outside itself. Its rules (allowed addresses, access) live in the implementation."""

    async def call(self, name: str, arguments: dict[str, object]) -> object:
        """Call another service. Raises FlowError; anything else becomes a runtime error without its words."""
        ...

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send a request to another server. Raises HttpFailure; an answer of any status is an answer."""
        ...

    async def request_through(self, connection: str, request: HttpRequest) -> HttpResponse:
        """Send a request with the credentials of a connection. Raises HttpFailure, and FlowError when it cannot be used."""
        ...

    def secret(self, name: str) -> str | None:
        """A secret that the package declares, None when there is none of that name."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def publish(self, event: dict[str, object]) -> None:
        """Hand on an event (CloudEvents 1.0, as a JSON object)."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How much one run may use: `seconds` of time, `steps` taken, calls nested to `depth`, expressions' `units` and `size`."""

    seconds: float = 30.0
    steps: int = 100_000
    depth: int = 50
    units: int = 10_000_000
    size: int = 50_000_000


DEFAULT_LIMITS = Limits()
