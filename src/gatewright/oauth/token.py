"""The token endpoint (RFC 6749 §3.2): authenticate, decide, issue."""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Final

from gatewright.oauth import authorization_code
from gatewright.oauth import client_credentials
from gatewright.oauth import device_code
from gatewright.oauth import dpop
from gatewright.oauth import jwt_bearer
from gatewright.oauth import password
from gatewright.oauth import refresh_token
from gatewright.oauth import token_exchange
from gatewright.oauth.client_authentication import authenticate
from gatewright.oauth.errors import UnauthorizedClient
from gatewright.oauth.errors import UnsupportedGrantType
from gatewright.oauth.grant_names import ALLOWED_AS
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client

Grant = Callable[[Parameters, RegisteredClient, Sender, AuthorizationServer], Awaitable[TokenResponse]]

GRANTS: Final[dict[str, Grant]] = {
    "authorization_code": authorization_code.grant,
    "client_credentials": client_credentials.grant,
    "password": password.grant,
    "refresh_token": refresh_token.grant,
    device_code.GRANT_TYPE: device_code.grant,
    jwt_bearer.GRANT_TYPE: jwt_bearer.grant,
    token_exchange.GRANT_TYPE: token_exchange.grant,
}
"""The grants, by `grant_type`."""


async def token(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """Answer a token request. authorization: that header, if any. Raises OAuthError."""
    registered = await authenticate(parameters, authorization, sender, server)
    name = required(parameters, "grant_type")
    grant = GRANTS.get(name)
    if grant is None:
        raise UnsupportedGrantType(
            f"grant_type must be one of {', '.join(GRANTS)}.", rule="grant_type", found=name[:80]
        )
    refuse_unless_allowed(name, registered.client)
    sender = await dpop.proven(sender, registered.client, server)
    response = await grant(parameters, registered, sender, server)
    server.activity.add("grant", name)
    server.activity.saw(registered.client.client_id, server.clock())
    return response


def refuse_unless_allowed(name: str, client: Client) -> None:
    """Raise UnauthorizedClient unless the client may use the grant of that `grant_type`."""
    # A refresh token is bound to its client and grant, and a client whose Refresh Count is 0 never gets one.
    if name == "refresh_token" or ALLOWED_AS.get(name, name) in client.allowed_grants:
        return
    raise UnauthorizedClient(
        f"The grant {ALLOWED_AS.get(name, name)} is not among this client's Allowed Grants; an administrator can allow it in Client Registration.",
        rule="grant_allowed",
        found=ALLOWED_AS.get(name, name),
        wanted=", ".join(client.allowed_grants),
    )
