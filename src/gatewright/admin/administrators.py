"""The rule that keeps the console's door openable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gatewright.identity import administrative
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.store import access
from gatewright.store import users
from gatewright.store.database import Transaction

ADMINISTRATORS: Final = administrative.ADMINISTRATORS
"""The predefined group whose members may use the console."""


@contextmanager
def one_administrator_kept(transaction: Transaction, field: str, now: int) -> Iterator[None]:
    """Raise Invalid, of this field, when the change within leaves nobody who can sign in as an administrator.

    The exception takes the change back with its transaction.
    """
    transaction.announce("group", ADMINISTRATORS, now)  # alone from here: two cannot remove each other
    had_one = _has_one(transaction)
    yield
    if had_one and not _has_one(transaction):
        message = "This is the last active administrator. Make another user an administrator first."
        raise Invalid([FieldError(field, message)])


def _has_one(transaction: Transaction) -> bool:
    members = [member for kind, member in access.members(transaction, ADMINISTRATORS) if kind == "user"]
    found = [user for member in members if (user := users.find(transaction, member))]
    return any(user.enabled and user.password_hash for user in found)
