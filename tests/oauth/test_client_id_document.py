"""Clients that a document at their client_id describes (draft-ietf-oauth-client-id-metadata-document), over HTTP."""

import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from gatewright.store import clients
from gatewright.store.records import Client
from tests.running import seed
from tests.running.secure_remote import SecureRemote
from tests.running.signing import TestKey
from tests.running.site import CHALLENGE
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import returned

KEY = TestKey("ES256")
SIGNING: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEY.jwks()}
ELSEWHERE = "http://127.0.0.1/callback"


class Described:
    """A site that takes the documents of one host, and that host with one client's document."""

    def __init__(self, site: Site, remote: SecureRemote) -> None:
        self.site, self.remote = site, remote
        self.client_id = f"{remote.url}/app"
        self.callback = f"{remote.url}/callback"
        self.publish()

    def publish(self, path: str = "/app", *, headers: dict[str, str] | None = None, **changes: Any) -> str:
        """Put up a document, with members replaced or (None) left out."""
        client_id = self.remote.url + path
        document = {
            "client_id": client_id,
            "client_name": "Notebook",
            "redirect_uris": [self.callback, ELSEWHERE],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            **changes,
        }
        kept = {name: value for name, value in document.items() if value is not None}
        return self.remote.put(path, kept, **(headers or {}))

    async def ask(self, **parameters: str) -> httpx.Response:
        given = {"client_id": self.client_id, "redirect_uri": self.callback, "code_challenge": CHALLENGE, **parameters}
        return await self.site.ask(**given, code_challenge_method="S256")

    async def code(self, **parameters: str) -> str:
        return returned(await self.site.submit_consent(await self.ask(**parameters)))["code"]

    async def redeem(self, code: str, **parameters: str) -> httpx.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback, **parameters}
        return await self.site.token(self.client_id, code_verifier=VERIFIER, **given)

    async def tokens(self) -> dict[str, Any]:
        await self.site.sign_in()
        answer = await self.redeem(await self.code())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def kept(self) -> Client | None:
        return await self.site.parts.database.read(clients.find, self.client_id)


@pytest_asyncio.fixture
async def described(site: Site, tmp_path: Path) -> AsyncIterator[Described]:
    remote = SecureRemote(tmp_path)
    await remote.start()
    remote.trust(site.parts.server.fetcher)
    await site.change_settings(
        client_id_metadata_hosts=("localhost",),
        dynamic_registration_scopes=("orders",),
        fetch_private_hosts=(f"localhost:{remote.port}",),
    )
    yield Described(site, remote)
    await remote.stop()


class TestTheWholeWay:
    async def test_a_client_that_nobody_registered_gets_and_renews_tokens(self, described: Described) -> None:
        tokens = await described.tokens()
        assert tokens["scope"] == "orders"
        assert (await described.site.call("/invoke/orders/whoami", tokens["access_token"])).status_code == 200
        again = await described.site.refresh(tokens["refresh_token"], described.client_id)
        assert again.status_code == 200
        assert described.remote.paths() == ["/app"]  # once: the rest is remembered

    async def test_it_signs_in_by_the_keys_that_it_publishes(self, described: Described) -> None:
        described.publish(**SIGNING)
        site, client_id = described.site, described.client_id
        await site.sign_in()
        code = await described.code()
        assert (await described.redeem(code)).json()["error"] == "invalid_client"
        claims = {"iss": client_id, "sub": client_id, "aud": ORIGIN, "exp": NOW + 60, "jti": "first"}
        signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": KEY.sign(claims)}
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": described.callback}
        answer = await site.http.post("/oauth/token", data={**form, **signed, "code_verifier": VERIFIER})
        assert answer.status_code == 200, answer.text

    async def test_a_device_is_let_in_by_its_document(self, described: Described) -> None:
        described.publish(grant_types=["urn:ietf:params:oauth:grant-type:device_code"], redirect_uris=None)
        site = described.site
        await site.sign_in()
        asked = (await site.post("/oauth/device_authorization", {}, described.client_id)).json()
        await site.submit_consent(await site.http.get(asked["verification_uri_complete"]))
        answer = await site.token(
            described.client_id,
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=asked["device_code"],
        )
        assert answer.status_code == 200, answer.text

    async def test_the_document_is_asked_for_again_when_it_is_stale(self, described: Described) -> None:
        described.publish(headers={"cache_control": "max-age=600"})
        await described.ask()
        described.site.clock.forward(599)
        await described.ask()
        assert len(described.remote.asked) == 1
        described.site.clock.forward(1)
        await described.ask()
        assert len(described.remote.asked) == 2

    @pytest.mark.parametrize("hosts", [(), ("localhost",), ("*",)])
    async def test_the_metadata_says_whether_documents_count(
        self, described: Described, hosts: tuple[str, ...]
    ) -> None:
        await described.site.change_settings(client_id_metadata_hosts=hosts)
        metadata = (await described.site.http.get("/.well-known/oauth-authorization-server")).json()
        assert metadata.get("client_id_metadata_document_supported", False) is bool(hosts)
        await described.site.sign_in()
        assert (await described.ask()).status_code == (200 if hosts else 400)


