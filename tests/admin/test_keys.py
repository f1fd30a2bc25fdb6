"""What an administrator does with signing keys, and the rule that JWTs expire."""

from pathlib import Path

import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import keys
from gatewright.admin import settings
from gatewright.admin.apply import apply
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import read_configuration
from gatewright.kernel.errors import NotFound
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import changes
from gatewright.store import keys as store
from gatewright.store.database import Database
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import LATER
from tests.admin.support import MACHINE
from tests.admin.support import NOW
from tests.admin.support import refused

SEALER = Sealer(b"k" * 32)
JWT = GlobalSettings(access_token_format="jwt")
NEVER = GlobalSettings(access_token_lifetime="never")


async def states(database: Database, now: int) -> dict[str, str]:
    return {line.id: line.state for line in await database.read(keys.page, now)}


async def test_the_first_rotation_makes_the_first_key(database: Database) -> None:
    assert await database.read(keys.page, NOW) == []
    used = await keys.rotate(database, BY, SEALER)
    assert await states(database, NOW) == {used: "in use"}


async def test_a_rotation_retires_the_key_that_signed_and_is_audited(database: Database) -> None:
    first = await keys.rotate(database, BY, SEALER)
    second = await keys.rotate(database, LATER, SEALER)
    assert await states(database, LATER.now) == {second: "in use", first: "retired"}
    row = (await database.read(changes.audit_page))[0]
    assert (row.actor, row.action, row.target) == ("admin", "key.rotate", second)
    assert msgspec.json.decode(row.before or "") == {"kid": first}


async def test_a_rotation_uses_the_successor_that_is_announced_already(database: Database) -> None:
    first = await keys.rotate(database, BY, SEALER)
    made = await database.read(store.find, first)
    assert made is not None
    announced = msgspec.structs.replace(made, id="announced", active_at=NOW + 86_400)
    await database.write(store.succeed, announced, first, NOW)
    assert await keys.rotate(database, LATER, SEALER) == "announced"
    assert await states(database, LATER.now) == {"announced": "in use", first: "retired"}


async def test_retiring_the_key_in_use_puts_another_in_its_place(database: Database) -> None:
    first = await keys.rotate(database, BY, SEALER)
    await keys.retire(database, LATER, SEALER, first)
    ((successor, state),) = (await states(database, LATER.now)).items()
    assert (successor != first, state) == (True, "in use")
    row = (await database.read(changes.audit_page))[0]
    assert (row.action, row.target) == ("key.retire", first)
    assert msgspec.json.decode(row.after or "") == {"successor": successor}


async def test_retiring_a_retired_key_leaves_the_one_in_use(database: Database) -> None:
    first = await keys.rotate(database, BY, SEALER)
    second = await keys.rotate(database, LATER, SEALER)
    await keys.retire(database, LATER, SEALER, first)
    assert await states(database, LATER.now) == {second: "in use"}


async def test_an_unknown_or_gone_key_cannot_be_retired(database: Database) -> None:
    with pytest.raises(NotFound):
        await keys.retire(database, BY, SEALER, "unknown")
    first = await keys.rotate(database, BY, SEALER)
    await keys.retire(database, BY, SEALER, first)
    with pytest.raises(NotFound):
        await keys.retire(database, LATER, SEALER, first)


async def test_neither_list_nor_audit_log_holds_key_material(database: Database) -> None:
    first = await keys.rotate(database, BY, SEALER)
    kept = await database.read(store.find, first)
    assert kept is not None
    private = msgspec.json.decode(SEALER.open(kept.sealed, b"signing key " + first.encode()) or b"")["d"]
    told = msgspec.json.encode([await database.read(keys.page, NOW), await database.read(changes.audit_page)])
    assert private.encode() not in told
    assert b"sealed" not in told


# JWTs expire


def test_settings_with_jwts_that_never_expire_are_refused() -> None:
    with refused("access_token_lifetime") as refusal:
        settings.read_settings({"access_token_format": "jwt", "access_token_lifetime": "never"}, GlobalSettings())
    assert "RFC 9068" in refusal.errors["access_token_lifetime"]


def test_an_announcement_is_shorter_than_the_rotation_interval() -> None:
    with refused("key_announcement"):
        settings.read_settings({"key_announcement": 7200, "key_rotation_interval": 7200}, GlobalSettings())


@pytest.mark.parametrize(
    ("in_force", "changes_"),
    [
        (GlobalSettings(), {"access_token_format": "jwt", "access_token_lifetime": "never"}),
        (JWT, {"access_token_lifetime": "never"}),
        (NEVER, {"access_token_format": "jwt"}),
    ],
)
async def test_a_client_whose_jwts_would_never_expire_is_refused(
    database: Database, in_force: GlobalSettings, changes_: dict[str, str]
) -> None:
    await database.write(settings.change, BY, in_force)
    with refused("access_token_lifetime"):
        await database.write(clients.create, BY, msgspec.structs.replace(MACHINE, **changes_))
    await database.write(clients.create, BY, MACHINE)
    with refused("access_token_lifetime"):
        await database.write(clients.update, BY, msgspec.structs.replace(MACHINE, **changes_))


@pytest.mark.parametrize(
    ("in_force", "changes_"),
    [
        (JWT, {"access_token_format": "opaque", "access_token_lifetime": "never"}),
        (NEVER, {"access_token_format": "jwt", "access_token_lifetime": 60}),
    ],
)
async def test_a_client_may_differ_from_the_settings_when_its_own_agree(
    database: Database, in_force: GlobalSettings, changes_: dict[str, str]
) -> None:
    await database.write(settings.change, BY, in_force)
    saved = await database.write(clients.create, BY, msgspec.structs.replace(MACHINE, **changes_))
    assert saved.client.access_token_format == changes_["access_token_format"]


@pytest.mark.parametrize(
    ("changes_", "new", "field"),
    [
        ({"access_token_lifetime": "never"}, JWT, "access_token_format"),
        ({"access_token_format": "jwt"}, NEVER, "access_token_lifetime"),
    ],
)
async def test_settings_that_would_give_a_client_endless_jwts_are_refused_by_its_name(
    database: Database, changes_: dict[str, str], new: GlobalSettings, field: str
) -> None:
    await database.write(clients.create, BY, msgspec.structs.replace(MACHINE, **changes_))
    with refused(field) as refusal:
        await database.write(settings.change, LATER, new)
    assert "Machine (1.0)" in refusal.errors[field]


def test_an_unknown_format_is_refused() -> None:
    with refused("access_token_format") as refusal:
        settings.read_settings({"access_token_format": "paseto"}, GlobalSettings())
    assert "jwt or opaque" in refusal.errors["access_token_format"]


async def test_a_file_sets_the_format_of_a_client(database: Database, tmp_path: Path) -> None:
    text = "clients:\n  - {client_id: m, name: M, allowed_grants: [client_credentials], access_token_format: jwt}\n"
    await apply(database, BY, read_configuration(text, "gatewright.yaml"), CATALOGUE, {})
    (line,) = [row for row in await database.read(changes.audit_page) if row.action == "client.create"]
    assert msgspec.json.decode(line.after or "")["access_token_format"] == "jwt"
    with pytest.raises(Refused, match="access_token_format"):
        await apply(database, BY, read_configuration(text.replace("jwt", "xml"), "gatewright.yaml"), CATALOGUE, {})
