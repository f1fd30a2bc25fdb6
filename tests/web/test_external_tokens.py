"""Calls with access tokens of external authorization servers: by their keys (RFC 9068 §4), and by introspection (RFC 7662)."""

import asyncio
import base64
from typing import Any

import httpx
import msgspec
import pytest

from gatewright.oauth.introspection_request import seal_context
from gatewright.store import external_servers
from gatewright.store.external_servers import ExternalServer
from tests.running import seed
from tests.running.remote import Remote
from tests.running.signing import TestKey
from tests.running.signing import forged
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

KEY = TestKey("RS256")
ISSUER = "https://login.example"
AUDIENCE = "https://api.example"
BY_KEYS = ExternalServer(name="Corporate", issuer=ISSUER, jwks=KEY.jwks(), audience=AUDIENCE, user_id="id-of-ada")


def claims(**changes: Any) -> dict[str, Any]:
    given = {
        "iss": ISSUER,
        "sub": "7f1c",
        "aud": AUDIENCE,
        "exp": NOW + 600,
        "iat": NOW,
        "jti": "x",
        "client_id": "their-app",
        "scope": "orders",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def token(key: TestKey = KEY, typ: str | None = "at+jwt", **changes: Any) -> str:
    return key.sign(claims(**changes), typ=typ)


async def register(site: Site, server: ExternalServer = BY_KEYS, **changes: Any) -> None:
    await site.parts.database.write(external_servers.insert, msgspec.structs.replace(server, **changes), NOW)


async def change(site: Site, **changes: Any) -> None:
    found = await site.parts.database.read(external_servers.find, "Corporate")
    assert found
    changed = msgspec.structs.replace(found, **changes)
    assert await site.parts.database.write(external_servers.update, changed, NOW)


async def call(site: Site, text: str, path: str = "/invoke/orders/whoami") -> httpx.Response:
    return await site.call(path, text)


def refusal(answer: httpx.Response, status: int = 401, error: str = "invalid_token") -> str:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return str(answer.json()["error_description"])


class TestByKeys:
    async def test_a_token_calls_as_the_user_of_its_registration(self, site: Site) -> None:
        await register(site)
        assert (await call(site, token())).json() == {
            "kind": "user",
            "subject": "id-of-ada",
            "client_id": "Corporate:their-app",
            "scopes": ["orders"],
            "username": "ada",
            "actor": None,
        }

    async def test_the_acl_asks_for_that_users_groups(self, site: Site) -> None:
        await register(site)
        assert (await call(site, token(), "/invoke/orders/audit")).status_code == 200
        await change(site, user_id="id-of-bob")
        refusal(await call(site, token(), "/invoke/orders/audit"), 403, "access_denied")

    async def test_scopes_are_mapped_to_ours_and_others_open_nothing(self, site: Site) -> None:
        await register(site, scope_mapping={"api.read": ("orders", "customers"), "orders": ()})
        answer = await call(site, token(scope="api.read openid"))
        assert answer.json()["scopes"] == ["orders", "customers"]
        refusal(await call(site, token(scope="orders")), 403, "insufficient_scope")

    @pytest.mark.parametrize("changes", [{"scope": None, "scp": "orders"}, {"scope": None, "scp": ["orders"]}])
    async def test_scopes_may_stand_in_scp(self, site: Site, changes: dict[str, Any]) -> None:
        await register(site)
        assert (await call(site, token(**changes))).status_code == 200

    async def test_a_token_without_scopes_has_the_default_ones(self, site: Site) -> None:
        await register(site)
        refusal(await call(site, token(scope=None)), 403, "insufficient_scope")
        await change(site, default_scope=("orders",))
        assert (await call(site, token(scope=None))).status_code == 200
        refusal(await call(site, token(scope="other")), 403, "insufficient_scope")

    async def test_the_audience_may_be_one_of_several(self, site: Site) -> None:
        await register(site)
        assert (await call(site, token(aud=["https://other.example", AUDIENCE]))).status_code == 200

    async def test_an_older_server_may_leave_the_type_out(self, site: Site) -> None:
        await register(site)
        for typ in ("JWT", "jwt"):
            assert "typ" in refusal(await call(site, token(typ=typ)))
        await change(site, token_typ="any")
        for typ in ("JWT", "at+jwt", "application/at+jwt"):
            assert (await call(site, token(typ=typ))).status_code == 200

    async def test_keys_are_fetched_once_and_a_withdrawn_key_ends_its_tokens(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        url = remote.put("/jwks", KEY.jwks(), cache_control="max-age=100")
        await register(site, jwks=None, jwks_uri=url)
        first = token()
        for text in (first, first, token(jti="y")):
            assert (await call(site, text)).status_code == 200
        assert remote.paths() == ["/jwks"]
        remote.put("/jwks", TestKey("RS256", "new").jwks())
        site.clock.forward(100)
        refusal(await call(site, first))
        assert (await call(site, token(TestKey("RS256", "new"), exp=NOW + 900))).status_code == 200

    async def test_keys_that_cannot_be_had_are_503(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await register(site, jwks=None, jwks_uri=f"{remote.url}/nothing")
        answer = await call(site, token())
        assert answer.status_code == 503
        assert "127.0.0.1" not in answer.text


class TestAttacks:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"exp": NOW}, "expired"),
            ({"exp": None}, "exp"),
            ({"nbf": NOW + 31}, "not valid yet"),
            ({"aud": None}, "audience"),
            ({"aud": ORIGIN}, "audience"),
            ({"aud": []}, "audience"),
            ({"aud": f"{AUDIENCE}/"}, "audience"),
            ({"cnf": {"x5t#S256": "x"}}, "cnf"),
            ({"cnf": {"jkt": "x", "x5t#S256": "x"}}, "cnf"),
            ({"cnf": "x"}, "cnf"),
        ],
    )
    async def test_claims_that_do_not_fit(self, site: Site, changes: dict[str, Any], told: str) -> None:
        await register(site)
        assert told in refusal(await call(site, token(**changes)))

    async def test_a_token_stops_when_it_expires_though_it_was_checked_before(self, site: Site) -> None:
        await register(site)
        text = token()
        assert (await call(site, text)).status_code == 200
        site.clock.forward(600)
        assert "expired" in refusal(await call(site, text))

    @pytest.mark.parametrize("issuer", [None, "https://evil.example", f"{ISSUER}/", ORIGIN, "HTTPS://LOGIN.EXAMPLE"])
    async def test_another_issuer(self, site: Site, issuer: str | None) -> None:
        await register(site)
        refusal(await call(site, token(iss=issuer)))

    async def test_one_server_signing_for_another(self, site: Site) -> None:
        await register(site)
        other = TestKey("RS256", "other")
        await register(site, name="Other", issuer="https://other.example", jwks=other.jwks())
        assert "not signed" in refusal(await call(site, token(other)))
        assert "not signed" in refusal(await call(site, token(iss="https://other.example")))

    async def test_an_external_server_speaking_for_this_one(self, site: Site) -> None:
        """Even if an administrator had managed to register it."""
        await register(site, issuer=ORIGIN)
        refusal(await call(site, token(iss=ORIGIN, aud=ORIGIN)))

    async def test_a_token_of_ours_as_one_of_theirs(self, site: Site) -> None:
        await site.change_settings(access_token_format="jwt")
        own = await site.access_token()
        await register(site)
        assert (await call(site, own)).json()["kind"] == "client"
        answer = await site.http.post("/oauth/introspect", data={"token": token()}, headers=headers_of_gateway())
        assert answer.json() == {"active": False}

    async def test_an_id_token_or_another_jwt_of_theirs(self, site: Site) -> None:
        await register(site, token_typ="any")
        for typ in ("logout+jwt", "secevent+jwt", "dpop+jwt", "token-introspection+jwt"):
            assert "typ" in refusal(await call(site, token(typ=typ)))
        refusal(await call(site, token(typ="JWT", aud="their-app")))

    async def test_no_algorithm_and_hmac_under_the_public_key(self, site: Site) -> None:
        await register(site)
        for header, secret in (({"alg": "none"}, b""), ({"alg": "HS256"}, KEY.jwk()["n"].encode())):
            refusal(await call(site, forged({"typ": "at+jwt", **header}, claims(), secret=secret)))

    async def test_a_key_of_the_attackers_in_the_header(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await register(site)
        evil = TestKey("RS256", "evil")
        url = remote.put("/jwks", evil.jwks())
        for header in ({"jku": url}, {"x5u": url}, {"jwk": evil.jwk()}):
            refusal(await call(site, evil.sign(claims(), typ="at+jwt", **header)))
        assert remote.asked == []

    async def test_a_disabled_or_deleted_server_and_a_disabled_or_deleted_user(self, site: Site) -> None:
        await register(site)
        text = token()
        assert (await call(site, text)).status_code == 200
        await change(site, enabled=False)
        refusal(await call(site, text))
        await change(site, enabled=True)
        assert (await call(site, text)).status_code == 200
        await site.change_user("ada", enabled=False)
        assert "disabled" in refusal(await call(site, text))
        await site.change_user("ada", enabled=True)
        await site.parts.database.write(external_servers.delete, "Corporate", NOW)
        refusal(await call(site, text))

    async def test_a_bound_token_as_a_bearer_token(self, site: Site) -> None:
        await register(site)
        assert "bound" in refusal(await call(site, token(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})))


