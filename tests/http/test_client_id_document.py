"""A client that nobody registered, described by a document on a web server of its own, against two workers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio

from gatewright.store import settings
from gatewright.store.sqlite import SqliteDatabase
from tests.running.browser import Browser
from tests.running.process import Server
from tests.running.secure_remote import SecureRemote
from tests.running.site import CHALLENGE
from tests.running.site import VERIFIER


@pytest_asyncio.fixture
async def remote(tmp_path: Path) -> AsyncIterator[SecureRemote]:
    (tmp_path / "remote").mkdir()
    made = SecureRemote(tmp_path / "remote")
    await made.start()
    yield made
    await made.stop()


async def allow(path: Path, port: int) -> None:
    database = SqliteDatabase(path)
    chosen = msgspec.structs.replace(
        await database.read(settings.load),
        client_id_metadata_hosts=(f"localhost:{port}",),
        dynamic_registration_scopes=("orders",),
        fetch_private_hosts=(f"localhost:{port}",),
    )
    await database.write(settings.save, chosen, 1)
    await database.close()


def use(server: Server, client_id: str, callback: str) -> list[int]:
    """Get a token as that client, call a service with it on many connections, refresh it; the statuses."""
    public = {"client_id": client_id, "redirect_uri": callback}
    with Browser(server.url) as browser:
        code = browser.approve(**public, code_challenge=CHALLENGE, code_challenge_method="S256")["code"]
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, **public}
    tokens = httpx.post(f"{server.url}/oauth/token", data=form).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    answers = [httpx.get(f"{server.url}/invoke/orders/whoami", headers=bearer) for _ in range(10)]
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client_id}
    return [each.status_code for each in [*answers, httpx.post(f"{server.url}/oauth/token", data=again)]]


async def test_it_gets_uses_and_refreshes_a_token(
    own_server: Server, remote: SecureRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate is of an authority of one's own, which the environment names."""
    monkeypatch.setenv("SSL_CERT_FILE", str(remote.certificate))
    await allow(own_server.workspace / "data" / "gatewright.db", remote.port)
    client_id, callback = f"{remote.url}/app", f"{remote.url}/callback"
    grants = ["authorization_code", "refresh_token"]
    remote.put("/app", {"client_id": client_id, "redirect_uris": [callback], "grant_types": grants})
    await asyncio.to_thread(own_server.start)
    statuses = await asyncio.to_thread(use, own_server, client_id, callback)
    await asyncio.to_thread(own_server.stop)
    assert statuses == [200] * 11
    assert 1 <= len(remote.asked) <= 2  # once for each worker that needed it
