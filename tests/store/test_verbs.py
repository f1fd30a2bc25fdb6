"""What every engine promises of any verb."""

import pytest

from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import own_token
from tests.store.makers import sha


async def test_a_verb_that_fails_leaves_nothing_behind(database: Database) -> None:
    def fail(transaction: Transaction) -> None:
        tokens.add_access_token(transaction, own_token())
        clients.insert(transaction, client())
        raise LookupError("of the verb")

    with pytest.raises(LookupError, match="of the verb"):
        await database.write(fail)
    assert await database.read(tokens.find_access_token, sha("at1")) is None
    assert await database.read(clients.find, "c1") is None
    await database.write(clients.insert, client())


async def test_a_verb_sees_what_it_wrote(database: Database) -> None:
    def insert_and_find(transaction: Transaction) -> object:
        clients.insert(transaction, client())
        return clients.find(transaction, "c1")

    assert await database.write(insert_and_find) == client()


async def test_a_verb_that_changes_something_is_refused_as_a_read(database: Database) -> None:
    def announce(transaction: Transaction) -> None:
        transaction.announce("client", "c1", NOW)

    with pytest.raises(AssertionError):
        await database.read(tokens.add_access_token, own_token())
    with pytest.raises(AssertionError):
        await database.read(announce)
    assert await database.read(tokens.find_access_token, sha("at1")) is None
