import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import scopes as scope_operations
from gatewright.admin import users as user_operations
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.kernel.secrets import digest
from gatewright.store import changes
from gatewright.store import clients as store
from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import AccessToken
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Client
from gatewright.store.records import Consent
from gatewright.store.records import Scope
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import LATER
from tests.admin.support import MACHINE
from tests.admin.support import NOW
from tests.admin.support import WEB
from tests.admin.support import refused


async def _secrets(database: Database, client_id: str) -> dict[bytes | None, int | None]:
    kept = await database.read(store.secrets, client_id)
    return {secret.digest: secret.expires_at for secret in kept}


async def test_new_confidential_client_gets_an_id_and_a_secret_of_which_the_digest_is_kept(database: Database) -> None:
    saved = await database.write(clients.create, BY, msgspec.structs.replace(MACHINE, client_id=""))
    assert len(saved.client.client_id) == 32
    assert saved.secret is not None
    assert await _secrets(database, saved.client.client_id) == {digest(saved.secret): None}


async def test_new_public_client_gets_no_secret(database: Database) -> None:
    saved = await database.write(clients.create, BY, msgspec.structs.replace(WEB, type="public"))
    assert saved.secret is None
    assert saved.client.client_authentication == ("none",)
    assert await _secrets(database, "web") == {}


async def test_chosen_secret_is_kept_as_its_hash(database: Database) -> None:
    saved = await database.write(clients.create, BY, MACHINE, secret_hash="$argon2id$x")
    (kept,) = await database.read(store.secrets, "machine")
    assert (saved.secret, kept.hash, kept.digest) == (None, "$argon2id$x", None)


async def test_name_and_version_are_unique_together(database: Database) -> None:
    await database.write(clients.create, BY, WEB)
    with refused("name"):
        await database.write(clients.create, BY, msgspec.structs.replace(WEB, client_id="web2"))
    await database.write(clients.create, BY, msgspec.structs.replace(WEB, client_id="web2", version="2.0"))


async def test_what_people_told_to_remember_is_forgotten_when_answers_may_go_elsewhere(database: Database) -> None:
    """Else a link would send a code that nobody is asked about to whoever changed the client."""
    client = (await database.write(clients.create, BY, WEB)).client
    ada = await database.write(user_operations.create, BY, "ada", None)
    remembered = Consent(user_id=ada.id, client_id="web", scope=("orders",), created_at=NOW)
    await database.write(users.remember_consent, remembered)
    client = (await database.write(clients.update, BY, msgspec.structs.replace(client, description="Orders"))).client
    assert await database.read(users.find_consent, ada.id, "web") == remembered
    wider = (*client.redirect_uris, "https://elsewhere.example/cb")
    client = (await database.write(clients.update, BY, msgspec.structs.replace(client, redirect_uris=wider))).client
    assert await database.read(users.find_consent, ada.id, "web") is None
    await database.write(users.remember_consent, remembered)
    await database.write(clients.update, BY, msgspec.structs.replace(client, redirect_uris=wider[1:]))
    assert await database.read(users.find_consent, ada.id, "web") == remembered


async def test_client_id_is_unique(database: Database) -> None:
    await database.write(clients.create, BY, WEB)
    with refused("client_id"):
        await database.write(clients.create, BY, msgspec.structs.replace(WEB, name="Other"))


async def test_refused_creation_leaves_nothing_behind(database: Database) -> None:
    with refused("scopes", "groups") as refusal:
        await database.write(clients.create, BY, WEB, scopes=["Nope"], groups=["Administrator"])
    assert "'Administrators'" in refusal.errors["groups"]
    assert await database.read(store.find, "web") is None
    assert await database.read(changes.audit_page) == []


async def test_default_scope_must_be_associated(database: Database) -> None:
    with refused("default_scopes"):
        await database.write(clients.create, BY, msgspec.structs.replace(WEB, default_scopes=("S",)))


async def test_creation_is_audited_and_announced_without_the_secret(database: Database) -> None:
    before = await database.read(changes.newest)
    saved = await database.write(clients.create, BY, MACHINE, groups=["Developers"])
    (row,) = await database.read(changes.audit_page)
    assert (row.actor, row.action, row.target, row.before) == ("admin", "client.create", "Machine (1.0)", None)
    after = msgspec.json.decode(row.after or "")
    assert (after["client_id"], after["groups"]) == ("machine", ["Developers"])
    assert saved.secret is not None
    assert saved.secret not in (row.after or "")
    announced = await database.read(changes.since, before)
    assert ("client", "machine") in [(change.kind, change.name) for change in announced or []]


