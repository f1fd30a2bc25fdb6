"""JWT access tokens (RFC 9068): as resource servers see them, as our own guard holds them, as attackers bend them."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from jwt.algorithms import ECAlgorithm

from gatewright.admin import tokens as admin_tokens
from gatewright.app.parts import Parts
from gatewright.kernel.settings import ServerSettings
from gatewright.store import keys
from gatewright.store.sqlite import SqliteDatabase
from tests.oauth.jws import claims_of
from tests.oauth.jws import decoded
from tests.oauth.jws import encoded
from tests.oauth.jws import forged
from tests.oauth.jws import header_of
from tests.oauth.jws import is_accepted
from tests.oauth.jws import jwks
from tests.oauth.jws import recorded
from tests.oauth.jws import verified
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

ALGORITHMS = ("ES256", "EdDSA", "PS256", "RS256")
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest_asyncio.fixture
async def jwt_site(site: Site) -> Site:
    """A server whose access tokens are JWTs."""
    await site.change_settings(access_token_format="jwt")
    return site


@pytest_asyncio.fixture
async def other_worker(jwt_site: Site, tmp_path: Path) -> AsyncIterator[Parts]:
    """Another process's parts over the same database, with connections and caches of their own."""
    database = SqliteDatabase(tmp_path / "data" / "gatewright.db")
    parts = Parts(ServerSettings(), tmp_path, database, jwt_site.clock)
    parts.catalogue = jwt_site.parts.catalogue
    yield parts
    await parts.stop()


# What is issued


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_resource_server_verifies_a_token_from_the_published_keys(jwt_site: Site, algorithm: str) -> None:
    await jwt_site.change_settings(signing_algorithm=algorithm)
    token = await jwt_site.access_token(scope="orders customers")
    header = header_of(token)
    assert (header["typ"], header["alg"], sorted(header)) == ("at+jwt", algorithm, ["alg", "kid", "typ"])
    claims = await verified(jwt_site, token)
    jti = claims.pop("jti")
    assert jti
    assert claims == {
        "iss": ORIGIN,
        "aud": ORIGIN,
        "sub": seed.LEDGER,
        "client_id": seed.LEDGER,
        "scope": "orders customers",
        "iat": NOW,
        "exp": NOW + 3600,
    }


async def test_a_users_token_tells_when_the_user_signed_in(jwt_site: Site) -> None:
    await jwt_site.sign_in()
    jwt_site.clock.forward(60)
    answer = await jwt_site.redeem(await jwt_site.code())
    claims = await verified(jwt_site, answer.json()["access_token"])
    assert (claims["sub"], claims["client_id"]) == ("id-of-ada", seed.LEDGER)
    assert (claims["auth_time"], claims["iat"]) == (NOW, NOW + 60)


async def test_a_refreshed_token_tells_the_same_authentication_time(jwt_site: Site) -> None:
    tokens = await jwt_site.tokens()
    jwt_site.clock.forward(600)
    refreshed = (await jwt_site.refresh(tokens["refresh_token"])).json()["access_token"]
    claims = await verified(jwt_site, refreshed)
    assert (claims["auth_time"], claims["iat"], claims["sub"]) == (NOW, NOW + 600, "id-of-ada")
    assert claims["jti"] != claims_of(tokens["access_token"])["jti"]


async def test_the_password_and_implicit_grants_give_jwts_too(jwt_site: Site) -> None:
    answer = await jwt_site.token(grant_type="password", username="ada", password=seed.PASSWORD, scope="orders")
    assert (await verified(jwt_site, answer.json()["access_token"]))["auth_time"] == NOW
    await jwt_site.sign_in()
    redirected = await jwt_site.redirected(response_type="token")
    assert (await verified(jwt_site, redirected["access_token"]))["auth_time"] == NOW


async def test_a_retry_inside_grace_gets_the_same_jwt(jwt_site: Site) -> None:
    tokens = await jwt_site.tokens()
    first, second = [(await jwt_site.refresh(tokens["refresh_token"])).json() for _ in range(2)]
    assert first == second
    assert await is_accepted(jwt_site, first["access_token"])


