"""Token revocation (RFC 7009)."""

from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import first_of_family
from gatewright.oauth.client_authentication import authenticate
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant


async def revoke(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> dict[str, str]:
    """End a token and, when it came from a grant, the whole family; an empty object. Raises OAuthError.

    An unknown token is no error (§2.2). `token_type_hint` is not needed: the prefix tells (§2.1).
    """
    registered = await authenticate(parameters, authorization, sender, server)
    text = required(parameters, "token")
    found = await _find(text, server)
    if found is None:
        return {}
    # §2.1: "verifies whether the token was issued to the client making the revocation request"
    if found.client_id != registered.client.client_id:
        raise InvalidGrant(
            "The token was issued to another client.",
            rule="revoke_own",
            found=f"a token of {found.client_id}",
            wanted=registered.client.client_id,
        )
    grant_id = found.id if isinstance(found, Grant) else found.grant_id
    if grant_id is not None:
        await server.database.write(tokens.revoke_grant, grant_id, server.clock())
    elif isinstance(found, AccessToken):
        await server.database.write(tokens.revoke_access_token, found, server.clock())
    return {}


async def _find(text: str, server: AuthorizationServer) -> AccessToken | Grant | None:
    """An access token, or the grant of a refresh token."""
    if text.startswith(REFRESH_TOKEN):
        found = await server.database.read(tokens.find_refresh_token, digest(first_of_family(text)), digest(text))
        return found.grant if found else None
    return await server.database.read(tokens.find_access_token, digest(text))