class TestByIntrospection:
    async def introspected(self, site: Site, remote: Remote, answer: Any = None, **changes: Any) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        document = (
            {"active": True, "scope": "orders", "client_id": "app", "exp": NOW + 600} if answer is None else answer
        )
        sealed = site.parts.sealer.seal("s+ecret/ü".encode(), seal_context("Corporate"))
        changes = {
            "jwks": None,
            "audience": "",
            "introspection_endpoint": remote.put("/introspect", document),
            "client_id": "we:",
            "sealed_secret": sealed,
            **changes,
        }
        await register(site, **changes)

    async def test_an_opaque_token_is_asked_about_with_our_credentials(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote)
        answer = await call(site, "opaque-token")
        assert (answer.status_code, answer.json()["client_id"]) == (200, "Corporate:app")
        (asked,) = remote.asked
        assert asked.form == {"token": "opaque-token", "token_type_hint": "access_token"}
        assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"we%3A:s%2Becret%2F%C3%BC"

    async def test_the_answer_is_remembered_for_the_configured_while(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote, introspection_cache=30)
        for _ in range(3):
            assert (await call(site, "opaque")).status_code == 200
        assert len(remote.asked) == 1
        remote.put("/introspect", {"active": False})
        site.clock.forward(29)
        assert (await call(site, "opaque")).status_code == 200
        site.clock.forward(1)
        refusal(await call(site, "opaque"))

    async def test_the_while_ends_with_the_token(self, site: Site, remote: Remote) -> None:
        document = {"active": True, "scope": "orders", "exp": NOW + 10}
        await self.introspected(site, remote, document, introspection_cache=300)
        assert (await call(site, "opaque")).status_code == 200
        site.clock.forward(10)
        assert "expired" in refusal(await call(site, "opaque"))

    async def test_without_a_while_each_call_asks(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote, introspection_cache=0)
        for _ in range(3):
            assert (await call(site, "opaque")).status_code == 200
        assert len(remote.asked) == 3

    async def test_calls_at_the_same_time_ask_once(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote)
        remote.seconds = 0.1
        answers = await asyncio.gather(*(call(site, "opaque") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(remote.asked) == 1

    @pytest.mark.parametrize(
        "document",
        [
            {"active": False},
            {},
            {"active": "true"},
            {"active": 1},
            {"active": True, "scope": "orders", "token_type": "refresh_token"},
            {"active": True, "scope": "orders", "token_use": "refresh_token"},
            {"active": True, "scope": "orders", "iss": "https://evil.example"},
            {"active": True, "scope": "orders", "exp": NOW - 1},
            {"active": True, "scope": "orders", "nbf": NOW + 60},
            {"active": True, "scope": "orders", "exp": "soon"},
        ],
    )
    async def test_what_is_not_active_here(self, site: Site, remote: Remote, document: Any) -> None:
        await self.introspected(site, remote, document)
        refusal(await call(site, "opaque"))

    async def test_an_audience_must_be_there_when_one_is_registered(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote, audience=AUDIENCE)
        assert "audience" in refusal(await call(site, "opaque"))
        remote.put("/introspect", {"active": True, "scope": "orders", "aud": [AUDIENCE]})
        assert (await call(site, "opaque-2")).status_code == 200

    @pytest.mark.parametrize(("body", "status"), [(b"x", 200), (b"[]", 200), (b"{}", 401), (b"{}", 302), (b"{}", 500)])
    async def test_a_server_that_does_not_answer_as_it_should_is_503(
        self, site: Site, remote: Remote, body: bytes, status: int
    ) -> None:
        await self.introspected(site, remote)
        remote.put("/introspect", body, status)
        assert (await call(site, "opaque")).status_code == 503

    async def test_a_private_endpoint_is_not_asked_unless_listed(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote)
        await site.change_settings(fetch_private_hosts=())
        assert (await call(site, "opaque")).status_code == 503
        assert remote.asked == []

    async def test_tokens_of_this_server_are_shown_to_nobody_else(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote)
        await site.change_settings(access_token_format="jwt")
        tokens = [await site.access_token(), "gw_at_" + "0" * 50, "gw_rt_x", (await site.tokens())["refresh_token"]]
        forged_by_somebody = [token(iss=ORIGIN), token(iss="https://nobody.example"), token(iss=None)]
        for text in [*tokens, *forged_by_somebody]:
            await call(site, text)
        assert remote.asked == []

    async def test_a_jwt_is_shown_to_its_own_issuer_alone(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote)
        other = remote.put("/other", {"active": True, "scope": "orders"})
        await register(site, name="Another", issuer="https://other.example", jwks=None, introspection_endpoint=other)
        assert (await call(site, token())).status_code == 200
        assert remote.paths() == ["/introspect"]

    @pytest.mark.parametrize("text", ["a b", "ü", "x" * 20_000, "a\tb", "{}", "<x>"])
    async def test_what_cannot_be_a_token_is_not_asked_about(self, site: Site, remote: Remote, text: str) -> None:
        await self.introspected(site, remote)
        answer = await site.http.get("/invoke/orders/whoami", headers={b"authorization": b"Bearer " + text.encode()})
        assert answer.status_code == 401
        assert remote.asked == []

    async def test_the_same_bad_token_again_and_again_is_asked_about_once(self, site: Site, remote: Remote) -> None:
        await self.introspected(site, remote, {"active": False})
        for _ in range(5):
            refusal(await call(site, "bad"))
        assert len(remote.asked) == 1


def headers_of_gateway() -> dict[str, str]:
    pair = f"{seed.GATEWAY}:{seed.SECRETS[seed.GATEWAY]}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
