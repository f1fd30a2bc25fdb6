"""Whether an access token is active: for the guard and for introspection alike."""

from typing import Final

import msgspec

from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.oauth import jwt_access_token
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import AccessToken
from gatewright.store.users import UserWithGroups

CLIENT_GONE: Final = "the client of this token is disabled or was deleted"
USER_GONE: Final = "the user of this token is disabled or was deleted"


class ActiveToken(msgspec.Struct, frozen=True):
    """An active access token, its client, its user if it has one, and the scopes that still count.

    principal: the client that is its subject when it has no user: its own, or after an exchange another.
    exchanges: how many led to it (RFC 8693).
    """

    token: AccessToken
    registered: RegisteredClient
    owner: UserWithGroups | None
    scope: tuple[str, ...]
    principal: RegisteredClient
    exchanges: int = 0

    @property
    def sub(self) -> str:
        """Its subject: a user's id or a client's."""
        return self.owner.user.id if self.owner else self.principal.client.client_id


async def find_active(text: str, server: AuthorizationServer) -> ActiveToken | str:
    """The active token of that text, or why it is not active (for the log and the client's error_description)."""
    if not text.startswith(ACCESS_TOKEN) and (reason := await jwt_access_token.refusal(text, server)):
        return reason
    return await find_kept(digest(text), server)


async def find_kept(name: bytes, server: AuthorizationServer) -> ActiveToken | str:
    """The active token of that digest, or why it is not active; of a JWT, its record alone is looked at."""
    token = await server.directory.access_token(name)
    if token is None:
        return "the access token is unknown or was revoked"
    if token.expires_at is not None and token.expires_at <= server.clock():
        return jwt_access_token.EXPIRED
    registered = await server.directory.client(token.client_id)
    # One issued before its client was registered belongs to a former client of the same client_id.
    if registered is None or not registered.client.enabled or token.issued_at < registered.client.created_at:
        return CLIENT_GONE
    owner = None
    if token.user_id is not None:
        owner = await server.directory.user(token.user_id)
        if owner is None or not owner.user.enabled:
            return USER_GONE
    active = ActiveToken(token, registered, owner, still_associated(token.scope, registered), registered)
    return active if token.exchanged_from is None else await _held_by(token.exchanged_from, active, server)


async def _held_by(name: bytes, exchanged: ActiveToken, server: AuthorizationServer) -> ActiveToken | str:
    """A token that came from an exchange, as far as the one it was exchanged for still goes."""
    origin = await find_kept(name, server)
    if not isinstance(origin, ActiveToken):
        return "the token that it was exchanged for does not count any more"
    return ActiveToken(
        exchanged.token,
        exchanged.registered,
        exchanged.owner,
        tuple(name for name in exchanged.scope if name in origin.scope),
        origin.principal,
        origin.exchanges + 1,
    )


def still_associated(scope: tuple[str, ...], registered: RegisteredClient) -> tuple[str, ...]:
    """The token's scopes that its client may still have: an association taken away ends at once."""
    associated = registered.scopes
    for name in scope:
        if name not in associated:
            return tuple(name for name in scope if name in associated)
    return scope
