"""JWTs as attackers and resource servers have them: taken apart, forged, verified by another library (PyJWT)."""

import base64
import json
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import jwt

from gatewright.kernel.secrets import digest
from gatewright.store import tokens
from gatewright.store.records import AccessToken
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site

Sign = Callable[[bytes], bytes]


def header_of(token: str) -> dict[str, Any]:
    """The header of a JWS."""
    return dict(json.loads(decoded(token.split(".")[0])))


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, not verified."""
    return dict(json.loads(decoded(token.split(".")[1])))


def forged(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, sign: Sign) -> str:
    """A compact JWS of whatever is given."""
    segments = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in (header, claims)]
    signing_input = b".".join(encoded(segment) for segment in segments)
    return (signing_input + b"." + encoded(sign(signing_input))).decode()


def encoded(text: bytes) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def decoded(segment: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


async def jwks(site: Site) -> dict[str, Any]:
    """The published keys."""
    answer = await site.http.get("/oauth/jwks")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def kids(site: Site) -> list[str]:
    """The published keys' ids."""
    return [key["kid"] for key in (await jwks(site))["keys"]]


async def verified(site: Site, token: str, audience: str = ORIGIN) -> dict[str, Any]:
    """The claims, as a resource server verifies them: from the published keys alone, with its own library."""
    keys = jwt.PyJWKSet.from_dict(await jwks(site))
    key = keys[header_of(token)["kid"]]
    options = {"verify_exp": False, "verify_iat": False}  # by its own clock; tests set ours
    return dict(
        jwt.decode(token, key.key, algorithms=[key.algorithm_name], audience=audience, issuer=ORIGIN, options=options)
    )


async def recorded(site: Site, text: str) -> str:
    """Record a text as an access token of the ledger, so that nothing but its verification is in its way."""
    record = AccessToken(
        id=f"record-of-{digest(text).hex()[-16:]}",
        digest=digest(text),
        client_id=seed.LEDGER,
        user_id=None,
        grant_id=None,
        scope=("orders",),
        issued_at=site.clock(),
        expires_at=site.clock() + 10**6,
    )
    await site.parts.database.write(tokens.add_access_token, record)
    return text


async def is_accepted(site: Site, token: str) -> bool:
    """Whether the guard lets it through; introspection must say the same."""
    answer = await site.call("/invoke/orders/whoami", token)
    assert answer.status_code in (200, 401), answer.text
    assert await site.is_active(token) is (answer.status_code == 200)
    return answer.status_code == 200