class TestWhatPeopleSee:
    async def test_the_page_names_the_host_that_vouches_for_it(self, described: Described) -> None:
        await described.site.sign_in()
        page = html.unescape((await described.ask()).text)
        assert f"Nobody registered this application here: <b>localhost:{described.remote.port}</b>" in page
        assert "goes to another place" not in page

    async def test_a_client_that_answers_elsewhere_is_warned_of_and_never_remembered(
        self, described: Described
    ) -> None:
        await described.site.sign_in()
        for _ in range(2):
            page = await described.ask(redirect_uri=ELSEWHERE)
            assert "goes to another place, <b>127.0.0.1</b>" in page.text
            assert 'name="remember"' not in page.text
            await described.site.submit_consent(page, remember="true")

    async def test_a_remembered_consent_lasts_until_the_document_changes(self, described: Described) -> None:
        site = described.site
        described.publish(**SIGNING)
        await site.sign_in()
        await site.submit_consent(await described.ask(), remember="true")
        assert "code" in returned(await described.ask())
        described.publish(**SIGNING, redirect_uris=[described.callback, f"{described.callback}/other"])
        site.clock.forward(400)
        await site.sign_in()
        assert (await described.ask()).status_code == 200  # a person is asked, not sent on

    async def test_what_others_remembered_ends_when_the_document_changes(self, described: Described) -> None:
        site = described.site
        described.publish(**SIGNING)
        await site.sign_in("bob")
        await site.submit_consent(await described.ask(), remember="true")
        described.publish(**SIGNING, client_name="Something else")
        site.clock.forward(400)
        await site.sign_in()
        await site.submit_consent(await described.ask())
        await site.sign_in("bob")
        assert (await described.ask()).status_code == 200


class TestTheAdministratorsHand:
    async def test_nothing_is_kept_before_somebody_approves(self, described: Described) -> None:
        await described.site.sign_in()
        page = await described.ask()
        assert await described.kept() is None
        await described.site.submit_consent(page, "deny")
        assert await described.kept() is None
        await described.code()
        kept = await described.kept()
        assert kept is not None
        assert (kept.name, kept.version, kept.type) == ("Notebook", "localhost", "public")

    async def test_disabling_ends_it(self, described: Described) -> None:
        tokens = await described.tokens()
        await described.site.change_client(described.client_id, enabled=False)
        assert not await described.site.is_active(tokens["access_token"])
        assert (await described.ask()).status_code == 400
        answer = await described.site.refresh(tokens["refresh_token"], described.client_id)
        assert answer.json()["error"] == "invalid_client"

    async def test_what_an_administrator_chose_outlives_a_new_document(self, described: Described) -> None:
        await described.tokens()
        await described.site.change_client(described.client_id, access_token_lifetime=60, refresh_limit=1)
        described.publish(client_name="Renamed")
        described.site.clock.forward(400)
        tokens = await described.tokens()
        kept = await described.kept()
        assert kept is not None
        assert (tokens["expires_in"], kept.name, kept.refresh_limit) == (60, "Renamed", 1)

    async def test_a_host_that_is_no_longer_listed_gets_no_new_tokens(self, described: Described) -> None:
        tokens = await described.tokens()
        await described.site.change_settings(client_id_metadata_hosts=("elsewhere.example",))
        answer = await described.site.refresh(tokens["refresh_token"], described.client_id)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    async def test_two_documents_of_one_name_are_two_clients(self, described: Described) -> None:
        await described.tokens()
        other = described.publish("/other")
        page = await described.ask(client_id=other)
        await described.site.submit_consent(page)
        found = await described.site.parts.database.read(clients.find, other)
        assert found is not None
        assert found.name == "Notebook"
        assert found.version.startswith("localhost ")

    async def test_a_registered_client_of_that_id_is_not_asked_for_elsewhere(self, described: Described) -> None:
        registered = Client(client_id=described.client_id, name="Ours", redirect_uris=(seed.CALLBACK,))
        await described.site.parts.database.write(clients.insert, registered)
        await described.site.sign_in()
        assert (await described.ask()).status_code == 400
        assert described.remote.asked == []
