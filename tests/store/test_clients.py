import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import ClientSecret
from gatewright.store.records import Scope
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import consent
from tests.store.makers import sha
from tests.store.makers import user


def secret(secret_id: str, **fields: object) -> ClientSecret:
    given = {"id": secret_id, "client_id": "c1", "digest": sha(secret_id), "hash": None, "created_at": NOW}
    return ClientSecret(**(given | fields))  # type: ignore[arg-type]


async def test_a_client_is_found_by_id_and_by_name_and_version_as_it_was_kept(database: Database) -> None:
    kept = client(
        "c1",
        name="Ümläut & Söhne",
        version="2.0",
        redirect_uris=("https://a.example/", "http://127.0.0.1/x"),
        access_token_lifetime="never",
        refresh_limit="unlimited",
        require_pkce=False,
        default_scopes=("read",),
    )
    await database.write(clients.insert, kept)
    assert await database.read(clients.find, "c1") == kept
    assert await database.read(clients.find_named, "Ümläut & Söhne", "2.0") == kept
    assert await database.read(clients.find_named, "Ümläut & Söhne", "1.0") is None
    assert await database.read(clients.find, "c2") is None


async def test_two_clients_cannot_have_one_name_and_version(database: Database) -> None:
    await database.write(clients.insert, client("c1", name="Postman"))
    with pytest.raises(Conflict):
        await database.write(clients.insert, client("c2", name="Postman"))
    await database.write(clients.insert, client("c2", name="Postman", version="2.0"))


async def test_an_update_of_the_present_revision_makes_the_next_one(database: Database) -> None:
    await database.write(clients.insert, client("c1", name="Old"))
    assert await database.write(clients.update, client("c1", name="New", enabled=False, revision=1))
    found = await database.read(clients.find, "c1")
    assert found == client("c1", name="New", enabled=False, revision=2)
    assert await database.read(clients.find_named, "Old", "1.0") is None


async def test_an_update_of_a_former_revision_changes_nothing(database: Database) -> None:
    await database.write(clients.insert, client("c1"))
    await database.write(clients.update, client("c1", description="first", revision=1))
    assert not await database.write(clients.update, client("c1", description="second", revision=1))
    found = await database.read(clients.find, "c1")
    assert found is not None
    assert found.description == "first"


async def test_a_registered_client_comes_with_secrets_scopes_and_groups(database: Database) -> None:
    await database.write(clients.insert, client("c1"))
    await database.write(clients.add_secret, secret("s1"), NOW + 60, NOW)
    for name in ("read", "write", "unused"):
        await database.write(scopes.insert, Scope(name=name), NOW)
    await database.write(clients.set_scopes, "c1", ["write", "read"], NOW)
    await database.write(access.set_groups, "client", "c1", ["Developers"], NOW)
    found = await database.read(clients.registered, "c1")
    assert found is not None
    assert found.client == client("c1")
    assert found.secrets == (secret("s1"),)
    assert found.scopes == ("read", "write")
    assert found.groups == {"Developers"}
    assert await database.read(clients.registered, "c2") is None


async def test_deleting_a_client_leaves_nothing_that_refers_to_it(database: Database) -> None:
    for client_id in ("c1", "c2"):
        await database.write(clients.insert, client(client_id))
    await database.write(users.insert, user("u1"))
    await database.write(scopes.insert, Scope(name="read"), NOW)
    for client_id in ("c1", "c2"):
        await database.write(clients.add_secret, secret(f"s-{client_id}", client_id=client_id), NOW, NOW)
        await database.write(clients.set_scopes, client_id, ["read"], NOW)
        await database.write(access.set_groups, "client", client_id, ["Developers"], NOW)
        await database.write(users.remember_consent, consent(client_id))
    assert await database.write(clients.delete, "c1", NOW)
    assert not await database.write(clients.delete, "c1", NOW)
    assert await database.read(clients.registered, "c1") is None
    assert await database.read(clients.secrets, "c1") == ()
    assert await database.read(scopes.clients, "read") == ("c2",)
    assert await database.read(access.members, "Developers") == [("client", "c2")]
    assert await database.read(users.find_consent, "u1", "c1") is None
    assert await database.read(users.find_consent, "u1", "c2") is not None


async def test_a_new_secret_shortens_the_others_and_drops_the_expired(database: Database) -> None:
    await database.write(clients.insert, client("c1"))
    chosen = secret("s2", digest=None, hash="$argon2id$…", expires_at=NOW + 5)
    for kept in (secret("s0", expires_at=NOW + 1000), secret("s1"), chosen):
        await database.write(clients.add_secret, kept, NOW + 1000, NOW)
    await database.write(clients.add_secret, secret("s3"), NOW + 60, NOW)
    ends = {found.id: found.expires_at for found in await database.read(clients.secrets, "c1")}
    assert ends == {"s3": None, "s2": NOW + 5, "s1": NOW + 60, "s0": NOW + 60}
    await database.write(clients.add_secret, secret("s4"), NOW + 100, NOW + 60)
    left = await database.read(clients.secrets, "c1")
    assert [found.id for found in left] == ["s4", "s3"]
    await database.write(clients.remove_secrets, "c1", NOW)
    assert await database.read(clients.secrets, "c1") == ()


async def test_an_association_with_a_scope_that_does_not_exist_is_refused(database: Database) -> None:
    await database.write(clients.insert, client("c1"))
    with pytest.raises(Conflict):
        await database.write(clients.set_scopes, "c1", ["missing"], NOW)
    assert await database.read(clients.scopes, "c1") == ()


async def test_clients_are_listed_by_name_and_version_page_after_page(database: Database) -> None:
    order = [("Zebra", "1.0"), ("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.0")]
    for n, (name, version) in enumerate(reversed(order)):
        await database.write(clients.insert, client(f"c{n}", name=name, version=version))
    assert [(c.name, c.version) for c in await database.read(clients.page)] == order
    first = await database.read(clients.page, limit=2)
    assert [(c.name, c.version) for c in first] == order[:2]
    second = await database.read(clients.page, (first[-1].name, first[-1].version), limit=2)
    assert [(c.name, c.version) for c in second] == order[2:]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("postman", ["Postman"]),
        ("MAN", ["Postman"]),
        ("É", ["École 100%"]),
        ("100%", ["École 100%"]),
        ("%", ["École 100%"]),
        ("a_b", ["a_b"]),
        ("!", ["wow!"]),
        ("ID-OF", ["Postman"]),
        ("nothing", []),
    ],
)
async def test_a_search_is_a_part_of_the_name_or_id_taken_literally(
    database: Database, search: str, found: list[str]
) -> None:
    for client_id, name in (("Id-of-1", "Postman"), ("2", "École 100%"), ("3", "a_b"), ("4", "axb"), ("5", "wow!")):
        await database.write(clients.insert, client(client_id, name=name))
    assert [c.name for c in await database.read(clients.page, search=search)] == found
