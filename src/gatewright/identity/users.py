"""Who someone is: a name and a password."""

import msgspec

from gatewright.identity import throttle
from gatewright.identity.notes import note
from gatewright.kernel import passwords
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import User

LONGEST_PASSWORD = 1024
"""Characters; more is refused unread, for hashing takes time with length."""


async def verify_password(
    database: Database, settings: GlobalSettings, name: str, password: str, address: str, now: int
) -> User | None:
    """The enabled user of that name if the password is right; takes as long when there is no such user.

    address: the peer's, for throttling.  now: seconds since the epoch.
    A failure is counted. Raises TooManyFailures, whether the password is right or not (see `throttle`).
    """
    attempt = throttle.Attempt(kind="user", name=name, address=address)
    async with throttle.in_turn(attempt):
        await throttle.refuse_if_blocked(database, settings, attempt, now)
        user = await database.read(users.find_named, name) if _is_text(name) else None
        possible = len(password) <= LONGEST_PASSWORD and _is_text(password)
        hashed = user.password_hash if user and possible else None
        if await passwords.verify_password(password if possible else "", hashed) and user and user.enabled:
            return user
        await throttle.count_failure(database, settings, attempt, now)
        return None


async def change_own_password(
    database: Database,
    settings: GlobalSettings,
    user: User,
    current: str,
    new: str,
    *,
    address: str,
    now: int,
    session: bytes | None = None,
) -> None:
    """Let a user who knows the current password choose a new one. The user's other sessions end.

    session: the digest of the session that stays.
    Raises Invalid (fields `current_password`, `new_password`), TooManyFailures, Conflict.
    """
    if await verify_password(database, settings, user.name, current, address, now) is None:
        raise Invalid([FieldError("current_password", "This is not your current password.")])
    check_new_password(new, "new_password")
    if new == current:
        raise Invalid([FieldError("new_password", "Choose a password other than the current one.")])
    hashed = await passwords.hash_password(new)
    await database.write(_replace_password, user.id, hashed, now, session)


def check_new_password(password: str, field: str = "password") -> None:
    """Raise Invalid when nobody should use this password (NIST SP 800-63B §5.1.1: length counts, composition does not)."""
    if len(password) < passwords.MINIMUM_LENGTH:
        raise Invalid([FieldError(field, f"A password has at least {passwords.MINIMUM_LENGTH} characters.")])
    if len(password) > LONGEST_PASSWORD:
        raise Invalid([FieldError(field, f"A password has at most {LONGEST_PASSWORD} characters.")])
    if not _is_text(password):
        raise Invalid([FieldError(field, "The password has a character that is no valid Unicode.")])


def _replace_password(transaction: Transaction, user_id: str, hashed: str, now: int, session: bytes | None) -> None:
    user = users.find(transaction, user_id)
    if user is None:
        raise Conflict("The user was deleted meanwhile.")
    users.update(transaction, msgspec.structs.replace(user, password_hash=hashed, must_change_password=False), now)
    users.end_sessions(transaction, user_id, but=session)
    note(transaction, user, "user.password", now)


def _is_text(value: str) -> bool:
    """Whether a database can take the text: no lone surrogates, no NUL."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
