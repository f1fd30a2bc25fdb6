"""What a connection may take: bounds that a slow or greedy peer meets."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.running.process import Server


@pytest.fixture
def peer(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=10) as opened:
        yield opened


def answer(peer: socket.socket) -> bytes:
    received = b""
    while chunk := peer.recv(65536):
        received += chunk
    return received


def test_a_head_without_end_is_refused(peer: socket.socket) -> None:
    peer.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
    try:
        for _ in range(64):
            peer.sendall(b"X: " + b"a" * 4096 + b"\r\n")
            time.sleep(0.002)
    except ConnectionError:
        pass
    else:
        assert answer(peer).startswith(b"HTTP/1.1 400 ")


def test_trailers_without_end_are_refused(peer: socket.socket) -> None:
    peer.sendall(
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\n0\r\n"
    )
    with pytest.raises(ConnectionError):
        send_trailers(peer)


def send_trailers(peer: socket.socket) -> None:
    for _ in range(200):
        peer.sendall(b"X: " + b"a" * 4096 + b"\r\n")
        time.sleep(0.002)


def test_a_large_body_in_one_piece_is_no_large_head(peer: socket.socket) -> None:
    body = b"a=" + b"b" * 300_000
    head = b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    peer.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_what_is_no_http_gets_400(peer: socket.socket) -> None:
    peer.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert answer(peer).startswith(b"HTTP/1.1 400 ")
