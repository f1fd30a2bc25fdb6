"""The server as a process: what only shows on a real socket."""

import socket

import httpx
import msgspec
import pytest

from gatewright.kernel.settings import GlobalSettings
from gatewright.store import clients
from gatewright.store import settings
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.process import Server
from tests.running.site import basic


def token(server: Server, client_id: str = seed.LEDGER) -> str:
    answer = httpx.post(
        f"{server.url}/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(client_id)
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def on_the_wire(server: Server, request: bytes) -> bytes:
    """The answer to bytes that no HTTP client would send."""
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def get(server: Server, path: str, bearer: str) -> bytes:
    return on_the_wire(
        server,
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\nConnection: close\r\n\r\n".encode(),
    )


def test_the_path_reaches_the_guard_as_it_stood_in_the_request_line(server: Server) -> None:
    """A server that decodes or tidies the path first would undo the guard's care."""
    bearer = token(server, seed.CHOSEN)
    assert b'{"number":"7"}' in get(server, "/shop/orders/7", bearer)
    assert b'{"number":"a b"}' in get(server, "/shop/orders/a%20b", bearer)
    for path in (
        "/shop/orders/../audit",
        "/shop/orders/%2e%2e/audit",
        "/shop/orders/..%2faudit",
        "/shop/orders/%252e%252e/audit",
        "/shop%2faudit",
        "/shop//audit",
        "/shop/orders/7%2f8",
        "/shop/orders/7/../8",
        "/invoke%2forders/audit",
    ):
        answer = get(server, path, bearer)
        assert answer.startswith((b"HTTP/1.1 40", b"HTTP/1.1 404")), (path, answer)
        assert b"number" not in answer


def test_plain_http_on_loopback_needs_a_loopback_host(server: Server) -> None:
    body = b"grant_type=x"
    head = b"POST /oauth/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    end = b"Content-Length: %d\r\n\r\n" % len(body) + body
    for hosts, sentence in (
        (b"Host: localhost:1\r\n", b"Client authentication is missing"),
        (b"Host: evil.example\r\n", b"HTTPS is required"),
        (b"Host: localhost\r\nHost: evil.example\r\n", b"HTTPS is required"),
        (b"Host: localhost\r\nForwarded: for=1.2.3.4\r\n", b"HTTPS is required"),
    ):
        answer = on_the_wire(server, head + hosts + end)
        assert sentence in answer or (hosts.count(b"Host") > 1 and b" 400 " in answer), answer


def test_half_a_body_on_the_wire_is_never_taken_for_the_whole(server: Server) -> None:
    header = basic(seed.LEDGER)["authorization"].encode()
    request = (
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Authorization: " + header + b"\r\nContent-Length: 60\r\n\r\ngrant_type=client_credentials"
    )
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert b"access_token" not in answer


def test_two_content_lengths_or_a_length_beside_chunks_smuggle_nothing(server: Server) -> None:
    inner = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for lengths in (
        b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(inner),
        b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % len(inner),
        b"Content-Length: %d\r\nTransfer-Encoding: identity, chunked\r\n" % len(inner),
    ):
        head = b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + lengths + b"\r\n"
        assert on_the_wire(server, head + inner).count(b"HTTP/1.1 ") <= 1


def test_a_revoked_token_is_refused_by_every_worker_from_the_next_request_on(server: Server) -> None:
    """Each connection may meet either worker."""
    for _ in range(5):
        bearer = token(server)
        connections = [httpx.Client(base_url=server.url) for _ in range(8)]
        header = {"authorization": f"Bearer {bearer}"}
        assert {client.get("/invoke/orders/whoami", headers=header).status_code for client in connections} == {200}
        revoked = httpx.post(f"{server.url}/oauth/revoke", data={"token": bearer}, headers=basic(seed.LEDGER))
        assert revoked.status_code == 200
        assert {client.get("/invoke/orders/whoami", headers=header).status_code for client in connections} == {401}
        for client in connections:
            client.close()


async def test_what_another_process_changes_counts_in_every_worker_from_the_next_request_on(server: Server) -> None:
    """As the shell's commands do beside a running server."""
    bearer = token(server, seed.RIVAL)
    clients_of_both = [httpx.AsyncClient(base_url=server.url) for _ in range(8)]
    database = SqliteDatabase(server.workspace / "data" / "gatewright.db")

    async def statuses() -> set[int]:
        header = {"authorization": f"Bearer {bearer}"}
        return {(await each.get("/invoke/orders/whoami", headers=header)).status_code for each in clients_of_both}

    try:
        for enabled, expected in ((True, 200), (False, 401)) * 3:
            found = await database.read(clients.find, seed.RIVAL)
            assert found is not None
            await database.write(clients.update, msgspec.structs.replace(found, enabled=enabled))
            assert await statuses() == {expected}
        found = await database.read(clients.find, seed.RIVAL)
        assert found is not None
        await database.write(clients.update, msgspec.structs.replace(found, enabled=True))
        await database.write(clients.set_scopes, seed.RIVAL, ("customers",), 1)
        assert await statuses() == {403}
        await database.write(settings.save, GlobalSettings(require_https="always"), 1)
        answers = [await each.post("/oauth/token", data={"grant_type": "x"}) for each in clients_of_both]
        assert all("HTTPS is required" in answer.text for answer in answers)
    finally:
        await database.write(settings.save, GlobalSettings(), 1)
        await database.write(clients.set_scopes, seed.RIVAL, ("customers", "orders"), 1)
        await database.close()
        for each in clients_of_both:
            await each.aclose()


def test_nothing_of_all_this_left_a_traceback_in_the_log(server: Server) -> None:
    assert "Traceback" not in server.log


def test_another_master_key_is_refused_at_start_in_one_line(own_server: Server) -> None:
    own_server.start()
    own_server.stop()
    (own_server.workspace / "data" / "master.key").write_text("5a" * 32)
    (own_server.workspace / "server.log").unlink()
    with pytest.raises(AssertionError, match="not the master key that the store's secrets are sealed under"):
        own_server.start()
    assert "Traceback" not in own_server.log
