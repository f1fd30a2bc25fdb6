"""A store that stands still while requests come in: the many are refused at once, the rest goes on, service resumes."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.running import seed
from tests.running.process import Server
from tests.running.process import new_server
from tests.running.site import basic

CROWD = 600
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def server(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    running = new_server(seeded, tmp_path, workers=1)
    running.start()
    yield running
    running.stop()
    running.clean_up()


def ask(server: Server, stack: ExitStack) -> socket.socket:
    peer = stack.enter_context(socket.create_connection(("127.0.0.1", server.settings.port), timeout=20))
    body = urlencode(GRANT).encode()
    head = f"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic(seed.LEDGER)['authorization']}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    peer.sendall(f"{head}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return peer


def refusal(server: Server, stack: ExitStack) -> bytes:
    """What the first of those who come later is told at once."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        peer = ask(server, stack)
        peer.settimeout(0.2)
        with suppress(TimeoutError):
            return peer.recv(65536)
    raise AssertionError("nobody was refused")


def test_a_store_that_stands_still_has_the_many_refused_at_once_and_the_rest_goes_on(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=20) as http, ExitStack() as stack:
        token = http.post("/oauth/token", data=GRANT, headers=basic(seed.LEDGER)).json()["access_token"]
        writers = os.open(server.workspace / "data" / "gatewright.lock", os.O_RDWR)
        fcntl.flock(writers, fcntl.LOCK_EX)
        crowd = [ask(server, stack) for _ in range(CROWD)]
        late = refusal(server, stack)
        assert late.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in late
        assert http.get("/health/live").status_code == 200
        found = http.post("/oauth/introspect", data={"token": token}, headers=basic(seed.GATEWAY))
        assert found.json()["active"]
        os.close(writers)
        assert {peer.recv(65536)[:12] for peer in crowd} == {b"HTTP/1.1 200"}
        assert http.post("/oauth/token", data=GRANT, headers=basic(seed.LEDGER)).status_code == 200
