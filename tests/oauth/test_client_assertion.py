"""Clients that authenticate by a signed JWT (RFC 7523 §2.2, §3; OpenID Connect Core §9)."""

import asyncio
import hashlib
import hmac
import itertools
import json
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from gatewright.oauth.client_assertion import seal_context
from gatewright.store import clients
from gatewright.store.records import ClientSecret
from tests.running import seed
from tests.running.remote import Remote
from tests.running.signing import TestKey
from tests.running.signing import forged
from tests.running.signing import segment
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import basic

KEY = TestKey("ES256")
SECRET = seed.SECRETS[seed.LEDGER]
_count = itertools.count()


def claims(client_id: str = seed.LEDGER, **changes: Any) -> dict[str, Any]:
    given = {
        "iss": client_id,
        "sub": client_id,
        "aud": ORIGIN,
        "exp": NOW + 60,
        "iat": NOW,
        "jti": f"one-{next(_count)}",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


async def send(site: Site, assertion: str, path: str = "/oauth/token", **more: str) -> httpx.Response:
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **more,
    }
    headers = {"authorization": more.pop("authorization")} if "authorization" in more else {}
    return await site.http.post(path, data=fields, headers=headers)


async def use_keys(site: Site, key: TestKey = KEY, client_id: str = seed.LEDGER, **changes: Any) -> None:
    given = {"client_authentication": ("private_key_jwt",), "jwks": key.jwks(), **changes}
    await site.change_client(client_id, **given)


async def use_secret(site: Site, **changes: Any) -> None:
    """Keep a readable copy of the ledger's secret."""
    await site.change_client(client_authentication=("client_secret_jwt",), **changes)
    await site.seal_secret()


