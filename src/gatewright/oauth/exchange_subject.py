"""Whom a token is exchanged for (RFC 8693 §2.1, `subject_token`): by a token of ours, or by a trusted issuer's JWT."""

from typing import Any
from typing import Final

import msgspec

from gatewright.oauth import jwt_bearer
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.jwt_bearer import Vouched
from gatewright.oauth.server import AuthorizationServer

_LONGEST_SUB: Final = 255
_NO_ACTOR: Final = "The subject_token's act and may_act must be objects with a sub (RFC 8693 §4)."


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The subject of an exchange, and how far a token in its name goes.

    digest: of our token; None for a JWT of an issuer, which is `vouched`.
    actors: who acts for it already, the present one first.  exchanges: how many led here.
    may_act: who alone may act for it, by `sub`; empty: whoever may exchange.
    """

    sub: str
    user_id: str | None
    scope: tuple[str, ...]
    resource: tuple[str, ...] = ()
    expires_at: int | None
    digest: bytes | None = None
    actors: tuple[str, ...] = ()
    exchanges: int = 0
    may_act: str = ""
    vouched: Vouched | None = None


def of_token(active: ActiveToken) -> Subject:
    """The subject of an access token of ours."""
    token = active.token
    return Subject(
        sub=active.sub,
        user_id=token.user_id,
        scope=active.scope,
        resource=token.resource,
        expires_at=token.expires_at,
        digest=token.digest,
        actors=token.actors,
        exchanges=max(active.exchanges, len(token.actors)),
        may_act=active.registered.client.may_act,
    )


async def of_jwt(text: str, server: AuthorizationServer) -> Subject:
    """The user whom a trusted issuer vouches for, by the rules of the JWT bearer grant (RFC 7523 §3). Raises InvalidRequest."""
    try:
        known = await jwt_bearer.vouched(text, server)
    except InvalidGrant as error:
        raise InvalidRequest(
            f"subject_token cannot be used: {error.public}", detail=error.detail, rule="exchange"
        ) from error
    # Clocks may differ when an assertion asks for a token; no token outlives the one it is exchanged for.
    if known.ends <= server.clock():
        raise InvalidRequest("subject_token cannot be used: it expired.", rule="exchange")
    actors = _actors(known.claims.get("act"), (await server.directory.settings()).token_exchange_depth)
    return Subject(
        sub=known.user.id,
        user_id=known.user.id,
        scope=known.issuer.scopes,
        expires_at=known.ends,
        actors=actors,
        exchanges=len(actors),
        may_act=_sub(known.claims["may_act"]) if "may_act" in known.claims else "",
        vouched=known,
    )


def _actors(act: Any, most: int) -> tuple[str, ...]:
    """The chain in a nested `act` (§4.1), the present actor first."""
    actors: list[str] = []
    while act is not None:
        if len(actors) == most:
            raise InvalidRequest(
                f"The subject_token names more than {most} actors (token_exchange_depth).", rule="exchange"
            )
        actors.append(_sub(act))
        act = act.get("act")
    return tuple(actors)


def _sub(party: Any) -> str:
    sub = party.get("sub") if isinstance(party, dict) else None
    if not isinstance(sub, str) or not 0 < len(sub) <= _LONGEST_SUB or not sub.isprintable():
        raise InvalidRequest(_NO_ACTOR, rule="exchange")
    return sub
