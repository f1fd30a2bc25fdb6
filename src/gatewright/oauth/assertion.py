"""Assertions: the rules that hold for every JWT that authenticates a client or asks for a token (RFC 7523 §3)."""

import hashlib
from collections.abc import Collection
from typing import Any
from typing import Final

from gatewright.oauth.server import AuthorizationServer
from gatewright.store import single_use

LEEWAY: Final = 30
"""Seconds by which clocks may differ."""
LONGEST_TEXT: Final = 255
"""Characters of the texts in an assertion that are looked up or kept."""


class Refused(Exception):
    """An assertion that does not count; `str()` says why, for whoever signed it."""


def own_audiences(issuer: str) -> frozenset[str]:
    """What names this server as `aud`: the issuer, or an endpoint that takes assertions (RFC 7523 §3, RFC 9126 §2)."""
    endpoints = ("token", "introspect", "revoke", "par", "device_authorization")
    return frozenset((issuer, *(f"{issuer}/oauth/{name}" for name in endpoints)))


def check_audience(claims: dict[str, Any], ours: Collection[str]) -> None:
    """Raise Refused unless `aud` names this server and no other.

    §3, 3: "The JWT MUST contain an "aud" (audience) claim containing a value that identifies the authorization
    server as an intended audience." One that names others, too, could be presented here by any of them.
    """
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    if not audiences or any(not isinstance(each, str) or each not in ours for each in audiences):
        raise Refused(f"aud must be {min(ours, key=len)} or the endpoint asked, and nothing else")


def check_times(claims: dict[str, Any], now: int, longest: int) -> int:
    """When the assertion ends, in seconds since the epoch. Raises Refused unless it counts now.

    longest: the most seconds it may have left.
    """
    # §3, 4: "The JWT MUST contain an "exp" (expiration time) claim that limits the time window during which the JWT
    # can be used. […] Note that the authorization server may reject JWTs with an "exp" claim value that is
    # unreasonably far in the future."
    ends = time_claim(claims, "exp")
    if ends is None:
        raise Refused("exp is missing")
    if ends + LEEWAY <= now:
        raise Refused("it expired")
    if ends > now + longest + LEEWAY:
        raise Refused(f"exp is more than {longest} seconds ahead; an administrator can change assertion_lifetime")
    # §3, 5: "The JWT MAY contain an "nbf" (not before) claim"; 6: "an "iat" (issued at) claim".
    for name in ("nbf", "iat"):
        begins = time_claim(claims, name)
        if begins is not None and begins > now + LEEWAY:
            raise Refused(f"{name} is in the future")
    return ends


async def use_once(kind: str, issuer: str, identifier: str, ends: int, server: AuthorizationServer) -> None:
    """Use up an assertion. Raises Refused when it was used before.

    kind: so that a client's and an issuer's never meet.  identifier: its `jti`, or what else tells it from others.
    """
    name = hashlib.sha256("\0".join((kind, issuer, identifier)).encode(errors="surrogatepass")).digest()
    # §3, 7: "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used "jti" values"
    if not await server.database.write(single_use.use, name, ends + LEEWAY):
        raise Refused("it was used before")


def text_claim(claims: dict[str, Any], name: str) -> str:
    """A claim that must be a text of sensible length. Raises Refused."""
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT or "\0" in value:
        raise Refused(f"{name} is missing or is no text of 1 to {LONGEST_TEXT} characters")
    return value


def time_claim(claims: dict[str, Any], name: str) -> int | None:
    """A NumericDate (RFC 7519 §2), which may have a fraction; None when it is not there. Raises Refused."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        raise Refused(f"{name} is no number of seconds since the epoch")
    return int(value)