def by_secret(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return forged({"alg": algorithm}, claims(**changes), secret=secret.encode())


async def refusal(answer: httpx.Response, status: int = 401, error: str = "invalid_client") -> str:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return str(answer.json()["error_description"])


@pytest.mark.parametrize(
    "algorithm", ["ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
)
async def test_a_client_authenticates_with_its_private_key(site: Site, algorithm: str) -> None:
    key = TestKey(algorithm)
    await use_keys(site, key)
    answer = await send(site, key.sign(claims()))
    assert answer.status_code == 200, answer.text
    assert await site.is_active(answer.json()["access_token"])


@pytest.mark.parametrize("audience", [ORIGIN, f"{ORIGIN}/oauth/token", [ORIGIN], [ORIGIN, f"{ORIGIN}/oauth/token"]])
async def test_the_audience_is_the_issuer_or_the_endpoint(site: Site, audience: Any) -> None:
    await use_keys(site)
    assert (await send(site, KEY.sign(claims(aud=audience)))).status_code == 200


async def test_every_endpoint_takes_assertions(site: Site) -> None:
    await use_keys(site)
    token = (await send(site, KEY.sign(claims()))).json()["access_token"]
    path = "/oauth/introspect"
    answer = await send(site, KEY.sign(claims(aud=ORIGIN + path)), path, token=token)
    assert answer.json()["active"] is True
    path = "/oauth/revoke"
    assert (await send(site, KEY.sign(claims(aud=ORIGIN + path)), path, token=token)).status_code == 200
    assert not await site.is_active(token)


async def test_a_matching_client_id_beside_the_assertion_is_fine(site: Site) -> None:
    """RFC 7521 §4.2."""
    await use_keys(site)
    assert (await send(site, KEY.sign(claims()), client_id=seed.LEDGER)).status_code == 200
    answer = await send(site, KEY.sign(claims()), client_id=seed.RIVAL)
    await refusal(answer, 400, "invalid_request")


async def test_two_credentials_at_once_are_refused_even_when_both_are_right(site: Site) -> None:
    """RFC 6749 §2.3."""
    await use_keys(site, client_authentication=("private_key_jwt", "client_secret_basic", "client_secret_post"))
    beside_secret = await send(site, KEY.sign(claims()), client_secret=SECRET)
    beside_header = await send(site, KEY.sign(claims()), authorization=basic(seed.LEDGER)["authorization"])
    await refusal(beside_secret, 400, "invalid_request")
    await refusal(beside_header, 400, "invalid_request")


async def test_an_assertion_of_unknown_type_is_refused(site: Site) -> None:
    await use_keys(site)
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    await refusal(await send(site, KEY.sign(claims()), client_assertion_type=saml), 400, "invalid_request")


async def test_a_client_must_be_registered_for_the_method(site: Site) -> None:
    await use_keys(site, client_authentication=("client_secret_basic",))
    assert "client_secret_basic" in await refusal(await send(site, KEY.sign(claims())))


async def test_a_client_that_signs_cannot_go_with_a_secret_or_with_none(site: Site) -> None:
    await use_keys(site)
    assert (await site.token(grant_type="client_credentials")).status_code == 401
    answer = await site.http.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": seed.LEDGER})
    assert "private_key_jwt" in await refusal(answer)


async def test_a_disabled_client_is_refused(site: Site) -> None:
    await use_keys(site, enabled=False)
    assert "disabled" in await refusal(await send(site, KEY.sign(claims())))


async def test_keys_are_told_apart_by_kid(site: Site) -> None:
    other = TestKey("ES256", "other")
    await use_keys(site, jwks={"keys": [other.jwk(), KEY.jwk()]})
    assert (await send(site, KEY.sign(claims()))).status_code == 200
    assert (await send(site, other.sign(claims()))).status_code == 200
    await refusal(await send(site, KEY.sign(claims(), kid="other")))
    await refusal(await send(site, KEY.sign(claims(), kid="unknown")))
    assert (await send(site, KEY.sign(claims(), kid=None))).status_code == 200


class TestAttacks:
    """What must not pass, by the claims and headers it tries."""

    async def test_replay_of_an_assertion(self, site: Site) -> None:
        await use_keys(site)
        assertion = KEY.sign(claims())
        assert (await send(site, assertion)).status_code == 200
        assert "used before" in await refusal(await send(site, assertion))

    async def test_replay_of_a_jti_in_another_assertion(self, site: Site) -> None:
        await use_keys(site)
        assert (await send(site, KEY.sign(claims(jti="same")))).status_code == 200
        await refusal(await send(site, KEY.sign(claims(jti="same", exp=NOW + 90))))

    async def test_replay_at_another_endpoint(self, site: Site) -> None:
        await use_keys(site)
        assertion = KEY.sign(claims())
        assert (await send(site, assertion)).status_code == 200
        await refusal(await send(site, assertion, "/oauth/introspect", token="x"))

    async def test_a_race_of_one_assertion_has_one_winner(self, site: Site) -> None:
        await use_keys(site)
        assertion = KEY.sign(claims())
        answers = await asyncio.gather(*(send(site, assertion) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19

    async def test_two_clients_may_use_the_same_jti(self, site: Site) -> None:
        await use_keys(site)
        await use_keys(site, client_id=seed.RIVAL)
        assert (await send(site, KEY.sign(claims(jti="same")))).status_code == 200
        assert (await send(site, KEY.sign(claims(seed.RIVAL, jti="same")))).status_code == 200

    @pytest.mark.parametrize(
        "audience",
        [None, "", [], "https://elsewhere.example", [ORIGIN, "https://elsewhere.example"], f"{ORIGIN}/", 7, [7],
         f"{ORIGIN}/oauth/authorize", {"x": ORIGIN}, f"{ORIGIN}.evil.example"],
    )  # fmt: skip
    async def test_an_assertion_for_another_audience(self, site: Site, audience: Any) -> None:
        await use_keys(site)
        assert "aud must be" in await refusal(await send(site, KEY.sign(claims(aud=audience))))

    async def test_another_clients_assertion_under_this_client_id(self, site: Site) -> None:
        await use_keys(site)
        rival = TestKey("ES256", "rival")
        await use_keys(site, rival, seed.RIVAL)
        await refusal(await send(site, rival.sign(claims())))
        await refusal(await send(site, KEY.sign(claims(sub=seed.RIVAL))))

    @pytest.mark.parametrize("changes", [{"iss": seed.RIVAL}, {"iss": None}, {"iss": [seed.LEDGER]}])
    async def test_an_issuer_that_is_not_the_client(self, site: Site, changes: dict[str, Any]) -> None:
        await use_secret(site)
        assert "iss and sub" in await refusal(await send(site, by_secret(**changes)))

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"exp": None}, "exp is missing"),
            ({"exp": NOW - 31}, "expired"),
            ({"exp": 0}, "expired"),
            ({"exp": -5}, "expired"),
            ({"exp": NOW + 3600 + 31}, "assertion_lifetime"),
            ({"exp": 2**60}, "no number"),
            ({"exp": 1e300}, "no number"),
            ({"exp": True}, "no number"),
            ({"exp": str(NOW + 60)}, "no number"),
            ({"nbf": NOW + 31}, "nbf is in the future"),
            ({"nbf": "soon"}, "no number"),
            ({"iat": NOW + 31}, "iat is in the future"),
            ({"jti": None}, "jti is missing"),
            ({"jti": ""}, "jti is missing"),
            ({"jti": 7}, "jti is missing"),
            ({"jti": "x" * 256}, "jti is missing"),
            ({"jti": "\0"}, "jti is missing"),
        ],
    )
    async def test_expired_far_future_early_and_malformed(self, site: Site, changes: dict[str, Any], told: str) -> None:
        await use_secret(site)
        assert told in await refusal(await send(site, by_secret(**changes)))

    async def test_no_algorithm(self, site: Site) -> None:
        await use_keys(site, client_authentication=("private_key_jwt", "client_secret_jwt"))
        for name in ("none", "None", "NONE", "nOnE", ""):
            await refusal(await send(site, forged({"alg": name}, claims())))

    async def test_hmac_under_the_public_key(self, site: Site) -> None:
        """RFC 8725 §2.1."""
        key = TestKey("RS256")
        await use_keys(site, key, client_authentication=("private_key_jwt", "client_secret_jwt"))
        public = key.private.public_key()
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
            for encoding in (Encoding.PEM, Encoding.DER):
                known = public.public_bytes(encoding, form)
                await refusal(await send(site, forged({"alg": "HS256", "kid": key.kid}, claims(), secret=known)))
        for text in (json.dumps(key.jwk()), json.dumps(key.jwks()), key.jwk()["n"]):
            await refusal(await send(site, forged({"alg": "HS256", "kid": key.kid}, claims(), secret=text.encode())))

    async def test_hmac_under_nothing(self, site: Site) -> None:
        await use_keys(site, client_authentication=("private_key_jwt", "client_secret_jwt"))
        unsigned = forged({"alg": "HS256"}, claims()).rpartition(".")[0]
        empty = hmac.digest(b"", unsigned.encode(), hashlib.sha256)
        await refusal(await send(site, forged({"alg": "HS256"}, claims(), signature=empty)))

    @pytest.mark.parametrize("named", ["RS384", "PS256", "ES256", "EdDSA", "RS1", "RSA-OAEP", "dir", "HS256"])
    async def test_another_algorithm_than_the_signatures(self, site: Site, named: str) -> None:
        key = TestKey("RS256")
        await use_keys(site, key)
        _, payload, signature = key.sign(claims()).split(".")
        renamed = segment(json.dumps({"alg": named, "kid": key.kid}).encode())
        await refusal(await send(site, f"{renamed}.{payload}.{signature}"))

    async def test_an_algorithm_the_client_did_not_register(self, site: Site) -> None:
        key = TestKey("RS256")
        await use_keys(site, key, token_endpoint_auth_signing_alg="PS256")
        await refusal(await send(site, key.sign(claims())))
        await use_keys(site, TestKey("PS256"), token_endpoint_auth_signing_alg="PS256")
        assert (await send(site, TestKey("PS256").sign(claims()))).status_code == 200

    async def test_a_key_restricted_to_another_use(self, site: Site) -> None:
        for restriction in ({"use": "enc"}, {"alg": "ES512"}, {"key_ops": ["sign"]}, {"key_ops": "verify"}):
            await use_keys(site, jwks={"keys": [KEY.jwk(**restriction)]})
            await refusal(await send(site, KEY.sign(claims())))

    async def test_a_key_of_the_attackers_in_the_header(self, site: Site, remote: Remote) -> None:
        await use_keys(site)
        await site.change_settings(fetch_private_hosts=("127.0.0.1",), throttle_failures=100)
        evil = TestKey("ES256", "evil")
        url = remote.put("/keys", evil.jwks())
        for header in ({"jwk": evil.jwk()}, {"jku": url}, {"x5u": url}, {"x5c": ["MIIB"]}):
            for kid in (KEY.kid, "evil", None):
                await refusal(await send(site, evil.sign(claims(), kid=kid, **header)))
        assert remote.asked == []

    @pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "x" * 5000, "\0", "http://127.0.0.1/"])
    async def test_a_kid_that_wants_to_be_more_than_a_name(self, site: Site, kid: str) -> None:
        await use_keys(site)
        await refusal(await send(site, KEY.sign(claims(), kid=kid)))

    @pytest.mark.parametrize(
        "header",
        [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": None}, {"b64": False, "crit": ["b64"]}, {"b64": True}],
    )
    async def test_critical_extensions_that_nobody_understands(self, site: Site, header: dict[str, Any]) -> None:
        await use_secret(site)
        text = forged({"alg": "HS256", **header}, claims(), secret=SECRET.encode())
        await refusal(await send(site, text))

    @pytest.mark.parametrize(
        "text",
        ["x", "..", "a.b.c", "e30.e30.", "e30.e30.e30", "bnVsbA.bnVsbA.", ".".join(["eyJhbGciOiJub25lIn0"] * 4),
         "eyJhbGciOiJFUzI1NiJ9.W10.AA", "A" * 40_000, "ü.ü.ü", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJsZWRnZXIifQ.AA=="],
    )  # fmt: skip
    async def test_what_is_no_jwt(self, site: Site, text: str) -> None:
        await use_keys(site)
        await refusal(await send(site, text))

    @pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "dpop+jwt", "authorization-grant+jwt"])
    async def test_a_jwt_that_says_it_is_something_else(self, site: Site, typ: str) -> None:
        """RFC 8725 §3.11."""
        await use_keys(site)
        await refusal(await send(site, KEY.sign(claims(), typ=typ)))
        assert (await send(site, KEY.sign(claims(), typ="client-authentication+jwt"))).status_code == 200

    async def test_deep_and_wide_claims(self, site: Site) -> None:
        await use_secret(site)
        await refusal(await send(site, by_secret(aud=["x"] * 1000)))
        deep: Any = "x"
        for _ in range(900):
            deep = [deep]
        assert (await send(site, by_secret(extra=deep))).status_code in (200, 401)

    async def test_an_unknown_client_and_a_wrong_key_get_the_same_answer(self, site: Site) -> None:
        await use_keys(site)
        wrong = await refusal(await send(site, TestKey("ES256", "wrong").sign(claims(), kid=KEY.kid)))
        assert await refusal(await send(site, KEY.sign(claims("nobody")))) == wrong

    async def test_a_signature_that_is_stripped_or_cut(self, site: Site) -> None:
        await use_keys(site)
        signed = KEY.sign(claims())
        head, _, signature = signed.rpartition(".")
        for text in (
            f"{head}.",
            f"{head}.{signature[:-4]}",
            f"{head}.{signature}AAAA",
            f"{head}.{'A' * len(signature)}",
        ):
            await refusal(await send(site, text))


