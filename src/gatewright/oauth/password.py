"""The resource owner password credentials grant (RFC 6749 §4.3); RFC 9700 §2.4 advises against it."""

from gatewright.identity import second_factor
from gatewright.identity.users import verify_password
from gatewright.kernel.ids import row_id
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import new_refresh_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Grant


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """Tokens for a user whose name and password the client sends. Raises InvalidGrant, InvalidTarget, TooManyFailures."""
    name, password = required(parameters, "username"), required(parameters, "password")
    client, settings, now = registered.client, await server.directory.settings(), server.clock()
    granted, audience = scope.resolve(parameters.get("scope"), registered), resource.resolve(parameters, server)
    user = await verify_password(server.database, settings, name, password, sender.address, now)
    if user is None:
        raise InvalidGrant("The user name or password is wrong, or the user is disabled.", rule="password")
    if user.must_change_password:
        raise InvalidGrant(
            "This user must choose a new password first: sign in at /account.",
            rule="user_enabled",
            found="must choose a new password first",
            wanted="a password of its own",
        )
    if not await second_factor.stands_alone(server.database, settings, user):
        raise InvalidGrant(
            "This user has or needs a second factor, which this grant cannot ask for; use the code grant.",
            rule="user_enabled",
            found="has or needs a second factor",
            wanted="a user who signs in by password alone",
        )
    grant_id = row_id()
    text, token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant="password",
        jkt=sender.jkt,
        user_id=user.id,
        grant_id=grant_id,
        authenticated_at=now,
        resource=audience,
    )
    refresh_text, refresh_token = new_refresh_token(client, settings, now, jkt=sender.jkt)
    stored = Grant(
        id=grant_id,
        client_id=client.client_id,
        user_id=user.id,
        grant_type="password",
        scope=granted,
        authenticated_at=now,
        created_at=now,
        resource=audience,
    )
    await server.database.write(tokens.add_grant, stored, token, refresh_token)
    return token_response(text, token, refresh_text)
