"""The JWT bearer grant (RFC 7523 §2.1)."""

import asyncio
import base64
import itertools
from typing import Any

import httpx
import msgspec
import pytest

from gatewright.oauth.jwt_bearer import GRANT_TYPE
from gatewright.store import trusted_issuers
from gatewright.store.trusted_issuers import TrustedIssuer
from tests.running import seed
from tests.running.remote import Remote
from tests.running.signing import TestKey
from tests.running.signing import forged
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

KEY = TestKey("ES256")
ISSUER = "https://issuer.example"
TRUSTED = TrustedIssuer(issuer=ISSUER, jwks=KEY.jwks(), scopes=("orders",))
_count = itertools.count()


def claims(**changes: Any) -> dict[str, Any]:
    given = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": f"{ORIGIN}/oauth/token",
        "exp": NOW + 60,
        "iat": NOW,
        "jti": f"grant-{next(_count)}",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


async def trust(site: Site, client_id: str = seed.LEDGER, **changes: Any) -> None:
    issuer = msgspec.structs.replace(TRUSTED, **changes)
    await site.parts.database.write(trusted_issuers.insert, issuer, NOW)
    await site.change_client(client_id, allowed_grants=("jwt_bearer",))


async def change_issuer(site: Site, **changes: Any) -> None:
    found = await site.parts.database.read(trusted_issuers.find, ISSUER)
    assert found
    await site.parts.database.write(trusted_issuers.update, msgspec.structs.replace(found, **changes), NOW)


async def send(site: Site, assertion: str, client_id: str = seed.LEDGER, **more: str) -> httpx.Response:
    return await site.token(client_id, grant_type=GRANT_TYPE, assertion=assertion, **more)


def refusal(answer: httpx.Response, error: str = "invalid_grant") -> str:
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text
    return str(answer.json()["error_description"])


async def test_an_assertion_gets_a_token_of_its_user_and_no_refresh_token(site: Site) -> None:
    await trust(site)
    answer = await send(site, KEY.sign(claims()))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["scope"], "refresh_token" in body) == ("orders", False)
    found = await site.introspect(body["access_token"])
    assert (found["active"], found["username"], found["client_id"]) == (True, "ada", seed.LEDGER)
    assert (await site.call("/invoke/orders/whoami", body["access_token"])).json()["username"] == "ada"


async def test_the_user_may_be_named_by_another_claim(site: Site) -> None:
    await trust(site, user_claim="preferred_username")
    answer = await send(site, KEY.sign(claims(sub="7f1c", preferred_username="bob")))
    assert (await site.introspect(answer.json()["access_token"]))["username"] == "bob"
    assert "preferred_username" in refusal(await send(site, KEY.sign(claims())))


async def test_an_issuer_may_have_an_audience_of_its_own(site: Site) -> None:
    await trust(site, audience="urn:gatewright")
    assert (await send(site, KEY.sign(claims(aud="urn:gatewright")))).status_code == 200
    assert "aud must be urn:gatewright" in refusal(await send(site, KEY.sign(claims())))


