"""A bare HTTP/1.1 client for bursts: a thousand requests should load the server, not the test."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from typing import Self
from urllib.parse import urlencode

import msgspec


class Gone(Exception):
    """The server closed the connection before its answer was complete."""


class Wire:
    """One kept connection to a server on this machine; requests follow one another."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        try:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise Gone from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Post a form; status and JSON body. Raises Gone."""
        body = urlencode(fields)
        lines = [
            f"POST {path} HTTP/1.1",
            "host: localhost",
            "content-type: application/x-www-form-urlencoded",
            f"content-length: {len(body)}",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        try:
            self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            await self._writer.drain()
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            answer = await self._reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Gone from error
        return int(head.split()[1]), msgspec.json.decode(answer)
