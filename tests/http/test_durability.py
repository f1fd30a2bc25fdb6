"""What was answered is on disk, and once is once, on several processes (DESIGN, promises 1 to 3)."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gatewright.store import settings
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.browser import Browser
from tests.running.process import Server
from tests.running.site import basic
from tests.running.wire import Gone
from tests.running.wire import Wire

CONNECTIONS = 32
LEDGER = basic(seed.LEDGER)
GATEWAY = basic(seed.GATEWAY)


async def burst(server: Server, answered: list[str]) -> None:
    """Token requests on many connections until the server is gone; tokens of complete answers go to `answered`."""

    async def one_connection() -> None:
        async with Wire(server.settings.port) as wire:
            while True:
                status, answer = await wire.post("/oauth/token", {"grant_type": "client_credentials"}, LEDGER)
                assert status == 200, answer
                answered.append(answer["access_token"])

    ended = await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)), return_exceptions=True)
    assert {type(error) for error in ended} == {Gone}


async def until(count: int, answered: list[str]) -> None:
    """Wait until so many tokens were answered."""
    async with asyncio.timeout(20):
        while len(answered) < count:  # noqa: ASYNC110  the burst that fills it knows nothing of us
            await asyncio.sleep(0.005)


async def introspected(server: Server, tokens: list[str]) -> list[bool]:
    """Whether each token is active."""
    found = await sent_at_once(server, "/oauth/introspect", [{"token": token} for token in tokens], GATEWAY)
    return [answer["active"] for _, answer in found]


async def sent_at_once(
    server: Server, path: str, forms: list[dict[str, str]], headers: dict[str, str]
) -> list[tuple[int, dict[str, Any]]]:
    """Post all forms over many connections, which both workers share; the answers in the forms' order."""
    numbered = list(enumerate(forms))
    answers: dict[int, tuple[int, dict[str, Any]]] = {}

    async def one_connection() -> None:
        async with Wire(server.settings.port) as wire:
            while numbered:
                number, form = numbered.pop()
                answers[number] = await wire.post(path, form, headers)

    await asyncio.gather(*(one_connection() for _ in range(min(CONNECTIONS, len(forms)))))
    return [answers[number] for number in range(len(forms))]


async def token_requests(server: Server, count: int, form: dict[str, str]) -> list[tuple[int, dict[str, Any]]]:
    """`count` equal token requests of the ledger at once."""
    return await sent_at_once(server, "/oauth/token", [form] * count, LEDGER)


async def redemption(server: Server) -> dict[str, str]:
    """The token request for a fresh code, which ada's browser got."""

    def approve() -> str:
        with Browser(server.url) as browser:
            return browser.approve(client_id=seed.LEDGER, redirect_uri=seed.CALLBACK)["code"]

    code = await asyncio.to_thread(approve)
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}


async def test_every_token_that_was_answered_is_active_after_kill_9_and_restart(own_server: Server) -> None:
    answered: list[str] = []
    for _ in range(2):
        own_server.start()
        running = asyncio.create_task(burst(own_server, answered))
        before = len(answered)
        await until(before + 500, answered)
        own_server.kill()
        await running
    own_server.start()
    found = await introspected(own_server, answered)
    assert len(found) >= 1000
    assert all(found)
    own_server.stop()


async def test_of_1000_redemptions_of_one_code_over_2_workers_exactly_one_wins(server: Server) -> None:
    answers = await token_requests(server, 1000, await redemption(server))
    statuses = [status for status, _ in answers]
    assert (statuses.count(200), statuses.count(400)) == (1, 999)
    winner = next(answer for status, answer in answers if status == 200)
    assert await introspected(server, [winner["access_token"], winner["refresh_token"]]) == [False, False]


async def test_of_1000_refreshes_with_one_token_over_2_workers_all_get_the_same_answer(server: Server) -> None:
    [(_, tokens)] = await token_requests(server, 1, await redemption(server))
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers = await token_requests(server, 1000, refresh)
    assert {status for status, _ in answers} == {200}
    assert len({answer["refresh_token"] for _, answer in answers}) == 1
    assert len({answer["access_token"] for _, answer in answers}) == 1


async def without_grace(path: Path) -> None:
    database = SqliteDatabase(path)
    changed = msgspec.structs.replace(await database.read(settings.load), refresh_token_grace=0)
    await database.write(settings.save, changed, seed.MADE)
    await database.close()


async def test_of_1000_refreshes_with_one_token_over_2_workers_without_grace_one_wins_and_the_family_ends(
    own_server: Server,
) -> None:
    await without_grace(own_server.workspace / "data" / "gatewright.db")
    own_server.start()
    [(_, tokens)] = await token_requests(own_server, 1, await redemption(own_server))
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers = await token_requests(own_server, 1000, refresh)
    winners = [answer for status, answer in answers if status == 200]
    assert len(winners) == 1
    assert {answer["error"] for status, answer in answers if status != 200} == {"invalid_grant"}
    family = [tokens["access_token"], winners[0]["access_token"], winners[0]["refresh_token"]]
    assert await introspected(own_server, family) == [False] * 3
    own_server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_finishes_the_work_already_accepted(own_server: Server, number: int) -> None:
    own_server.start()
    answered: list[str] = []
    running = asyncio.create_task(burst(own_server, answered))
    await until(500, answered)
    await asyncio.to_thread(own_server.stop, number)
    await running
    own_server.start()
    assert all(await introspected(own_server, answered))
    own_server.stop()


def test_after_kill_9_of_the_main_process_alone_the_port_is_free_again(own_server: Server) -> None:
    """Workers that outlive it would hold the port and serve on, unseen."""
    own_server.start()
    own_server.kill_main()
    deadline = time.monotonic() + 5
    while listeners(own_server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not listeners(own_server)
    own_server.start()
    own_server.stop()


def listeners(server: Server) -> bool:
    """Whether anybody still answers on the port."""
    try:
        httpx.get(f"{server.url}/health/live", timeout=1)
    except httpx.TransportError:
        return False
    return True
