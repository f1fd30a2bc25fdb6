"""Nodes are restarted one after another under load, and no request fails."""

import signal
import threading
import time

import httpx
import msgspec

from tests.nodes.conftest import Node
from tests.running import seed
from tests.running.site import basic


class Balancer:
    """Sends each request to a node that was ready when it last looked, as load balancers do."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes, self._ready, self._number = nodes, list(nodes), 0
        self.failures: list[str] = []
        self.answered = 0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._look)] + [threading.Thread(target=self._ask) for _ in range(4)]

    def __enter__(self) -> "Balancer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _look(self) -> None:
        while not self._stopping.is_set():
            self._ready = [node for node in self._nodes if _is_ready(node)]
            time.sleep(0.1)

    def _ask(self) -> None:
        clients = {node.server.url: httpx.Client(base_url=node.server.url, timeout=20) for node in self._nodes}
        while not self._stopping.is_set():
            self._number += 1
            node = self._ready[self._number % len(self._ready)]
            try:
                answer = clients[node.server.url].post(
                    "/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(seed.LEDGER)
                )
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            if answer.status_code == 200:
                self.answered += 1
            else:
                self.failures.append(answer.text)
        for client in clients.values():
            client.close()


def _is_ready(node: Node) -> bool:
    try:
        return httpx.get(f"{node.server.url}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_no_request_fails_while_every_node_is_restarted(nodes: list[Node]) -> None:
    for node in nodes:
        node.server.stop()
        node.server.settings = msgspec.structs.replace(node.server.settings, drain_seconds=2)
        node.server.start()
    with Balancer(nodes) as balancer:
        for node in nodes:
            before = balancer.answered
            node.server.stop(signal.SIGTERM)
            node.server.start()
            assert balancer.answered > before
            time.sleep(0.5)
    assert balancer.failures == []


def test_a_second_signal_ends_a_draining_server_at_once(nodes: list[Node]) -> None:
    node = nodes[0]
    node.server.stop()
    node.server.settings = msgspec.structs.replace(node.server.settings, drain_seconds=120)
    node.server.start()
    token = node.token().json()["access_token"]
    node.server.send_signal(signal.SIGTERM)
    started = time.monotonic()
    while _is_ready(node):
        assert time.monotonic() - started < 5
    answer = node.http.get("/shop/orders/1", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    node.server.stop(signal.SIGTERM)  # waits for its end, twenty seconds at most
