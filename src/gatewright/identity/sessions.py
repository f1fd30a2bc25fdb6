"""Login sessions: a random cookie, kept as its digest, with a CSRF token of its own.

Before there is a session, the login form is protected by a double-submit token: the same random value in a cookie and
in a hidden field.
"""

import hmac
import secrets
from typing import Final
from typing import Literal

import msgspec

from gatewright.identity.notes import note
from gatewright.kernel.errors import Conflict
from gatewright.kernel.secrets import SESSION
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Session
from gatewright.store.records import User
from gatewright.store.users import UserWithGroups

_SEEN_EVERY: Final = 300
_LONGEST_AGENT: Final = 300


class Browser(msgspec.Struct, frozen=True):
    """Whence a request comes: the peer's address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


_UNKNOWN: Final = Browser()


class StartedSession(msgspec.Struct, frozen=True):
    """A new session and the cookie value that stands for it, which is told once."""

    cookie: str
    session: Session


class SignedIn(msgspec.Struct, frozen=True):
    """Who a session's cookie stands for. lacks: what must be mended before anything else."""

    session: Session
    user: UserWithGroups
    lacks: Literal["", "password", "factor"] = ""


async def start_session(
    database: Database,
    settings: GlobalSettings,
    user_id: str,
    now: int,
    *,
    method: str = "password",
    browser: Browser = _UNKNOWN,
) -> StartedSession:
    """Begin a session for a user who has just proved who he or she is. It always gets a new cookie (no fixation).

    method: how, in words.
    """
    cookie = make_secret(SESSION)
    session = Session(
        digest=digest(cookie),
        user_id=user_id,
        csrf=make_csrf_token(),
        authenticated_at=now,
        expires_at=now + settings.session_lifetime,
        started_at=now,
        seen_at=now,
        method=method,
        address=browser.address,
        agent=browser.agent[:_LONGEST_AGENT],
    )
    await database.write(_start, session)
    return StartedSession(cookie, session)


async def find_session(database: Database, cookie: str, now: int, address: str = "") -> SignedIn | None:
    """The session of a cookie value; None when it is unknown, has ended, or its user is disabled.

    address: the peer's; that it was seen is written down once in a while.
    """
    if not is_well_formed(cookie, SESSION):
        return None
    found = await database.read(_signed_in, digest(cookie), now)
    if found is not None and now - found.session.seen_at >= _SEEN_EVERY:
        await database.write(users.see_session, found.session.digest, address or found.session.address, now)
    return found


async def confirm_session(database: Database, session: Session, now: int) -> None:
    """Note that the session's user has just proved again who he or she is."""
    await database.write(users.confirm_session, session.digest, now)


async def end_session(database: Database, session: Session) -> None:
    """Sign out."""
    await database.write(users.end_session, session.digest)


async def end_own_session(database: Database, found: SignedIn, session_id: str, now: int) -> bool:
    """End another session of the same user, by the id that lists show; whether there was one."""
    return await database.write(_end_one, found.user.user, session_id, now)


async def end_other_sessions(database: Database, found: SignedIn, now: int) -> int:
    """End all sessions of the user but this one; how many."""
    return await database.write(_end_others, found.user.user, found.session.digest, now)


def session_id(session: Session) -> str:
    """What lists and forms name a session by; nobody gets its cookie from it."""
    return session.digest.hex()


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


def _start(transaction: Transaction, session: Session) -> None:
    user = users.find(transaction, session.user_id)
    if user is None:
        raise Conflict("The user was deleted meanwhile.")
    users.add_session(transaction, session)
    note(transaction, user, "user.sign_in", session.started_at, {"method": session.method, "address": session.address})


def _end_one(transaction: Transaction, user: User, wanted: str, now: int) -> bool:
    for session in users.sessions(transaction, user.id, now):
        if session_id(session) == wanted:
            users.end_session(transaction, session.digest)
            note(transaction, user, "user.end_sessions", now, {"ended": 1})
            return True
    return False


def _end_others(transaction: Transaction, user: User, kept: bytes, now: int) -> int:
    ended = users.end_sessions(transaction, user.id, but=kept)
    if ended:
        note(transaction, user, "user.end_sessions", now, {"ended": ended})
    return ended
