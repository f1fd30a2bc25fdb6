"""Requests without end, and a book of every answer: what it promised must be true afterwards."""

import asyncio
import random
from collections import Counter
from typing import Any
from typing import Final

import httpx

from tests.running import seed
from tests.running.site import basic
from tests.running.wire import Gone
from tests.running.wire import Wire

LEDGER: Final = basic(seed.LEDGER)
GATEWAY: Final = basic(seed.GATEWAY)
_REFUSALS: Final = frozenset({429, 503})
_PAUSE: Final = 0.05  # seconds, after a refusal or a lost connection


class Book:
    """What was asked and answered.

    tokens: access tokens whose answer came whole.  redeemed: by code, the access tokens that it gave.
    successors: by refresh token, those that it gave.  clients: names that were registered.
    """

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.redeemed: dict[str, set[str]] = {}
        self.successors: dict[str, set[str]] = {}
        self.clients: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.lost_connections = 0
        self.wrong: list[str] = []

    @property
    def answered(self) -> int:
        """How many requests were answered, refusals included."""
        return self.statuses.total()


class Load:
    """Connections that ask on until they are told to stop."""

    def __init__(self, ports: list[int], codes: list[str], refresh_tokens: list[str], administrator: str) -> None:
        self._ports, self._codes, self._refresh_tokens = ports, codes, refresh_tokens
        self._administrator = {"authorization": f"Bearer {administrator}"}
        self._stopping = asyncio.Event()
        self.book = Book()

    async def run(self) -> None:
        """Ask until `stop`."""
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(self._issue(number))
            for number in range(4):
                group.create_task(self._redeem(number))
            for number, token in enumerate(self._refresh_tokens):
                group.create_task(self._refresh(number, token))
            group.create_task(self._register())

    def stop(self) -> None:
        """Let every connection finish what it asked."""
        self._stopping.set()

    async def _issue(self, number: int) -> None:
        while not self._stopping.is_set():
            status, answer = await self._token(number, {"grant_type": "client_credentials"})
            if status == 200:
                self.book.tokens.append(answer["access_token"])

    async def _redeem(self, number: int) -> None:
        """Each code is sent twice at once: one may win."""
        while self._codes and not self._stopping.is_set():
            code = self._codes.pop()
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
            answers = await asyncio.gather(self._token(number, form), self._token(number + 1, form))
            self.book.redeemed[code] = {answer["access_token"] for status, answer in answers if status == 200}
            await asyncio.sleep(_PAUSE)

    async def _refresh(self, number: int, token: str) -> None:
        """A chain: each answer's refresh token is the next question; one whose answer is lost is sent again."""
        while not self._stopping.is_set():
            form = {"grant_type": "refresh_token", "refresh_token": token}
            status, answer = await self._token(number, form)
            if status == 200:
                self.book.successors.setdefault(token, set()).add(answer["refresh_token"])
                token = answer["refresh_token"]
            elif status == 400:  # a lost answer outlived the grace window: its family is over, as it must be
                return

    async def _register(self) -> None:
        """Clients with a scope each: both must be there, or neither."""
        number = 0
        while not self._stopping.is_set():
            number += 1
            name = f"Tortured {number}"
            body = {
                "name": name,
                "allowed_grants": ["client_credentials"],
                "scopes": ["orders"],
                "client_id": f"t{number}",
            }
            port = random.choice(self._ports)
            try:
                async with httpx.AsyncClient(timeout=15) as http:
                    answer = await http.post(
                        f"http://127.0.0.1:{port}/admin/v1/clients", json=body, headers=self._administrator
                    )
            except httpx.HTTPError:
                self.book.lost_connections += 1
                await asyncio.sleep(_PAUSE)
                continue
            self._count(answer.status_code, dict(answer.headers))
            if answer.status_code == 201:
                self.book.clients.append(f"t{number}")
            await asyncio.sleep(_PAUSE)

    async def _token(self, number: int, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a token request; status 0 when it was lost."""
        try:
            async with asyncio.timeout(20), Wire(self._ports[number % len(self._ports)]) as wire:
                status, answer = await wire.post("/oauth/token", form, LEDGER)
        except (Gone, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                self.book.wrong.append("a request was not answered within 20 seconds")
            self.book.lost_connections += 1
            await asyncio.sleep(_PAUSE)
            return 0, {}
        self._count(status, {})
        if status in _REFUSALS:
            await asyncio.sleep(_PAUSE)
        return status, answer

    def _count(self, status: int, headers: dict[str, str]) -> None:
        self.book.statuses[status] += 1
        if status >= 500 and status != 503:
            self.book.wrong.append(f"an answer was {status}")
        if status == 503 and headers and "retry-after" not in headers:
            self.book.wrong.append("a 503 came without Retry-After")
