"""The client credentials grant (RFC 6749 §4.4)."""

from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """A token for the client itself. Raises InvalidScope, InvalidTarget."""
    granted = scope.resolve(parameters.get("scope"), registered)
    audience = resource.resolve(parameters, server)
    text, token = await new_access_token(
        registered.client,
        granted,
        server,
        server.clock(),
        grant="client_credentials",
        jkt=sender.jkt,
        resource=audience,
    )
    await server.database.write(tokens.add_access_token, token)
    # §4.4.3: "A refresh token SHOULD NOT be included."
    return token_response(text, token)
