"""Somebody else's web server: it answers what a test tells it to, and remembers who asked what."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import pytest_asyncio


class Asked:
    """A request that came."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def form(self) -> dict[str, str]:
        """The form of a POST."""
        return dict(parse_qsl(self.body.decode()))


class Remote:
    """A server at a loopback address. `seconds`: how long each answer waits."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.seconds = 0.0
        self._answers: dict[str, bytes] = {}
        self._server: asyncio.Server
        self.url: str

    async def start(self) -> None:
        await self.listen()
        self.url = f"http://127.0.0.1:{self.port}"

    async def listen(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=tls)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()

    def put(self, path: str, document: Any, status: int = 200, **headers: str) -> str:
        """Serve a JSON document, or bytes as they are; where it then is. Header names with _ for -."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        given = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close", **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
        self._answers[path] = f"HTTP/1.1 {status} Answer\r\n{head}\r\n".encode() + body
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(method, path, headers, body))
            await asyncio.sleep(self.seconds)
            writer.write(self._answers.get(path, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@pytest_asyncio.fixture
async def remote() -> AsyncIterator[Remote]:
    """Somebody else's web server."""
    made = Remote()
    await made.start()
    yield made
    await made.stop()
