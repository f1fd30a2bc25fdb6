"""JWTs that tell an upstream who calls (RFC 7519): signed by this server's keys, for that upstream alone, short-lived.

The caller's own access token never leaves the server.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Final

import msgspec

from gatewright.kernel.clock import Clock
from gatewright.kernel.ids import row_id
from gatewright.kernel.memory import Memory
from gatewright.oauth.jwt_access_token import TYP as ACCESS_TOKEN
from gatewright.oauth.jwt_access_token import Actor
from gatewright.oauth.jwt_access_token import actor_claim
from gatewright.services.caller import Caller

CALLER: Final = "caller+jwt"
"""The `typ` of a token in a header of its own, so that nobody takes it for an access token (RFC 8725 §3.11)."""
_MOST_KEPT: Final = 2000

Sign = Callable[[str, bytes, int], Awaitable[str]]
"""Makes a compact JWS of a type and a payload, by a key that stands in `/oauth/jwks` for so many seconds more."""


class CallerClaims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller's token says: the claims of RFC 9068 §2.2, and names. Times are seconds since the epoch."""

    iss: str
    aud: str
    sub: str
    client_id: str
    iat: int
    exp: int
    jti: str
    scope: str = ""
    username: str = ""
    groups: tuple[str, ...] = ()
    act: Actor | None = None


class CallerTokens:
    """Makes the tokens, and gives the same one again until half of its time is over."""

    def __init__(self, sign: Sign, issuer: str, clock: Clock) -> None:
        self._sign, self._issuer, self._clock = sign, issuer, clock
        self._kept: Memory[tuple[Caller, str, str], tuple[int, str]] = Memory(_MOST_KEPT)

    async def token(self, caller: Caller, audience: str, lifetime: int, *, as_access_token: bool) -> str:
        """A token that tells `audience` who calls. lifetime: in seconds. Raises Unavailable without a key to sign by."""
        typ, now = ACCESS_TOKEN if as_access_token else CALLER, self._clock()
        key = (caller, audience, typ)
        kept = self._kept.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        claims = CallerClaims(
            iss=self._issuer,
            aud=audience,
            sub=caller.subject,
            client_id=caller.client_id or "",
            iat=now,
            exp=now + lifetime,
            jti=row_id(),
            scope=" ".join(caller.scopes),
            username=caller.username or "",
            groups=tuple(sorted(caller.groups)),
            act=actor_claim(caller.actors),
        )
        text = await self._sign(typ, msgspec.json.encode(claims), lifetime)
        self._kept.put(key, (now + lifetime // 2, text))
        return text
