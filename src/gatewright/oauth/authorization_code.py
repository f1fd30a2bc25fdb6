"""The authorization code grant's token request (RFC 6749 §4.1.3, RFC 7636 §4.5)."""

from gatewright.kernel.secrets import digest
from gatewright.oauth import pkce
from gatewright.oauth import resource
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import new_refresh_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import codes
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Grant

_UNUSABLE = "The code is unknown, expired, used before, or was issued to another client."


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """Exchange a code for tokens. Raises InvalidGrant, InvalidRequest, InvalidTarget."""
    client, now = registered.client, server.clock()
    code = await server.database.read(codes.find, digest(required(parameters, "code")))
    # "ensure that the authorization code was issued to the authenticated confidential client"
    if code is None or code.client_id != client.client_id:
        raise InvalidGrant(_UNUSABLE, detail="code unknown or issued to another client", rule="code_known")
    # "ensure that the "redirect_uri" parameter is present if [it] was included in the initial authorization request"
    if code.redirect_uri != parameters.get("redirect_uri"):
        raise InvalidGrant(
            "redirect_uri must be given exactly as in the authorization request, or in neither.",
            rule="code_redirect_uri",
            found=parameters.get("redirect_uri", "none"),
            wanted=code.redirect_uri or "none",
        )
    pkce.verify(parameters.get("code_verifier"), code.code_challenge, code.code_challenge_method)
    if code.expires_at <= now:
        raise InvalidGrant(
            _UNUSABLE,
            detail="code expired",
            rule="code_unexpired",
            found=f"it expired {now - code.expires_at} seconds ago",
            wanted=f"used within {code.expires_at - code.issued_at} seconds",
        )
    # RFC 9449 §10: the key named by the authorization request, if it named one
    if code.jkt is not None and code.jkt != sender.jkt:
        raise InvalidGrant(
            "The code is bound to a key (dpop_jkt): send a DPoP proof of that key.",
            rule="bound_key",
            found=sender.jkt or "no proof",
            wanted=code.jkt,
        )
    await _refuse_disabled_user(code, server)
    # RFC 8707 §2.2: "the authorization server MUST […] ensure that the requested resource" is among those granted
    audience = resource.narrow(parameters, code.resource, server)
    return await _redeem(code, registered, sender, audience, server)


async def _redeem(
    code: AuthorizationCode,
    registered: RegisteredClient,
    sender: Sender,
    audience: tuple[str, ...],
    server: AuthorizationServer,
) -> TokenResponse:
    client, settings, now = registered.client, await server.directory.settings(), server.clock()
    text, token = await new_access_token(
        client,
        code.scope,
        server,
        now,
        grant="authorization_code",
        jkt=sender.jkt,
        user_id=code.user_id,
        grant_id=code.grant_id,
        authenticated_at=code.authenticated_at,
        resource=audience,
    )
    refresh_text, refresh_token = new_refresh_token(client, settings, now, jkt=sender.jkt)
    stored = Grant(
        id=code.grant_id,
        client_id=client.client_id,
        user_id=code.user_id,
        grant_type="authorization_code",
        scope=code.scope,
        authenticated_at=code.authenticated_at,
        created_at=now,
        resource=code.resource,
    )
    # §4.1.2: "If an authorization code is used more than once, the authorization server MUST deny the request and
    # SHOULD revoke (when possible) all tokens previously issued based on that authorization code."
    if not await server.database.write(codes.redeem, code.digest, stored, token, refresh_token, now):
        raise InvalidGrant(
            _UNUSABLE,
            detail=f"code replayed; grant {code.grant_id} revoked",
            rule="code_unused",
            found="used before; all that came from it was revoked",
            wanted="used once",
        )
    return token_response(text, token, refresh_text)


async def _refuse_disabled_user(code: AuthorizationCode, server: AuthorizationServer) -> None:
    found = await server.directory.user(code.user_id)
    if found is None or not found.user.enabled:
        raise InvalidGrant(
            _UNUSABLE,
            detail="user disabled or deleted",
            rule="user_enabled",
            found="disabled or deleted",
            wanted="enabled",
        )
