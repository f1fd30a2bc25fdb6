"""Introspection answers as signed JWTs (RFC 9701), for a resource server that must prove later what it was told."""

from typing import Final

import msgspec

from gatewright.oauth.introspect import Introspection
from gatewright.oauth.introspect import authenticated
from gatewright.oauth.introspect import describe
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer

MEDIA_TYPE: Final = "application/token-introspection+jwt"
TYP: Final = "token-introspection+jwt"
"""RFC 9701 §5."""

_encode: Final = msgspec.json.Encoder().encode


class Claims(msgspec.Struct, frozen=True):
    """What a signed answer says (RFC 9701 §5). `aud`: the client that asked; no `sub` or `exp`, to pass for no token."""

    iss: str
    aud: str
    iat: int
    token_introspection: Introspection


async def introspect_signed(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> str:
    """What `introspect` would answer, as a JWT. Raises OAuthError, Unavailable."""
    caller = await authenticated(parameters, authorization, sender, server)
    claims = Claims(
        iss=server.issuer,
        aud=caller.client.client_id,
        iat=server.clock(),
        token_introspection=await describe(parameters, caller, server),
    )
    return await server.keys.sign(TYP, _encode(claims))