async def test_a_client_may_have_opaque_tokens_where_jwts_are_the_rule(jwt_site: Site) -> None:
    await jwt_site.change_client(access_token_format="opaque")
    assert (await jwt_site.access_token()).startswith("gw_at_")
    assert (await jwt_site.access_token(seed.RIVAL)).startswith("eyJ")


async def test_a_client_may_have_jwts_where_opaque_tokens_are_the_rule(site: Site) -> None:
    await site.change_client(access_token_format="jwt")
    assert await is_accepted(site, await site.access_token())
    assert (await site.access_token(seed.RIVAL)).startswith("gw_at_")


async def test_opaque_tokens_need_no_key(site: Site) -> None:
    assert await is_accepted(site, await site.access_token())
    assert await site.parts.database.read(keys.all_keys) == ()


async def test_two_tokens_are_never_the_same(jwt_site: Site) -> None:
    await jwt_site.change_settings(signing_algorithm="RS256")  # signs the same text the same way each time
    assert await jwt_site.access_token() != await jwt_site.access_token()


async def test_a_token_too_long_to_be_of_use_is_refused_at_issue(jwt_site: Site) -> None:
    from gatewright.store import scopes
    from gatewright.store.records import Scope

    names = [f"{number:03}".ljust(100, "x") for number in range(150)]
    for name in names:
        await jwt_site.parts.database.write(scopes.insert, Scope(name=name), NOW)
    await jwt_site.associate(seed.LEDGER, *names)
    answer = await jwt_site.token(grant_type="client_credentials", scope=" ".join(names))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


# What it opens, and until when


async def test_the_guard_knows_the_caller_of_a_jwt(jwt_site: Site) -> None:
    tokens = await jwt_site.tokens()
    answer = await jwt_site.call("/invoke/orders/whoami", tokens["access_token"])
    assert answer.json() == {
        "kind": "user",
        "subject": "id-of-ada",
        "client_id": seed.LEDGER,
        "scopes": ["orders"],
        "username": "ada",
        "actor": None,
    }


async def test_introspection_describes_a_jwt_like_an_opaque_token(jwt_site: Site) -> None:
    of_jwt = await jwt_site.introspect(await jwt_site.access_token())
    await jwt_site.change_client(access_token_format="opaque")
    assert of_jwt == await jwt_site.introspect(await jwt_site.access_token())