class TestClientSecretJwt:
    """The client's secret signs (§2.2 with RFC 7518 §3.2)."""

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
    async def test_a_client_authenticates_with_the_mac_of_its_secret(self, site: Site, algorithm: str) -> None:
        await use_secret(site)
        answer = await send(site, jwt.encode(claims(), SECRET, algorithm))
        assert answer.status_code == 200, answer.text

    async def test_another_secret_is_refused(self, site: Site) -> None:
        await use_secret(site)
        await refusal(await send(site, by_secret(seed.SECRETS[seed.RIVAL])))

    async def test_a_secret_that_ended_is_refused(self, site: Site) -> None:
        await use_secret(site)
        assert (await send(site, by_secret())).status_code == 200
        successor = ClientSecret(id="zz", client_id=seed.LEDGER, digest=b"1" * 32, hash=None, created_at=NOW)
        await site.parts.database.write(clients.add_secret, successor, NOW, NOW)
        await refusal(await send(site, by_secret()))

    async def test_a_sealed_copy_moved_to_another_client_opens_nothing(self, site: Site) -> None:
        await site.change_client(seed.RIVAL, client_authentication=("client_secret_jwt",))
        sealed = site.parts.sealer.seal(SECRET.encode(), seal_context(seed.LEDGER))
        moved = ClientSecret(id="z", client_id=seed.RIVAL, digest=None, hash=None, created_at=NOW, sealed=sealed)
        await site.parts.database.write(clients.add_secret, moved, NOW, NOW)
        changes = {"iss": seed.RIVAL, "sub": seed.RIVAL}
        await refusal(await send(site, by_secret(**changes)))


