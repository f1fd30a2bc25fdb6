"""JWT access tokens (RFC 9068). Each is recorded like an opaque one, under its digest, so that it can be revoked."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import jose
from gatewright.oauth.errors import InvalidScope
from gatewright.oauth.jose import MOST_CHARACTERS
from gatewright.oauth.resource import path_of
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.records import Client

TYP: Final = "at+jwt"
"""RFC 9068 §2.1."""

_encode: Final = msgspec.json.Encoder().encode


class Confirmation(msgspec.Struct, frozen=True):
    """What a token is bound to (RFC 7800 §3.1, RFC 9449 §6.1)."""

    jkt: str


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who acts for the subject, and who acted before (RFC 8693 §4.1)."""

    sub: str
    act: "Actor | None" = None


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a JWT access token says (RFC 9068 §2.2). Times are seconds since the epoch.

    jti: first, so that `kernel.secrets.digest` finds it.
    """

    jti: str
    iss: str
    exp: int
    aud: str | tuple[str, ...]
    sub: str
    client_id: str
    iat: int
    scope: str = ""
    auth_time: int | None = None
    nbf: int | None = None
    cnf: Confirmation | None = None
    act: Actor | None = None
    may_act: Actor | None = None


def actor_claim(actors: Sequence[str]) -> Actor | None:
    """The nested claim `act` of a chain of actors, the present one first (RFC 8693 §4.1)."""
    claim = None
    for sub in reversed(actors):
        claim = Actor(sub, claim)
    return claim


EXPIRED: Final = "the access token expired"


def is_jwt(client: Client, settings: GlobalSettings) -> bool:
    """Whether the client's access tokens are JWTs."""
    own = client.access_token_format
    return (settings.access_token_format if own == "global" else own) == "jwt"


def claims_to_be_one(text: str) -> bool:
    """Whether a text has the form of a JWT access token of ours, whoever made it."""
    unverified = jose.read(text)
    return unverified is not None and unverified.header.typ == TYP


async def signed(claims: Claims, server: AuthorizationServer) -> str:
    """The token's text. Raises InvalidScope when it would be too long to be of use, Unavailable."""
    text = await server.keys.sign(TYP, _encode(claims), claims.exp - claims.iat)
    if len(text) > MOST_CHARACTERS:
        raise InvalidScope("A token with all of these scopes would be too long; ask for fewer.")
    return text


async def refusal(text: str, server: AuthorizationServer) -> str | None:
    """Why a text is no JWT access token that counts now; None when it is one (RFC 9068 §4).

    Only its record tells whether it was revoked.
    """
    # "The resource server MUST verify that the "typ" header value is "at+jwt"", "validate the signature"
    payload = await server.keys.verified(text, TYP)
    if payload is None:
        return "this is not an access token of this server"
    try:
        claims = msgspec.json.decode(payload, type=Claims)
    except (ValueError, msgspec.DecodeError):
        return "the access token lacks claims of RFC 9068"
    # "The issuer identifier for the authorization server […] MUST exactly match the value of the "iss" claim."
    if claims.iss != server.issuer:
        return "the access token is of another issuer"
    # "The resource server MUST validate that the "aud" claim contains a resource indicator value" of its own.
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    if all(path_of(each, server.issuer) is None for each in audience):
        return "the access token is for another audience"
    # "The current time MUST be before the time represented by the "exp" claim."
    now = server.clock()
    if claims.exp <= now:
        return EXPIRED
    if claims.nbf is not None and claims.nbf > now:
        return "the access token is not valid yet"
    return None
