"""What tokens and codes are bound to, and who acts by them, is kept on every engine."""

from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store.database import Database
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha

JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


async def test_tokens_keep_the_key_they_are_bound_to(database: Database) -> None:
    access, refresh = access_token(jkt=JKT), refresh_token(jkt=JKT)
    await database.write(tokens.add_grant, grant(), access, refresh)
    assert await database.read(tokens.find_access_token, access.digest) == access
    found = await presented(database, "rt1")
    assert found is not None
    assert found.jkt == JKT


async def test_a_code_keeps_the_key_that_must_be_proven_for_it(database: Database) -> None:
    kept = code(jkt=JKT)
    await database.write(codes.add, kept)
    assert await database.read(codes.find, kept.digest) == kept


async def test_an_exchanged_token_keeps_its_origin_and_its_actors_in_order(database: Database) -> None:
    kept = own_token(exchanged_from=sha("at0"), actors=("b", "a with blanks", 'c"'))
    await database.write(tokens.add_access_token, kept)
    assert await database.read(tokens.find_access_token, kept.digest) == kept


async def test_lists_show_bound_and_exchanged_tokens_as_they_are(database: Database) -> None:
    kept = own_token(jkt=JKT, exchanged_from=sha("at0"), actors=("b",))
    await database.write(tokens.add_access_token, kept)
    listed = await database.read(tokens.page, kept.issued_at)
    assert [(each.token, each.refreshable, each.refreshes_used) for each in listed] == [(kept, False, 0)]