async def test_update_keeps_the_change_and_audits_before_and_after(database: Database) -> None:
    saved = await database.write(clients.create, BY, WEB)
    changed = msgspec.structs.replace(saved.client, description="The shop")
    updated = await database.write(clients.update, LATER, changed)
    assert (updated.client.description, updated.client.revision, updated.client.updated_at) == ("The shop", 2, NOW + 60)
    row = (await database.read(changes.audit_page))[0]
    before, after = msgspec.json.decode(row.before or ""), msgspec.json.decode(row.after or "")
    assert (before["description"], after["description"]) == ("", "The shop")


async def test_update_of_an_older_revision_is_a_conflict(database: Database) -> None:
    saved = await database.write(clients.create, BY, WEB)
    await database.write(clients.update, BY, msgspec.structs.replace(saved.client, description="first"))
    with pytest.raises(Conflict):
        await database.write(clients.update, BY, msgspec.structs.replace(saved.client, description="second"))
    assert (await database.read(clients.find, "web")).description == "first"


async def test_update_that_changes_nothing_is_not_audited(database: Database) -> None:
    saved = await database.write(clients.create, BY, WEB)
    await database.write(clients.update, LATER, saved.client)
    assert len(await database.read(changes.audit_page)) == 1


async def test_client_that_becomes_public_loses_its_secrets_and_gets_one_when_it_comes_back(database: Database) -> None:
    saved = await database.write(clients.create, BY, WEB)
    public = msgspec.structs.replace(saved.client, type="public", client_authentication=())
    updated = await database.write(clients.update, BY, public)
    assert await _secrets(database, "web") == {}
    confidential = msgspec.structs.replace(updated.client, type="confidential", client_authentication=())
    back = await database.write(clients.update, BY, confidential)
    assert back.secret is not None
    assert list(await _secrets(database, "web")) == [digest(back.secret)]


async def test_old_secret_works_beside_the_new_one_for_the_chosen_time(database: Database) -> None:
    old = (await database.write(clients.create, BY, MACHINE)).secret
    new = (await database.write(clients.new_secret, LATER, "machine", keep_old_for=3600)).secret
    assert old is not None
    assert new is not None
    assert await _secrets(database, "machine") == {digest(new): None, digest(old): NOW + 60 + 3600}


async def test_old_secret_is_gone_at_once_when_no_time_is_chosen(database: Database) -> None:
    await database.write(clients.create, BY, MACHINE)
    new = (await database.write(clients.new_secret, LATER, "machine")).secret
    assert new is not None
    assert await _secrets(database, "machine") == {digest(new): None}


async def test_public_client_is_refused_a_secret(database: Database) -> None:
    await database.write(clients.create, BY, msgspec.structs.replace(WEB, type="public"))
    with refused("type"):
        await database.write(clients.new_secret, BY, "web")


async def test_disabling_is_kept_and_audited_once(database: Database) -> None:
    await database.write(clients.create, BY, WEB)
    for _ in range(2):
        assert not (await database.write(clients.set_enabled, BY, "web", False)).enabled
    assert [row.action for row in await database.read(changes.audit_page)] == ["client.disable", "client.create"]


async def test_tokens_codes_and_associations_die_with_their_client(database: Database) -> None:
    await database.write(scope_operations.create, BY, Scope(name="S"), CATALOGUE)
    await database.write(clients.create, BY, WEB, scopes=["S"])
    token = AccessToken(
        id="t",
        digest=b"t" * 32,
        client_id="web",
        user_id=None,
        grant_id=None,
        scope=("S",),
        issued_at=NOW,
        expires_at=None,
    )
    code = AuthorizationCode(
        digest=b"c" * 32,
        grant_id="g",
        client_id="web",
        user_id="u",
        scope=("S",),
        redirect_uri=None,
        code_challenge=None,
        code_challenge_method=None,
        authenticated_at=NOW,
        issued_at=NOW,
        expires_at=NOW + 60,
    )
    await database.write(tokens.add_access_token, token)
    await database.write(codes.add, code)
    await database.write(clients.delete, BY, "web")
    assert await database.read(store.registered, "web") is None
    assert await database.read(tokens.find_access_token, token.digest) is None
    assert await database.read(codes.find, code.digest) is None


async def test_operations_on_an_unknown_client_say_so(database: Database) -> None:
    for operation in (clients.new_secret, clients.delete):
        with pytest.raises(NotFound, match="client_id nobody"):
            await database.write(operation, BY, "nobody")
    with pytest.raises(NotFound):
        await database.write(clients.update, BY, Client(client_id="nobody", name="N"))
