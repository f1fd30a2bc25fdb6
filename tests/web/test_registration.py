"""Dynamic client registration (RFC 7591) and its management (RFC 7592) over HTTP."""

from typing import Any

import httpx
import pytest

from gatewright.admin import registration
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import basic

CALLBACK = "https://app.example/callback"
WEB = {"client_name": "App", "redirect_uris": [CALLBACK]}
PUBLIC = WEB | {"token_endpoint_auth_method": "none"}
MACHINE = {"grant_types": ["client_credentials"]}


async def open_to_all(site: Site, **changes: Any) -> None:
    settings = {"dynamic_registration": "open", "dynamic_registration_scopes": ("orders",), **changes}
    await site.change_settings(**settings)


async def initial_token(site: Site, lifetime: int = 600) -> str:
    token = registration.new_initial_token()
    by = By(Actor("admin"), site.clock())
    await site.parts.database.write(registration.make_initial_token, by, token, lifetime)
    return token


async def register(site: Site, document: object, token: str | None = None, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await site.http.post("/oauth/register", json=document, headers=headers, **options)


async def registered(site: Site, document: object = WEB, token: str | None = None) -> dict[str, Any]:
    answer = await register(site, document, token)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def manage(site: Site, method: str, client: dict[str, Any], **options: Any) -> httpx.Response:
    token = options.pop("token", client["registration_access_token"])
    headers = {b"authorization": f"Bearer {token}".encode()}
    return await site.http.request(method, client["registration_client_uri"], headers=headers, **options)


def as_sent(client: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a client sends back to change its registration (RFC 7592 §2.2)."""
    told = ("registration_", "client_id_issued_at", "client_secret")
    return {name: value for name, value in client.items() if not name.startswith(told)} | changes


class TestRegistering:
    async def test_a_client_is_told_all_that_was_registered(self, site: Site) -> None:
        """RFC 7591 §3.2.1."""
        await open_to_all(site)
        answer = await register(
            site, WEB | {"grant_types": ["authorization_code", "refresh_token"], "software_id": "x"}
        )
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert told["client_id"]
        assert told["client_secret"]
        assert told["client_secret_expires_at"] == 0
        assert told["client_id_issued_at"] == NOW
        assert told["registration_client_uri"] == f"{ORIGIN}/oauth/register/{told['client_id']}"
        assert (told["client_name"], told["redirect_uris"], told["scope"]) == ("App", [CALLBACK], "orders")
        assert told["grant_types"] == ["authorization_code", "refresh_token"]
        assert told["response_types"] == ["code"]
        assert told["token_endpoint_auth_method"] == "client_secret_basic"
        assert told["software_id"] == "x"

    async def test_a_registered_public_client_gets_a_token_for_a_user(self, site: Site) -> None:
        await open_to_all(site)
        client_id = (await registered(site, PUBLIC))["client_id"]
        await site.sign_in()
        code = await site.code(
            client_id=client_id, redirect_uri=CALLBACK, code_challenge=CHALLENGE, code_challenge_method="S256"
        )
        answer = await site.redeem(code, client_id, redirect_uri=CALLBACK, code_verifier=VERIFIER)
        assert answer.json()["scope"] == "orders"

    async def test_a_confidential_client_authenticates_by_the_secret_it_was_told(self, site: Site) -> None:
        await open_to_all(site)
        told = await registered(site, MACHINE, await initial_token(site))
        headers = basic(told["client_id"], told["client_secret"])
        data = {"grant_type": "client_credentials"}
        assert (await site.http.post("/oauth/token", data=data, headers=headers)).status_code == 200

    async def test_unknown_fields_and_null_are_ignored(self, site: Site) -> None:
        await open_to_all(site)
        told = await registered(site, WEB | {"colour": "green", "client_name#fr": "Appli", "scope": None})
        assert "colour" not in told
        assert told["scope"] == "orders"

    async def test_names_are_made_unique_and_harmless(self, site: Site) -> None:
        await open_to_all(site)
        given = ["Ledger", "App", "App", '<b>"App"\u202e', "", "x" * 300]
        names = [(await registered(site, WEB | {"client_name": name}))["client_name"] for name in given]
        assert len(set(names)) == len(given)
        assert names[0].startswith("Ledger ")
        assert not set("".join(names)) & set("<>\"'\u202e")

    async def test_pkce_is_required_of_it(self, site: Site) -> None:
        await open_to_all(site)
        client_id = (await registered(site))["client_id"]
        await site.sign_in()
        answer = await site.ask(client_id=client_id, redirect_uri=CALLBACK)
        assert "code_challenge" in answer.headers["location"]

    @pytest.mark.parametrize(
        "document",
        [
            WEB | {"grant_types": ["password"]},
            WEB | {"grant_types": ["authorization_code", "implicit"]},
            WEB | {"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]},
            WEB | {"grant_types": "authorization_code"},
            WEB | {"response_types": ["token"]},
            WEB | {"grant_types": [], "response_types": ["code"]},
            WEB | {"token_endpoint_auth_method": "tls_client_auth"},
            WEB | {"token_endpoint_auth_method": "private_key_jwt"},
            WEB | {"jwks": {"keys": "x"}},
            WEB | {"jwks_uri": "http://keys.example/"},
            WEB | {"client_name": 7},
            WEB | {"scope": ["orders"]},
            WEB | {"dpop_bound_access_tokens": "yes"},
            WEB | {"software_id": "x" * 1000},
            [],
            "x",
        ],
    )
    async def test_bad_metadata_is_refused(self, site: Site, document: object) -> None:
        await open_to_all(site)
        answer = await register(site, document)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[" * 20_000, b'{"a":1,"a":2}', b"\xff", b'{"client_name":"\\ud800"}']
    )
    async def test_a_body_that_is_no_json_is_refused(self, site: Site, body: bytes) -> None:
        await open_to_all(site)
        headers = {"content-type": "application/json"}
        assert (await site.http.post("/oauth/register", content=body, headers=headers)).status_code == 400

    async def test_a_form_and_a_huge_body_are_refused(self, site: Site) -> None:
        await open_to_all(site)
        assert (await site.http.post("/oauth/register", data={"redirect_uris": CALLBACK})).status_code == 400
        assert (await register(site, WEB | {"client_name": "x" * 70_000})).status_code == 413


class TestInitialAccessToken:
    async def test_it_lets_clients_register_until_it_expires(self, site: Site) -> None:
        await open_to_all(site, dynamic_registration="token")
        token = await initial_token(site, 600)
        assert (await register(site, WEB, token)).status_code == 201
        assert (await register(site, WEB, token)).status_code == 201
        site.clock.forward(600)
        answer = await register(site, WEB, token)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"].startswith("Bearer ")

    async def test_none_or_another_token_is_refused(self, site: Site) -> None:
        await open_to_all(site)
        others = (await registered(site))["registration_access_token"]
        await site.change_settings(dynamic_registration="token")
        for token in (None, "x", others, registration.new_initial_token(), await site.access_token()):
            assert (await register(site, WEB, token)).status_code == 401

    async def test_client_credentials_need_one_even_where_everybody_may_register(self, site: Site) -> None:
        await open_to_all(site)
        assert (await register(site, MACHINE)).json()["error"] == "invalid_client_metadata"
        assert (await register(site, MACHINE, await initial_token(site))).status_code == 201


class TestManaging:
    async def test_a_client_reads_its_registration(self, site: Site) -> None:
        """RFC 7592 §2.1."""
        await open_to_all(site)
        told = await registered(site, PUBLIC)
        answer = await manage(site, "GET", told)
        assert (answer.status_code, answer.json()) == (200, told)

    async def test_a_client_replaces_its_registration(self, site: Site) -> None:
        """RFC 7592 §2.2."""
        await open_to_all(site)
        told = await registered(site, WEB | {"software_id": "x"})
        other = "https://app.example/other"
        answer = await manage(site, "PUT", told, json=as_sent(told, redirect_uris=[other], client_name="Other"))
        assert answer.status_code == 200, answer.text
        read = (await manage(site, "GET", told)).json()
        assert (read["redirect_uris"], read["client_name"], read["software_id"]) == ([other], "Other", "x")

    async def test_its_secret_may_be_repeated_but_not_chosen(self, site: Site) -> None:
        await open_to_all(site)
        told = await registered(site)
        same = await manage(site, "PUT", told, json=as_sent(told, client_secret=told["client_secret"]))
        assert same.status_code == 200
        for secret in ("chosen", "ü", 7, told["registration_access_token"]):
            answer = await manage(site, "PUT", told, json=as_sent(told, client_secret=secret))
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "changes", [{"client_id": "ledger"}, {"client_id": None}, {"registration_access_token": "x"}]
    )
    async def test_what_must_not_be_sent_is_refused(self, site: Site, changes: dict[str, Any]) -> None:
        await open_to_all(site)
        told = await registered(site)
        assert (await manage(site, "PUT", told, json=as_sent(told, **changes))).status_code == 400

    async def test_a_deleted_client_is_gone_with_its_token(self, site: Site) -> None:
        """RFC 7592 §2.3."""
        await open_to_all(site)
        told = await registered(site, MACHINE, await initial_token(site))
        assert (await manage(site, "DELETE", told)).status_code == 204
        assert (await manage(site, "GET", told)).status_code == 401
        headers = basic(told["client_id"], told["client_secret"])
        answer = await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


class TestUnused:
    async def test_an_unused_client_is_removed_and_then_unknown(self, site: Site) -> None:
        await open_to_all(site, dynamic_registration_unused=1000)
        told = await registered(site, MACHINE, await initial_token(site))
        headers = basic(told["client_id"], told["client_secret"])
        site.clock.forward(999)
        await site.parts.remove_unused_clients()
        assert (await manage(site, "GET", told)).status_code == 200
        site.clock.forward(1)
        await site.parts.remove_unused_clients()
        answer = await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    async def test_a_client_that_holds_a_token_stays(self, site: Site) -> None:
        await open_to_all(site, dynamic_registration_unused=1000)
        told = await registered(site, MACHINE, await initial_token(site))
        headers = basic(told["client_id"], told["client_secret"])
        assert (
            await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
        ).status_code == 200
        site.clock.forward(1500)
        await site.parts.remove_unused_clients()
        assert (await manage(site, "GET", told)).status_code == 200

    async def test_clients_of_administrators_are_not_touched(self, site: Site) -> None:
        await open_to_all(site, dynamic_registration_unused=1)
        site.clock.forward(10_000)
        await site.parts.remove_unused_clients()
        assert (await site.token(seed.LONELY, grant_type="client_credentials")).json()["error"] == "invalid_scope"

    async def test_never_keeps_them(self, site: Site) -> None:
        await open_to_all(site, dynamic_registration_unused="never")
        told = await registered(site)
        site.clock.forward(100_000_000)
        await site.parts.remove_unused_clients()
        assert (await manage(site, "GET", told)).status_code == 200
