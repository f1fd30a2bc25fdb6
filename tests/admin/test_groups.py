import pytest

from gatewright.admin import acls
from gatewright.admin import clients
from gatewright.admin import groups
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.store import access
from gatewright.store.database import Database
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import WEB
from tests.admin.support import refused


@pytest.mark.parametrize("name", ["", " a", "a,b", "Administrators", "administrators", "x" * 101])
async def test_group_names_that_are_bad_or_taken_are_refused(database: Database, name: str) -> None:
    with refused("name"):
        await database.write(groups.create, BY, name)


async def test_clients_can_be_members(database: Database) -> None:
    await database.write(clients.create, BY, WEB)
    await database.write(groups.create, BY, "partners")
    await database.write(groups.set_members, BY, "partners", "client", ["web"])
    assert await database.read(access.members, "partners") == [("client", "web")]
    with refused("members"):
        await database.write(groups.set_members, BY, "partners", "client", ["nobody"])


async def test_nobody_can_be_listed_in_a_group_that_follows_from_the_request(database: Database) -> None:
    await database.write(clients.create, BY, WEB)
    with refused("members"):
        await database.write(groups.set_members, BY, "Everybody", "client", ["web"])


async def test_predefined_group_cannot_be_deleted(database: Database) -> None:
    with pytest.raises(Conflict, match="predefined"):
        await database.write(groups.delete, BY, "Developers")


async def test_group_that_an_acl_names_cannot_be_deleted_before_it(database: Database) -> None:
    await database.write(groups.create, BY, "partners")
    await database.write(acls.save, BY, "orders", ["partners"], CATALOGUE)
    with pytest.raises(Conflict, match="orders"):
        await database.write(groups.delete, BY, "partners")
    await database.write(acls.delete, BY, "orders")
    await database.write(groups.delete, BY, "partners")
    with pytest.raises(NotFound):
        await database.read(groups.find, "partners")


async def test_acl_of_something_unknown_or_for_an_unknown_group_is_refused(database: Database) -> None:
    with refused("execute", "target"):
        await database.write(acls.save, BY, "order", ["nope"], CATALOGUE)
    assert await database.read(access.all_acls) == {}


async def test_acl_may_name_anonymous(database: Database) -> None:
    await database.write(acls.save, BY, "orders:get", ["Anonymous"], CATALOGUE)
    assert await database.read(access.all_acls) == {"orders:get": ("Anonymous",)}
