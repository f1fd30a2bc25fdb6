"""The JWT bearer grant (RFC 7523 §2.1): a token for the user whom an issuer that we trust vouches for."""

import hashlib
from typing import Any
from typing import Final

import msgspec

from gatewright.kernel.fetching import FetchFailed
from gatewright.kernel.ids import row_id
from gatewright.oauth import assertion
from gatewright.oauth import foreign_jws
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.assertion import Refused
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.errors import InvalidScope
from gatewright.oauth.foreign_jws import ForeignJws
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.key_set import ASYMMETRIC
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Grant
from gatewright.store.records import User
from gatewright.store.trusted_issuers import TrustedIssuer

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""§2.1."""
_UNSIGNED: Final = "The assertion is not signed by an issuer that is trusted here; an administrator can register one."


class Vouched(msgspec.Struct, frozen=True):
    """An assertion that counts: whom its issuer vouches for, and until when, in seconds since the epoch."""

    issuer: TrustedIssuer
    user: User
    claims: dict[str, Any]
    ends: int
    identifier: str


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """A token for the assertion's user. Raises InvalidGrant, InvalidScope, InvalidTarget."""
    known = await vouched(required(parameters, "assertion"), server)
    granted = _scope(parameters, registered, known.issuer)
    audience = resource.resolve(parameters, server)
    await use_up(known, server)
    return await _issue(registered, known.user, granted, audience, sender, server)


async def vouched(text: str, server: AuthorizationServer) -> Vouched:
    """What an assertion of a trusted issuer says. Raises InvalidGrant unless it counts now, for this server."""
    jws = foreign_jws.read(text)
    claims = jws.claims() if jws else None
    # RFC 8725 §3.11: a JWT that says it is something else, such as an access token, is no assertion.
    if jws is None or claims is None or not jws.has_type("", "jwt", "authorization-grant+jwt"):
        raise InvalidGrant("The assertion is no signed JWT.", rule="assertion")
    issuer = await _signer(jws, claims, server)
    try:
        ends = await _check(claims, issuer, server)
        user = await _user(claims, issuer, server)
        identifier = claims.get("jti")
        if identifier is not None:
            identifier = assertion.text_claim(claims, "jti")
    except Refused as refused:
        raise InvalidGrant(f"The assertion does not count: {refused}.", rule="assertion") from None
    # §3, 7: `jti` is optional here; without it, the assertion itself is good for one use.
    unique = identifier or hashlib.sha256(jws.signing_input).hexdigest()
    return Vouched(issuer, user, claims, ends, unique)


async def use_up(known: Vouched, server: AuthorizationServer) -> None:
    """Use the assertion, which is good for one use. Raises InvalidGrant when it was used before."""
    try:
        await assertion.use_once("grant", known.issuer.issuer, known.identifier, known.ends, server)
    except Refused as refused:
        raise InvalidGrant(f"The assertion does not count: {refused}.", rule="assertion") from None


async def _signer(jws: ForeignJws, claims: dict[str, Any], server: AuthorizationServer) -> TrustedIssuer:
    """The trusted issuer that signed it. §3, 1: `iss` says which; 9: the signature proves it."""
    name = claims.get("iss")
    issuer = (await server.directory.trusted_issuers()).get(name) if isinstance(name, str) else None
    if issuer is None or not issuer.enabled or issuer.issuer == server.issuer:
        raise InvalidGrant(_UNSIGNED, detail="unknown or disabled issuer", rule="assertion")
    try:
        if await foreign_jws.is_signed_by(jws, issuer, ASYMMETRIC, server.fetcher):
            return issuer
    except FetchFailed as failure:
        raise InvalidGrant(
            "The keys of the assertion's issuer could not be fetched; the server's log says why.",
            detail=f"keys of {issuer.issuer}: {failure}",
            rule="assertion",
        ) from failure
    raise InvalidGrant(_UNSIGNED, detail=f"assertion is not signed by {issuer.issuer}", rule="assertion")


async def _check(claims: dict[str, Any], issuer: TrustedIssuer, server: AuthorizationServer) -> int:
    """When the assertion ends. Raises Refused unless it counts now, for this server."""
    # §3, 3: "aud"; 4, 5, 6: "exp", "nbf", "iat".
    ours = frozenset((issuer.audience,)) if issuer.audience else assertion.own_audiences(server.issuer)
    assertion.check_audience(claims, ours)
    settings = await server.directory.settings()
    return assertion.check_times(claims, server.clock(), settings.assertion_lifetime)


async def _user(claims: dict[str, Any], issuer: TrustedIssuer, server: AuthorizationServer) -> User:
    """§3, 2A: "the subject typically identifies an authorized accessor for which the access token is being requested"."""
    assertion.text_claim(claims, "sub")
    user = await server.database.read(users.find_named, assertion.text_claim(claims, issuer.user_claim))
    if user is None or not user.enabled:
        raise Refused(f"{issuer.user_claim} is the name of no user here, or of a disabled one")
    return user


def _scope(parameters: Parameters, registered: RegisteredClient, issuer: TrustedIssuer) -> tuple[str, ...]:
    """What client and issuer may both have. Raises InvalidScope."""
    resolved = scope.resolve(parameters.get("scope"), registered)
    granted = tuple(name for name in resolved if name in issuer.scopes)
    if not granted or ("scope" in parameters and len(granted) < len(resolved)):
        raise InvalidScope(
            "This issuer's assertions do not reach that far; an administrator can add scopes to the issuer.",
            rule="assertion",
        )
    return granted


async def _issue(
    registered: RegisteredClient,
    user: User,
    granted: tuple[str, ...],
    audience: tuple[str, ...],
    sender: Sender,
    server: AuthorizationServer,
) -> TokenResponse:
    client, now, grant_id = registered.client, server.clock(), row_id()
    text, token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant="jwt_bearer",
        jkt=sender.jkt,
        user_id=user.id,
        grant_id=grant_id,
        resource=audience,
    )
    stored = Grant(
        id=grant_id,
        client_id=client.client_id,
        user_id=user.id,
        grant_type="jwt_bearer",
        scope=granted,
        authenticated_at=now,
        created_at=now,
        resource=audience,
    )
    # RFC 7521 §4.1: with an assertion, a client "can request an access token" again; it needs no refresh token.
    await server.database.write(tokens.add_grant, stored, token, None)
    return token_response(text, token)
