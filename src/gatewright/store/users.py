"""Users, their sessions and remembered consents."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import containing
from gatewright.store.documents import names
from gatewright.store.documents import scope_names
from gatewright.store.documents import scope_text
from gatewright.store.keyset import Order
from gatewright.store.records import Consent
from gatewright.store.records import Session
from gatewright.store.records import User

_USER = "id, name, password_hash, must_change_password, enabled, created_at, revision"
BY_NAME: Final = Order(("name",))
BY_CREATION: Final = Order(("created_at", "name"), number=True)
"""The orders that users are listed in."""
_SESSION = "digest, user_id, csrf, authenticated_at, expires_at, started_at, seen_at, method, address, agent"


class UserWithGroups(msgspec.Struct, frozen=True):
    """A user with the groups that ACLs ask for."""

    user: User
    groups: frozenset[str]


def find(transaction: Transaction, user_id: str) -> User | None:
    """The user of that id."""
    row = transaction.row(f"SELECT {_USER} FROM users WHERE id = ?", (user_id,))
    return _user(row) if row else None


def find_named(transaction: Transaction, name: str) -> User | None:
    """The user of that name."""
    row = transaction.row(f"SELECT {_USER} FROM users WHERE name = ?", (name,))
    return _user(row) if row else None


def with_groups(transaction: Transaction, user_id: str) -> UserWithGroups | None:
    """The user of that id, with groups."""
    user = find(transaction, user_id)
    return UserWithGroups(user, groups(transaction, user_id)) if user else None


def groups(transaction: Transaction, user_id: str) -> frozenset[str]:
    """The groups the user is a member of."""
    return frozenset(
        names(
            transaction.rows("SELECT group_name FROM group_members WHERE kind = 'user' AND member_id = ?", (user_id,))
        )
    )


def page(
    transaction: Transaction,
    after: Sequence[object] = (),
    limit: int = 50,
    search: str = "",
    order: Order = BY_NAME,
) -> list[User]:
    """Up to `limit` users in an order, those after the place `after`; `search` is a part of the name."""
    found = transaction.rows(
        f"SELECT {_USER} FROM users WHERE {order.after(after)} AND lower(name) LIKE lower(?) ESCAPE '!'"
        f" ORDER BY {order.by} LIMIT ?",
        (*after, containing(search), limit),
    )
    return [_user(row) for row in found]


def disabled(transaction: Transaction, group: str) -> tuple[str, ...]:
    """The ids of the users in a group that are disabled."""
    return names(
        transaction.rows(
            "SELECT u.id FROM group_members m JOIN users u ON u.id = m.member_id"
            " WHERE m.group_name = ? AND m.kind = 'user' AND u.enabled = 0 ORDER BY u.id",
            (group,),
        )
    )


def insert(transaction: Transaction, user: User) -> None:
    """Keep a new user."""
    transaction.execute(
        f"INSERT INTO users ({_USER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            user.id,
            user.name,
            user.password_hash,
            int(user.must_change_password),
            int(user.enabled),
            user.created_at,
            user.revision,
        ),
    )
    transaction.announce("user", user.id, user.created_at)


def update(transaction: Transaction, user: User, now: int) -> bool:
    """Replace the user if its revision is still `user.revision`; the kept one's is the next."""
    changed = transaction.execute(
        "UPDATE users SET name = ?, password_hash = ?, must_change_password = ?, enabled = ?, revision = revision + 1"
        " WHERE id = ? AND revision = ?",
        (user.name, user.password_hash, int(user.must_change_password), int(user.enabled), user.id, user.revision),
    )
    transaction.announce("user", user.id, now)
    return changed == 1


def delete(transaction: Transaction, user_id: str, now: int) -> bool:
    """Remove the user with sessions, memberships and consents (its tokens: `tokens.revoke_user`)."""
    transaction.execute("DELETE FROM group_members WHERE kind = 'user' AND member_id = ?", (user_id,))
    transaction.announce("user", user_id, now)
    return transaction.execute("DELETE FROM users WHERE id = ?", (user_id,)) == 1


