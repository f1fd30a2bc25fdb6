"""Who calls: what a service may know of the principal behind a request."""

from typing import Literal

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The principal of one call. The bearer token itself is never part of it.

    kind: a user (through some client), a client acting for itself, or nobody known.
    subject: the user's or the client's identifier (`sub` of RFC 7662 §2.2); empty when anonymous.
    scopes: what the token was granted.
    groups: the groups the principal is in, directly.
    actors: who acts for the subject, by `sub`, the present one first; empty when the subject acts (RFC 8693 §4.1).
    rate_limit, daily_quota: requests that the client may send in a minute and in a day; None: any number.
    """

    kind: Literal["user", "client", "anonymous"] = "anonymous"
    subject: str = ""
    client_id: str | None = None
    scopes: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    username: str | None = None
    actors: tuple[str, ...] = ()
    rate_limit: int | None = None
    daily_quota: int | None = None

    @property
    def actor(self) -> str | None:
        """Who acts for the subject now, by `sub`; None when the subject itself does."""
        return self.actors[0] if self.actors else None

    @property
    def is_administrator(self) -> bool:
        """Whether inner details may be shown to this caller."""
        return ADMINISTRATORS in self.groups


ADMINISTRATORS = "Administrators"
ANONYMOUS = Caller()