async def test_keys_may_be_fetched(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    await trust(site, jwks=None, jwks_uri=remote.put("/jwks", KEY.jwks()))
    assert (await send(site, KEY.sign(claims()))).status_code == 200
    await change_issuer(site, jwks_uri=f"{remote.url}/gone")
    assert "could not be fetched" in refusal(await send(site, KEY.sign(claims())))


async def test_a_public_client_may_be_allowed_it(site: Site) -> None:
    """RFC 7521 §4.1: authentication of the client is optional; the assertion is the grant."""
    await trust(site, seed.SPA)
    assert (await send(site, KEY.sign(claims()), seed.SPA)).status_code == 200


async def test_the_client_must_be_allowed_the_grant(site: Site) -> None:
    await trust(site, seed.RIVAL)
    assert "jwt_bearer" in refusal(await send(site, KEY.sign(claims())), "unauthorized_client")


class TestScope:
    async def test_client_and_issuer_must_both_reach_that_far(self, site: Site) -> None:
        await trust(site, scopes=("orders", "route-only"))
        assert (await send(site, KEY.sign(claims()), scope="orders")).json()["scope"] == "orders"
        refusal(await send(site, KEY.sign(claims()), scope="customers"), "invalid_scope")
        refusal(await send(site, KEY.sign(claims()), scope="orders customers"), "invalid_scope")
        refusal(await send(site, KEY.sign(claims()), scope="route-only"), "invalid_scope")

    async def test_an_issuer_without_scopes_gets_nothing(self, site: Site) -> None:
        await trust(site, scopes=())
        refusal(await send(site, KEY.sign(claims())), "invalid_scope")

    async def test_a_refused_scope_does_not_use_up_the_assertion(self, site: Site) -> None:
        await trust(site)
        assertion = KEY.sign(claims())
        refusal(await send(site, assertion, scope="customers"), "invalid_scope")
        assert (await send(site, assertion)).status_code == 200


class TestAttacks:
    @pytest.mark.parametrize("jti", ["same", None])
    async def test_replay_with_and_without_jti(self, site: Site, jti: str | None) -> None:
        await trust(site)
        assertion = KEY.sign(claims(jti=jti))
        assert (await send(site, assertion)).status_code == 200
        assert "used before" in refusal(await send(site, assertion))

    async def test_replay_by_another_client(self, site: Site) -> None:
        await trust(site)
        await site.change_client(seed.RIVAL, allowed_grants=("jwt_bearer",))
        assertion = KEY.sign(claims())
        assert (await send(site, assertion)).status_code == 200
        refusal(await send(site, assertion, seed.RIVAL))

    async def test_replay_with_another_signature_over_the_same_claims(self, site: Site) -> None:
        """An ECDSA signature has a twin: (r, n - s) verifies, too."""
        await trust(site)
        assertion = KEY.sign(claims(jti=None))
        head, _, signature = assertion.rpartition(".")
        twin = twin_of(signature)
        assert twin != signature
        assert (await send(site, assertion)).status_code == 200
        refusal(await send(site, f"{head}.{twin}"))

    async def test_a_race_of_one_assertion_has_one_winner(self, site: Site) -> None:
        await trust(site)
        assertion = KEY.sign(claims())
        answers = await asyncio.gather(*(send(site, assertion) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19

    async def test_an_issuer_that_nobody_trusts(self, site: Site) -> None:
        await trust(site)
        for issuer in ("https://evil.example", f"{ISSUER}/", ISSUER.upper(), None, [ISSUER], 7):
            text = forged({"alg": "HS256"}, claims(iss=issuer), secret=b"x")
            refusal(await send(site, text))

    async def test_an_issuer_that_is_disabled_or_deleted(self, site: Site) -> None:
        await trust(site)
        assert (await send(site, KEY.sign(claims()))).status_code == 200
        await change_issuer(site, enabled=False)
        refusal(await send(site, KEY.sign(claims())))
        await change_issuer(site, enabled=True)
        assert (await send(site, KEY.sign(claims()))).status_code == 200
        await site.parts.database.write(trusted_issuers.delete, ISSUER, NOW)
        refusal(await send(site, KEY.sign(claims())))

    async def test_one_issuer_signing_for_another(self, site: Site) -> None:
        await trust(site)
        other = TestKey("ES256", "other")
        second = TrustedIssuer(issuer="https://second.example", jwks=other.jwks(), scopes=("orders",))
        await site.parts.database.write(trusted_issuers.insert, second, NOW)
        refusal(await send(site, other.sign(claims())))
        refusal(await send(site, KEY.sign(claims(iss="https://second.example"))))

    async def test_a_clients_key_signing_for_an_issuer(self, site: Site) -> None:
        await trust(site)
        clients_key = TestKey("ES256", "client")
        await site.change_client(jwks=clients_key.jwks())
        refusal(await send(site, clients_key.sign(claims(iss=seed.LEDGER))))

    async def test_this_server_as_issuer(self, site: Site) -> None:
        """A token that we signed is no assertion for us."""
        await trust(site)
        await site.change_settings(access_token_format="jwt")
        own = (await send(site, KEY.sign(claims()))).json()["access_token"]
        refusal(await send(site, own))

    @pytest.mark.parametrize(
        "audience", [None, ISSUER, "https://elsewhere.example", [ORIGIN, "https://elsewhere.example"]]
    )
    async def test_an_assertion_for_another_audience(self, site: Site, audience: Any) -> None:
        await trust(site)
        assert "aud must be" in refusal(await send(site, KEY.sign(claims(aud=audience))))

    @pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "x"])
    async def test_a_jwt_that_says_it_is_something_else(self, site: Site, typ: str) -> None:
        """RFC 8725 §3.11."""
        await trust(site)
        refusal(await send(site, KEY.sign(claims(), typ=typ)))
        assert (await send(site, KEY.sign(claims(), typ="authorization-grant+jwt"))).status_code == 200

    async def test_this_server_as_a_registered_issuer(self, site: Site) -> None:
        await trust(site, issuer=ORIGIN)
        refusal(await send(site, KEY.sign(claims(iss=ORIGIN))))

    @pytest.mark.parametrize(
        "changes", [{"exp": NOW - 31}, {"exp": None}, {"exp": NOW + 4000}, {"nbf": NOW + 31}, {"iat": NOW + 31}]
    )
    async def test_expired_far_future_and_early(self, site: Site, changes: dict[str, Any]) -> None:
        await trust(site)
        refusal(await send(site, KEY.sign(claims(**changes))))

    @pytest.mark.parametrize("subject", ["nobody", "gone", "", "ADA", "id-of-ada", "ada\0", "x" * 300])
    async def test_a_user_who_is_not_there_or_disabled(self, site: Site, subject: str) -> None:
        await trust(site)
        refusal(await send(site, KEY.sign(claims(sub=subject))))

    async def test_no_algorithm_and_hmac_under_the_public_key(self, site: Site) -> None:
        await trust(site)
        for header in ({"alg": "none"}, {"alg": "HS256", "kid": KEY.kid}):
            text = forged(header, claims(), secret=KEY.jwk()["x"].encode() if header["alg"] == "HS256" else b"")
            refusal(await send(site, text))

    @pytest.mark.parametrize("assertion", ["x", "a.b.c", "e30.e30.e30", "A" * 40_000])
    async def test_what_is_no_jwt(self, site: Site, assertion: str) -> None:
        await trust(site)
        refusal(await send(site, assertion))

    async def test_no_assertion_at_all(self, site: Site) -> None:
        await trust(site)
        refusal(await site.token(grant_type=GRANT_TYPE), "invalid_request")


def twin_of(signature: str) -> str:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = base64.urlsafe_b64decode(signature + "==")
    flipped = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    return base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
