"""Token exchange (RFC 8693): a service calls on with a token for just that, in the name of whom it was called for.

Impersonation: without `actor_token`, the new token is as if its subject had got it. Delegation: with one, it names who
acts. Either way it opens no more than its subject token and its client may, and ends with the subject token at the latest.
"""

from typing import Final

from gatewright.oauth import exchange_subject
from gatewright.oauth import jwt_access_token
from gatewright.oauth import jwt_bearer
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.access_token import find_active
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.exchange_subject import Subject
from gatewright.oauth.issuing import Exchanged
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.jwt_access_token import is_jwt
from gatewright.oauth.jwt_bearer import Vouched
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
"""§2.1."""
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
"""§3: an access token of this server, opaque or JWT."""
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
"""§3: an access token of this server that is a JWT; as the subject, an assertion of a trusted issuer, too."""


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """Exchange a token. Raises InvalidRequest for tokens that do not count (§2.2.2), InvalidScope, InvalidTarget."""
    client, now = registered.client, server.clock()
    issued_type = await _requested_type(parameters, client, server)
    subject = await _subject(parameters, registered, sender, server)
    actor = await _actor(parameters, registered, sender, server)
    _refuse_unless_it_may_act(actor, subject, client)
    actors = await _chain(actor, subject, server)
    # §2.1: what is asked for, within what the subject token has, within what the client may have
    granted = scope.narrow(parameters.get("scope"), subject.scope, registered)
    audience = resource.narrow(_with_audience(parameters), subject.resource, server)
    text, token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant="token_exchange",
        jkt=sender.jkt,
        user_id=subject.user_id,
        resource=audience,
        exchanged=Exchanged(subject.sub, subject.digest, subject.expires_at, actors),
    )
    if subject.vouched is not None:
        await _use_up(subject.vouched, server)
    await server.database.write(tokens.add_access_token, token)
    # §2.2.1: a refresh token is "typically not" issued: the subject token's end would mean nothing
    return token_response(text, token, issued_token_type=issued_type)


async def _requested_type(parameters: Parameters, client: Client, server: AuthorizationServer) -> str:
    """§2.1: `requested_token_type`; the client's registration says of which form its access tokens are."""
    requested = parameters.get("requested_token_type", ACCESS_TOKEN)
    if requested == ACCESS_TOKEN:
        return requested
    if requested != JWT:
        raise InvalidRequest(f"requested_token_type must be {ACCESS_TOKEN}.", rule="exchange")
    if not is_jwt(client, await server.directory.settings()):
        raise InvalidRequest("This client's access tokens are opaque: leave requested_token_type out.", rule="exchange")
    return requested


async def _subject(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> Subject:
    text = required(parameters, "subject_token")
    if parameters.get("subject_token_type") == JWT and not jwt_access_token.claims_to_be_one(text):
        return await exchange_subject.of_jwt(text, server)
    return exchange_subject.of_token(await _presented("subject", parameters, registered, sender, server))


async def _use_up(known: Vouched, server: AuthorizationServer) -> None:
    try:
        await jwt_bearer.use_up(known, server)
    except InvalidGrant as error:
        raise InvalidRequest(
            f"subject_token cannot be used: {error.public}", detail=error.detail, rule="exchange"
        ) from error


async def _presented(
    role: str, parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> ActiveToken:
    """The active token in `subject_token` or `actor_token`. Raises InvalidRequest, as §2.2.2 has it for every cause."""
    text, kind = required(parameters, f"{role}_token"), required(parameters, f"{role}_token_type")
    if kind not in (ACCESS_TOKEN, JWT):
        raise InvalidRequest(f"{role}_token_type must be {ACCESS_TOKEN} or {JWT}.", rule="exchange")
    if kind == JWT and "." not in text:
        raise InvalidRequest(f"{role}_token is no JWT, as its {role}_token_type says.", rule="exchange")
    active = await find_active(text, server)
    if not isinstance(active, ActiveToken):
        raise InvalidRequest(f"{role}_token cannot be used: {active}.", rule="exchange")
    # A client must hold the key of its own token; a service that was called with a token never has the caller's.
    token = active.token
    if token.client_id == registered.client.client_id and token.jkt not in (None, sender.jkt):
        raise InvalidRequest(f"{role}_token is bound to a key: send a DPoP proof of that key.", rule="exchange")
    return active


async def _actor(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> ActiveToken | None:
    """§2.1: the token of who is to act, with its type if and only if there is one."""
    if "actor_token" not in parameters:
        if "actor_token_type" in parameters:
            raise InvalidRequest("actor_token_type was sent without actor_token.", rule="exchange")
        return None
    actor = await _presented("actor", parameters, registered, sender, server)
    if actor.token.client_id != registered.client.client_id:
        raise InvalidRequest(
            "actor_token was issued to another client: a client acts by a token of its own.", rule="exchange"
        )
    if actor.exchanges:
        raise InvalidRequest(
            "actor_token came from an exchange: only its own subject can act by a token.", rule="exchange"
        )
    return actor


def _refuse_unless_it_may_act(actor: ActiveToken | None, subject: Subject, client: Client) -> None:
    """§4.4: `may_act` says who may act for the subject; without an actor_token the client itself does."""
    if subject.may_act and subject.may_act != (actor.sub if actor else client.client_id):
        raise InvalidRequest(
            "The subject_token names another party that may act for its subject (may_act).", rule="exchange"
        )


async def _chain(actor: ActiveToken | None, subject: Subject, server: AuthorizationServer) -> tuple[str, ...]:
    """Who acts, the present one first (§4.1). Raises InvalidRequest for one that acts twice, and past the depth allowed."""
    most = (await server.directory.settings()).token_exchange_depth
    if subject.exchanges >= most:
        raise InvalidRequest(
            f"The subject_token came from {subject.exchanges} exchanges, of which {most} may follow one another; "
            "an administrator can change it in Global Settings (token_exchange_depth).",
            rule="exchange",
        )
    if actor is None:
        return subject.actors
    if actor.sub == subject.sub or actor.sub in subject.actors:
        raise InvalidRequest("The actor is the subject, or acts in this chain already.", rule="exchange")
    return (actor.sub, *subject.actors)


def _with_audience(parameters: Parameters) -> Parameters:
    """§2.1: `audience` names targets too; those of this server have no other names than their addresses."""
    if "audience" not in parameters:
        return parameters
    named = [parameters[name] for name in ("resource", "audience") if name in parameters]
    return {**parameters, "resource": " ".join(named)}
