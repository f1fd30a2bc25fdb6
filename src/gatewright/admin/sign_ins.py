"""A user's sessions, second factors and applications, as an administrator ends them."""

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.users import find
from gatewright.kernel.errors import NotFound
from gatewright.store import factors
from gatewright.store import passkeys
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction


def end_session(transaction: Transaction, by: By, user_id: str, digest: bytes) -> None:
    """End one session of the user. Raises NotFound."""
    user = find(transaction, user_id)
    session = users.find_session(transaction, digest)
    if session is None or session.user_id != user_id or not users.end_session(transaction, digest):
        raise NotFound("This session has ended already.")
    audit.record(transaction, by, "user.end_sessions", user.name, None, {"ended": 1})


def end_sessions(transaction: Transaction, by: By, user_id: str) -> int:
    """End all sessions of the user, and sign-ins that wait for a second factor; how many sessions. Raises NotFound."""
    user = find(transaction, user_id)
    ended = users.end_sessions(transaction, user_id)
    if ended:
        audit.record(transaction, by, "user.end_sessions", user.name, None, {"ended": ended})
    return ended


def reset_factors(transaction: Transaction, by: By, user_id: str) -> bool:
    """Remove the user's passkeys, authenticator app and recovery codes, and end all sessions. Raises NotFound.

    Whether there was any: the password alone is enough again.
    """
    user = find(transaction, user_id)
    had_app, had_passkeys = factors.remove_totp(transaction, user_id), passkeys.remove_all(transaction, user_id)
    factors.set_recovery_codes(transaction, user_id, ())
    if not had_app and not had_passkeys:
        return False
    users.end_sessions(transaction, user_id)
    before = {"authenticator_app": had_app, "passkeys": had_passkeys}
    audit.record(transaction, by, "user.reset_factors", user.name, before)
    return True


def end_access(transaction: Transaction, by: By, user_id: str, client_id: str) -> bool:
    """End all tokens that a client holds for the user, and forget the consent; whether there was any. Raises NotFound."""
    user = find(transaction, user_id)
    forgotten = users.forget_consent(transaction, user_id, client_id)
    ended = tokens.revoke_user_client(transaction, user_id, client_id, by.now)
    if ended or forgotten:
        audit.record(transaction, by, "token.end_access", user.name, {"client_id": client_id, "ended": ended})
    return bool(ended or forgotten)
