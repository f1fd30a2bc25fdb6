"""Ten thousand connections that say nothing: the others are answered."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.running import seed
from tests.running.process import Server
from tests.running.site import basic

MANY = 10_000


@pytest.fixture
def files() -> Iterator[None]:
    """As many open files as this needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY + 500:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (MANY + 500, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections_hold_nobody_up(files: None, own_server: Server) -> None:
    own_server.start()
    with ExitStack() as stack:
        for number in range(MANY):
            address = (f"127.0.0.{number % 8 + 1}", 0)  # a port belongs to one of its addresses
            stack.enter_context(
                socket.create_connection(("127.0.0.1", own_server.settings.port), timeout=10, source_address=address)
            )
        answer = httpx.post(
            f"{own_server.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            headers=basic(seed.LEDGER),
            timeout=10,
        )
        assert answer.status_code == 200
    own_server.stop()