def add_session(transaction: Transaction, session: Session) -> None:
    """Keep a login session."""
    transaction.execute(
        f"INSERT INTO sessions ({_SESSION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session.digest,
            session.user_id,
            session.csrf,
            session.authenticated_at,
            session.expires_at,
            session.started_at,
            session.seen_at,
            session.method,
            session.address,
            session.agent,
        ),
    )


def find_session(transaction: Transaction, digest: bytes) -> Session | None:
    """The session whose cookie has that digest, expired or not."""
    row = transaction.row(f"SELECT {_SESSION} FROM sessions WHERE digest = ?", (digest,))
    return _session(row) if row else None


def sessions(transaction: Transaction, user_id: str, now: int) -> list[Session]:
    """The user's live sessions, the one last seen first."""
    found = transaction.rows(f"SELECT {_SESSION} FROM sessions WHERE user_id = ? AND expires_at > ?", (user_id, now))
    return sorted(map(_session, found), key=lambda session: session.seen_at, reverse=True)


def see_session(transaction: Transaction, digest: bytes, address: str, now: int) -> None:
    """Note that the session was used now, and from where."""
    transaction.execute("UPDATE sessions SET seen_at = ?, address = ? WHERE digest = ?", (now, address, digest))


def confirm_session(transaction: Transaction, digest: bytes, now: int) -> None:
    """Note that the session's user has just proved again who he or she is."""
    transaction.execute("UPDATE sessions SET authenticated_at = ? WHERE digest = ?", (now, digest))


def end_session(transaction: Transaction, digest: bytes) -> bool:
    """End one session; whether there was one."""
    return transaction.execute("DELETE FROM sessions WHERE digest = ?", (digest,)) == 1


def end_sessions(transaction: Transaction, user_id: str, but: bytes | None = None) -> int:
    """End the user's sessions, all but one if `but` is its digest, and sign-ins that wait; how many sessions ended."""
    transaction.execute("DELETE FROM pending_sign_ins WHERE user_id = ?", (user_id,))
    return transaction.execute("DELETE FROM sessions WHERE user_id = ? AND digest <> ?", (user_id, but or b""))


def find_consent(transaction: Transaction, user_id: str, client_id: str) -> Consent | None:
    """What the user allowed the client for the times to come."""
    row = transaction.row(
        "SELECT user_id, client_id, scope, created_at FROM consents WHERE user_id = ? AND client_id = ?",
        (user_id, client_id),
    )
    return _consent(row) if row else None


def consents(transaction: Transaction, user_id: str) -> list[Consent]:
    """What the user allowed clients for the times to come, by client."""
    found = transaction.rows(
        "SELECT user_id, client_id, scope, created_at FROM consents WHERE user_id = ? ORDER BY client_id", (user_id,)
    )
    return [_consent(row) for row in found]


def remember_consent(transaction: Transaction, consent: Consent) -> None:
    """Remember a consent, in place of the former one for this client."""
    transaction.execute(
        "INSERT INTO consents (user_id, client_id, scope, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope, created_at = excluded.created_at",
        (consent.user_id, consent.client_id, scope_text(consent.scope), consent.created_at),
    )


def forget_consent(transaction: Transaction, user_id: str, client_id: str) -> bool:
    """Forget a remembered consent; whether there was one."""
    return transaction.execute("DELETE FROM consents WHERE user_id = ? AND client_id = ?", (user_id, client_id)) == 1


def forget_consents_for(transaction: Transaction, client_id: str) -> None:
    """Forget what anybody allowed the client for the times to come."""
    transaction.execute("DELETE FROM consents WHERE client_id = ?", (client_id,))


def _user(row: Row) -> User:
    return User(
        id=row[0],
        name=row[1],
        password_hash=row[2],
        must_change_password=bool(row[3]),
        enabled=bool(row[4]),
        created_at=row[5],
        revision=row[6],
    )


def _session(row: Row) -> Session:
    return Session(
        digest=row[0],
        user_id=row[1],
        csrf=row[2],
        authenticated_at=row[3],
        expires_at=row[4],
        started_at=row[5],
        seen_at=row[6],
        method=row[7],
        address=row[8],
        agent=row[9],
    )


def _consent(row: Row) -> Consent:
    return Consent(user_id=row[0], client_id=row[1], scope=scope_names(row[2]), created_at=row[3])