class TestFetchedKeys:
    """`jwks_uri`."""

    async def test_keys_are_fetched_once_and_remembered(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await use_keys(site, jwks=None, jwks_uri=remote.put("/jwks", KEY.jwks(), cache_control="max-age=300"))
        for _ in range(3):
            assert (await send(site, KEY.sign(claims()))).status_code == 200
        assert remote.paths() == ["/jwks"]

    async def test_a_new_key_is_found_by_asking_again_but_only_now_and_then(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await use_keys(site, jwks=None, jwks_uri=remote.put("/jwks", KEY.jwks(), cache_control="max-age=3600"))
        assert (await send(site, KEY.sign(claims()))).status_code == 200
        new = TestKey("ES256", "new")
        remote.put("/jwks", new.jwks())
        for _ in range(3):
            await refusal(await send(site, new.sign(claims())))
        assert len(remote.asked) == 1
        site.clock.forward(31)
        assert (await send(site, new.sign(claims()))).status_code == 200
        for _ in range(3):
            await refusal(await send(site, TestKey("ES256", "evil").sign(claims())))
        assert len(remote.asked) == 2

    async def test_keys_that_cannot_be_had_refuse_the_client_and_say_where_to_look(
        self, site: Site, remote: Remote
    ) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await use_keys(site, jwks=None, jwks_uri=f"{remote.url}/nothing")
        told = await refusal(await send(site, KEY.sign(claims())))
        assert "jwks_uri" in told
        assert "404" not in told

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [7]}', b"<html>", b"[" * 9000])
    async def test_what_is_no_key_set_refuses_the_client(self, site: Site, remote: Remote, body: bytes) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        await use_keys(site, jwks=None, jwks_uri=remote.put("/jwks", body))
        await refusal(await send(site, KEY.sign(claims())))

    async def test_broken_keys_beside_a_good_one_do_no_harm(self, site: Site, remote: Remote) -> None:
        """RFC 7517 §5."""
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        broken: list[dict[str, Any]] = [
            {},
            {"kty": "unknown"},
            {"kty": "RSA"},
            {"kty": "RSA", "n": "!!", "e": "AQAB"},
            {"kty": "RSA", "n": "AQ" * 200, "e": "A" * 2000},
            {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
            {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
            {"kty": "oct", "k": "AAAA"},
            {"kty": 7},
            TestKey("RS256", "short", 1024).jwk(),
        ]
        url = remote.put("/jwks", {"keys": [*broken, KEY.jwk()]})
        await use_keys(site, jwks=None, jwks_uri=url)
        assert (await send(site, KEY.sign(claims()))).status_code == 200

    async def test_a_symmetric_key_in_a_key_set_signs_nothing(self, site: Site, remote: Remote) -> None:
        await site.change_settings(fetch_private_hosts=("127.0.0.1",))
        url = remote.put("/jwks", {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]})
        await use_keys(site, jwks=None, jwks_uri=url, client_authentication=("private_key_jwt", "client_secret_jwt"))
        await refusal(await send(site, forged({"alg": "HS256", "kid": "s"}, claims(), secret=b"secret")))
