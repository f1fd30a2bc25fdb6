"""Everything of a kind, page by page."""

from collections.abc import Iterator
from typing import Final

from gatewright.store import clients
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import User

_PAGE: Final = 500


def all_clients(transaction: Transaction) -> Iterator[Client]:
    """Every client, by name and version."""
    page = clients.page(transaction, limit=_PAGE)
    while page:
        yield from page
        page = clients.page(transaction, after=(page[-1].name, page[-1].version), limit=_PAGE)


def all_users(transaction: Transaction) -> Iterator[User]:
    """Every user, by name."""
    page = users.page(transaction, limit=_PAGE)
    while page:
        yield from page
        page = users.page(transaction, after=(page[-1].name,), limit=_PAGE)
