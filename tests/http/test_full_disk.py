"""A disk that is full: what cannot be kept is not said, reading goes on, and service resumes when there is room again."""

import resource
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import seed
from tests.running.process import Server
from tests.running.process import new_server
from tests.running.site import basic

GRANT = {"grant_type": "client_credentials"}
UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
def server(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    running = new_server(seeded, tmp_path, workers=1)
    running.start()
    yield running
    running.stop()
    running.clean_up()


def fill_disk(server: Server, more: int) -> None:
    """Let no file grow past what the store's log is now, and `more` bytes."""
    log = server.workspace / "data" / "gatewright.db-wal"
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + more, UNLIMITED))


def test_a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing(server: Server) -> None:
    answered = []
    with httpx.Client(base_url=server.url, timeout=30) as http:

        def token() -> httpx.Response:
            return http.post("/oauth/token", data=GRANT, headers=basic(seed.LEDGER))

        def call(text: str) -> int:
            return http.get("/shop/orders/1", headers={"authorization": f"Bearer {text}"}).status_code

        answered.append(token().json()["access_token"])
        fill_disk(server, 50_000)
        for _ in range(200):
            answer = token()
            if answer.status_code != 200:
                break
            answered.append(answer.json()["access_token"])
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) >= 1
        assert call(answered[0]) == 200
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
        answer = token()
        assert answer.status_code == 200, answer.text
        answered.append(answer.json()["access_token"])
    server.kill()
    server.start()
    with httpx.Client(base_url=server.url, timeout=30) as http:
        for text in answered:
            found = http.post("/oauth/introspect", data={"token": text}, headers=basic(seed.GATEWAY)).json()
            assert found["active"], text
    assert "Traceback" not in server.log
