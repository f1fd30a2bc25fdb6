"""Three nodes: servers of their own over one PostgreSQL, as a load balancer has them behind one address."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from gatewright.store.portable import move
from tests.running import seed
from tests.running.process import Server
from tests.running.site import basic
from tests.running.site import seeded
from tests.store.conftest import cluster
from tests.store.conftest import postgresql_url

__all__ = ["cluster", "postgresql_url", "seeded"]

ISSUER = "http://localhost:5555"
MASTER_KEY = "5a" * 32
WITHIN = 1.0
"""Seconds in which every node follows (DESIGN, promise 5)."""


class Node:
    """One node, and requests to it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=10)

    def token(self, client_id: str = seed.LEDGER, **parameters: str) -> httpx.Response:
        """A client credentials request."""
        form = {"grant_type": "client_credentials", **parameters}
        return self.http.post("/oauth/token", data=form, headers=basic(client_id))

    def call(self, token: str, path: str = "/shop/orders/1") -> int:
        """The status of a secured call."""
        return self.http.get(path, headers={"authorization": f"Bearer {token}"}).status_code

    def admin(self, token: str, method: str, path: str, body: object = None) -> httpx.Response:
        """A request to the Admin API."""
        headers = {"authorization": f"Bearer {token}"}
        return self.http.request(method, f"/admin/v1{path}", json=body, headers=headers)


@pytest.fixture
def nodes(seeded: Path, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Node]]:
    """Three nodes that serve, over a seeded database. They share nothing else but the master key."""
    monkeypatch.setenv("GATEWRIGHT_MASTER_KEY", MASTER_KEY)
    move(seeded, postgresql_url, lambda _: None)
    found = [_node(tmp_path / name, postgresql_url) for name in ("one", "two", "three")]
    try:
        for each in found:
            each.server.start()
        yield found
    finally:
        for each in found:
            each.http.close()
            each.server.clean_up()


def _node(workspace: Path, url: str) -> Node:
    workspace.mkdir()
    seed.write_package(workspace)
    server = Server(workspace, workers=1)
    server.settings = msgspec.structs.replace(server.settings, database=url, public_url=ISSUER)
    return Node(server)


def seconds_until(condition: Callable[[], bool], patience: float = 5.0) -> float:
    """How long it took until `condition` held."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < patience, "it never came"
        time.sleep(0.02)
    return time.monotonic() - started