async def test_a_client_does_not_see_anothers_jwt(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    assert await jwt_site.introspect(token, seed.RIVAL) == {"active": False}


async def test_a_jwt_is_listed_under_its_jti(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    (line,) = await jwt_site.parts.database.read(admin_tokens.page, NOW)
    assert line.id == claims_of(token)["jti"]


async def test_a_jwt_expires(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    jwt_site.clock.forward(3599)
    assert await is_accepted(jwt_site, token)
    jwt_site.clock.forward(1)
    assert not await is_accepted(jwt_site, token)


@pytest.mark.parametrize("changes", [{"enabled": False}])
async def test_a_jwt_of_a_disabled_client_is_refused(jwt_site: Site, changes: dict[str, Any]) -> None:
    token = await jwt_site.access_token()
    await jwt_site.change_client(**changes)
    assert not await is_accepted(jwt_site, token)


async def test_a_jwt_of_a_disabled_user_is_refused(jwt_site: Site) -> None:
    tokens = await jwt_site.tokens()
    await jwt_site.change_user(enabled=False)
    assert not await is_accepted(jwt_site, tokens["access_token"])


# Revoked is revoked


async def sees(parts: Parts, token: str) -> bool:
    """Whether another worker's guard admits the token to a service."""
    from gatewright.services.guard import Refused

    try:
        await parts.guard.admit(token, "orders:whoami", None, raw_path=b"/invoke/orders/whoami")
    except Refused as refused:
        return refused.status != 401
    return True


async def test_a_revoked_jwt_is_refused_at_once_by_every_worker(jwt_site: Site, other_worker: Parts) -> None:
    token = await jwt_site.access_token()
    assert await is_accepted(jwt_site, token)
    assert await sees(other_worker, token)
    assert (await jwt_site.post("/oauth/revoke", {"token": token})).status_code == 200
    assert not await sees(other_worker, token)
    assert not await is_accepted(jwt_site, token)


async def test_revoking_the_refresh_token_ends_the_jwts_of_its_family_in_every_worker(
    jwt_site: Site, other_worker: Parts
) -> None:
    tokens = await jwt_site.tokens()
    assert await sees(other_worker, tokens["access_token"])
    await jwt_site.post("/oauth/revoke", {"token": tokens["refresh_token"]})
    assert not await sees(other_worker, tokens["access_token"])


async def test_a_client_cannot_revoke_anothers_jwt(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    answer = await jwt_site.post("/oauth/revoke", {"token": token}, seed.RIVAL)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert await is_accepted(jwt_site, token)


async def test_an_administrator_revokes_a_jwt_by_its_jti(jwt_site: Site, other_worker: Parts) -> None:
    from tests.admin.support import BY

    token = await jwt_site.access_token()
    assert await sees(other_worker, token)
    await jwt_site.parts.database.write(admin_tokens.revoke, BY, claims_of(token)["jti"])
    assert not await sees(other_worker, token)


# Attacks. Each forged token has a record, so that nothing but its verification is in its way.


async def real(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that counts."""
    token = await site.access_token()
    return header_of(token), claims_of(token)


async def test_what_is_forged_below_would_pass_if_it_were_ours(jwt_site: Site) -> None:
    """The control: a recorded token with the same claims, signed by our key, is accepted."""
    _, claims = await real(jwt_site)
    text = await jwt_site.parts.server.keys.sign("at+jwt", json.dumps({**claims, "jti": "another"}).encode())
    assert await is_accepted(jwt_site, await recorded(jwt_site, text))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_alg_none_is_refused(jwt_site: Site, name: str) -> None:
    header, claims = await real(jwt_site)
    text = forged({**header, "alg": name}, claims, lambda _: b"")
    assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


async def test_a_real_token_without_its_signature_is_refused(jwt_site: Site) -> None:
    head, body, _ = (await jwt_site.access_token()).split(".")
    assert not await is_accepted(jwt_site, await recorded(jwt_site, f"{head}.{body}."))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("form", ["jwk", "pem", "raw"])
async def test_hs256_with_the_public_key_as_secret_is_refused(jwt_site: Site, algorithm: str, form: str) -> None:
    await jwt_site.change_settings(signing_algorithm=algorithm)
    header, claims = await real(jwt_site)
    (public,) = (key for key in (await jwks(jwt_site))["keys"] if key["kid"] == header["kid"])
    if form == "jwk":
        secret = json.dumps(public).encode()
    elif form == "raw":
        secret = decoded(public.get("x") or public["n"])
    else:
        import jwt

        secret = jwt.PyJWK(public).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = forged({**header, "alg": "HS256"}, claims, lambda m: hmac.digest(secret, m, hashlib.sha256))
    assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


def attacker() -> tuple[dict[str, str], Any]:
    """Somebody else's key: its public JWK, and signing with it as ES256 does."""
    key = generate_private_key(SECP256R1())

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return dict(ECAlgorithm.to_jwk(key.public_key(), as_dict=True)), sign


async def test_another_key_under_our_kid_is_refused(jwt_site: Site) -> None:
    header, claims = await real(jwt_site)
    _, sign = attacker()
    assert not await is_accepted(jwt_site, await recorded(jwt_site, forged(header, claims, sign)))


@pytest.mark.parametrize(
    "kid", ["attackers", "", "../../../../dev/null", "' OR '1'='1", "https://evil.example/key", "\u0000", "x" * 9000]
)
async def test_a_kid_that_is_not_ours_is_refused(jwt_site: Site, kid: str) -> None:
    header, claims = await real(jwt_site)
    _, sign = attacker()
    assert not await is_accepted(jwt_site, await recorded(jwt_site, forged({**header, "kid": kid}, claims, sign)))


@pytest.mark.parametrize("kid", [None, 1, ["a"], {"kid": "a"}, True])
async def test_a_kid_that_is_no_text_is_refused(jwt_site: Site, kid: object) -> None:
    header, claims = await real(jwt_site)
    _, sign = attacker()
    assert not await is_accepted(jwt_site, await recorded(jwt_site, forged({**header, "kid": kid}, claims, sign)))


@pytest.mark.parametrize("kept", ["kid", "alg", "typ"])
async def test_a_header_that_lacks_a_member_is_refused(jwt_site: Site, kept: str) -> None:
    header, claims = await real(jwt_site)
    lacking = {name: value for name, value in header.items() if name != kept}
    assert not await is_accepted(jwt_site, await recorded(jwt_site, await ours(jwt_site, lacking, claims)))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip", "cty", "url"])
async def test_a_header_that_brings_a_key_an_address_or_an_extension_is_refused(jwt_site: Site, name: str) -> None:
    """Though our own key signed it: nothing of the kind is ever looked at."""
    header, claims = await real(jwt_site)
    public, sign = attacker()
    values = {"jwk": public, "x5c": ["MIIB"], "crit": ["exp"], "b64": False}
    more = {**header, name: values.get(name, "https://evil.example/jwks")}
    assert not await is_accepted(jwt_site, await recorded(jwt_site, await ours(jwt_site, more, claims)))
    theirs = forged({**more, "kid": "attackers"}, claims, sign)
    assert not await is_accepted(jwt_site, await recorded(jwt_site, theirs))


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", "AT+JWT", "application/at+jwt", "token-introspection+jwt", "logout+jwt", ""]
)
async def test_what_our_key_signed_as_something_else_is_no_access_token(jwt_site: Site, typ: str) -> None:
    _, claims = await real(jwt_site)
    text = await jwt_site.parts.server.keys.sign(typ, json.dumps(claims).encode())
    assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


async def test_a_signed_introspection_answer_is_no_access_token(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    asked = {"headers": {"accept": "application/token-introspection+jwt"}}
    answer = await jwt_site.post("/oauth/introspect", {"token": token}, seed.GATEWAY, **asked)
    assert answer.text.count(".") == 2
    assert not await is_accepted(jwt_site, await recorded(jwt_site, answer.text))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": ORIGIN + "/"},
        {"iss": None},
        {"aud": "https://other.example"},
        {"aud": ["https://other.example"]},
        {"aud": []},
        {"aud": None},
        {"aud": {ORIGIN: 1}},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": None},
        {"exp": str(NOW + 60)},
        {"exp": NOW + 60.5},
        {"exp": True},
        {"nbf": NOW + 1},
        {"nbf": "soon"},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"client_id": None},
    ],
)
async def test_claims_that_do_not_hold_are_refused_though_our_key_signed_them(
    jwt_site: Site, changes: dict[str, Any]
) -> None:
    _, claims = await real(jwt_site)
    changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    text = await jwt_site.parts.server.keys.sign("at+jwt", json.dumps(changed).encode())
    assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


@pytest.mark.parametrize("aud", [[ORIGIN], ["https://other.example", ORIGIN]])
async def test_a_list_of_audiences_with_ours_is_accepted(jwt_site: Site, aud: list[str]) -> None:
    _, claims = await real(jwt_site)
    text = await jwt_site.parts.server.keys.sign("at+jwt", json.dumps({**claims, "aud": aud}).encode())
    assert await is_accepted(jwt_site, await recorded(jwt_site, text))


async def test_a_tampered_payload_is_refused(jwt_site: Site) -> None:
    token = await jwt_site.access_token()
    head, _, signature = token.split(".")
    body = encoded(json.dumps({**claims_of(token), "scope": "orders customers admin"}).encode()).decode()
    assert not await is_accepted(jwt_site, await recorded(jwt_site, f"{head}.{body}.{signature}"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_signature_with_one_bit_changed_is_refused(jwt_site: Site, algorithm: str) -> None:
    await jwt_site.change_settings(signing_algorithm=algorithm)
    head, body, signature = (await jwt_site.access_token()).split(".")
    changed = bytearray(decoded(signature))
    changed[10] ^= 1
    assert not await is_accepted(jwt_site, await recorded(jwt_site, f"{head}.{body}.{encoded(changed).decode()}"))


async def test_the_other_valid_signature_of_the_same_text_does_not_revive_a_revoked_token(jwt_site: Site) -> None:
    """ECDSA's (r, n - s) verifies as (r, s) does; the record is of the very text that was issued."""
    token = await jwt_site.access_token()
    head, body, signature = token.split(".")
    r, s = decoded(signature)[:32], int.from_bytes(decoded(signature)[32:])
    twin = f"{head}.{body}.{encoded(r + (ORDER_OF_P256 - s).to_bytes(32)).decode()}"
    assert await verified(jwt_site, twin) == claims_of(token)
    await jwt_site.post("/oauth/revoke", {"token": token})
    assert not await is_accepted(jwt_site, twin)


async def test_a_token_that_our_key_signed_but_nobody_recorded_is_refused(jwt_site: Site) -> None:
    _, claims = await real(jwt_site)
    assert not await is_accepted(jwt_site, await jwt_site.parts.server.keys.sign("at+jwt", json.dumps(claims).encode()))


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "..",
        "eyJ.eyJ.x",
        "e30.e30.",
        "e30.e30.AA",
        "eyJ.x",
        "W10.W10.AA",
        "bnVsbA.e30.AA",
        encoded(b'{"alg":"ES256","typ":"at+jwt","kid":"\xff"}').decode() + ".e30.AA",
        encoded(b"[" * 5000).decode() + ".e30.AA",
        "e30=.e30=.AA==",
        "A" * 7000 + ".A.A",
        "eyJhbGciOiJFUzI1NiJ9.💥.AA",
        "gw_at_.x.y",
    ],
)
async def test_malformed_tokens_are_refused_with_401(jwt_site: Site, text: str) -> None:
    await jwt_site.access_token()
    answer = await jwt_site.raw(
        "GET", b"/invoke/orders/whoami", headers=[(b"authorization", b"Bearer " + text.encode())]
    )
    assert answer.status == 401
    assert b"invalid_token" in answer.headers["www-authenticate"].encode()
    assert await jwt_site.introspect(text) == {"active": False}


async def test_a_payload_that_is_no_object_is_refused(jwt_site: Site) -> None:
    for payload in (b"[]", b"null", b'"x"', b"\xff", b'{"iss":"\xff"}', b"", b"[" * 4000):
        text = await jwt_site.parts.server.keys.sign("at+jwt", payload)
        assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


async def test_an_oversized_token_is_refused_before_it_is_looked_at(jwt_site: Site) -> None:
    _, claims = await real(jwt_site)
    text = await jwt_site.parts.server.keys.sign("at+jwt", json.dumps({**claims, "x": "y" * 13_000}).encode())
    assert len(text) > 16_384
    assert not await is_accepted(jwt_site, await recorded(jwt_site, text))


async def ours(site: Site, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token with any header at all, signed by our own private key."""
    ring = site.parts.server.keys
    private = ring._opened(await ring._in_use())
    assert private.algorithm == "ES256"

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.key.get_op_key("sign").sign(message, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return forged(header, claims, sign)


async def test_our_own_key_through_the_same_helper_is_accepted(jwt_site: Site) -> None:
    """The control of the tests that change a header."""
    header, claims = await real(jwt_site)
    assert await is_accepted(jwt_site, await recorded(jwt_site, await ours(jwt_site, header, claims)))


def test_a_header_of_ours_has_three_members_and_no_more() -> None:
    from gatewright.oauth.jose import Header

    assert set(msgspec.structs.asdict(Header("a", "b", "c"))) == {"alg", "typ", "kid"}
