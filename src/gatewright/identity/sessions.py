"""Login sessions: a random cookie, kept as its digest, with a CSRF token of its own.

Before there is a session, the login form is protected by a double-submit token: the same random value in a cookie and
in a hidden field.
"""

import hmac
import secrets

import msgspec

from gatewright.kernel.secrets import SESSION
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Session
from gatewright.store.users import UserWithGroups


class StartedSession(msgspec.Struct, frozen=True):
    """A new session and the cookie value that stands for it, which is told once."""

    cookie: str
    session: Session


class SignedIn(msgspec.Struct, frozen=True):
    """Who a session's cookie stands for."""

    session: Session
    user: UserWithGroups


async def start_session(database: Database, settings: GlobalSettings, user_id: str, now: int) -> StartedSession:
    """Begin a session for a user who has just proved who he or she is. It always gets a new cookie (no fixation)."""
    cookie = make_secret(SESSION)
    session = Session(
        digest=digest(cookie),
        user_id=user_id,
        csrf=make_csrf_token(),
        authenticated_at=now,
        expires_at=now + settings.session_lifetime,
    )
    await database.write(users.add_session, session)
    return StartedSession(cookie, session)


async def find_session(database: Database, cookie: str, now: int) -> SignedIn | None:
    """The session of a cookie value; None when it is unknown, has ended, or its user is disabled."""
    if not is_well_formed(cookie, SESSION):
        return None
    return await database.read(_signed_in, digest(cookie), now)


async def end_session(database: Database, session: Session) -> None:
    """Sign out."""
    await database.write(users.end_session, session.digest)


def make_csrf_token() -> str:
    """A new token for forms: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def csrf_matches(expected: str, given: str) -> bool:
    """Whether a form's token is the session's, or the login form's the cookie's; an empty one never is."""
    return bool(expected) and hmac.compare_digest(
        expected.encode(errors="surrogatepass"), given.encode(errors="surrogatepass")
    )


def _signed_in(transaction: Transaction, session_digest: bytes, now: int) -> SignedIn | None:
    session = users.find_session(transaction, session_digest)
    if session is None or session.expires_at <= now:
        return None
    user = users.with_groups(transaction, session.user_id)
    return SignedIn(session, user) if user and user.user.enabled else None
