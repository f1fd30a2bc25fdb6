"""An existing HTTP API behind the guard, and the same API asked directly: what the way through Gatewright costs.

The API is a small ASGI application in a process of its own. It answers after ten milliseconds, as one that asks a
database does, or at once, as hardly any does: there the figures show the way alone.
"""

import asyncio
import sys
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import MutableMapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import requests
from bench.processes import HOST
from bench.requests import InTurn
from bench.rows import GATEWRIGHT
from bench.rows import Row
from bench.rows import steadily

API = "API"
SECONDS = 0.01
TOKENS = 64
_DIRECT = f"API of {SECONDS * 1000:.0f} ms, direct"
_AT_ONCE = "API that answers at once, direct"
_CONNECTIONS = 64
_ANSWER = b'{"hello":"Ada"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """The API: `/slow` and `/quick`."""
    if scope["path"] == "/slow":
        await asyncio.sleep(SECONDS)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def command(port: int) -> list[str]:
    """What starts the API."""
    return [
        sys.executable, "-m", "uvicorn", "bench.upstream:app", "--host", HOST, "--port", str(port), "--lifespan", "off",
        "--no-access-log", "--log-level", "error",
    ]  # fmt: skip


def put_into(packages: Path, port: int) -> None:
    """Write the upstream into the bench's package: `bench.api_behind:slow` and `…:quick`."""
    (packages / "Bench" / "services" / "bench" / "api_behind.upstream.yaml").write_text(
        f"base_url: http://{HOST}:{port}\n"
        f"connections: {{most: {_CONNECTIONS}}}\n"
        "operations:\n"
        "  slow: {method: GET, path: /slow}\n"
        "  quick: {method: GET, path: /quick}\n"
    )


def rows(tokens: Sequence[str]) -> list[Row]:
    """The API directly, and behind the guard."""

    def direct(name: str, path: str) -> Row:
        return Row(name, API, steadily(InTurn([requests.http("GET", path, {})], requests.HELLO)), against="")

    def behind(name: str, against: str, at_least: float | None = None) -> Row:
        target = f"/invoke/bench.api_behind/{name}"
        calls = [requests.http("GET", target, {"Authorization": f"Bearer {token}"}) for token in tokens]
        work = steadily(InTurn(calls, requests.HELLO))
        shown = f"… as an upstream ({name})"
        return Row(shown, GATEWRIGHT, work, against, at_least=at_least, compares="throughput")

    return [
        direct(_DIRECT, "/slow"),
        behind("slow", _DIRECT, at_least=0.6),
        direct(_AT_ONCE, "/quick"),
        behind("quick", _AT_ONCE),
    ]
