"""Trusted issuers and external authorization servers, in the store and in the directory's memory."""

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import external_servers
from gatewright.store import trusted_issuers
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from gatewright.store.external_servers import ExternalServer
from gatewright.store.trusted_issuers import TrustedIssuer
from tests.store.makers import NOW
from tests.store.makers import is_remembered

JWKS = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
ISSUER = TrustedIssuer(issuer="https://issuer.example", jwks=JWKS, scopes=("orders",))
SERVER = ExternalServer(
    name="Corporate",
    issuer="https://login.example",
    introspection_endpoint="https://login.example/introspect",
    sealed_secret=b"\x00sealed\xff",
    scope_mapping={"read": ("orders", "customers")},
    user_id="u1",
)


async def test_a_trusted_issuer_comes_back_as_it_was_kept(database: Database) -> None:
    await database.write(trusted_issuers.insert, ISSUER, NOW)
    assert await database.read(trusted_issuers.find, "https://issuer.example") == ISSUER
    assert await database.read(trusted_issuers.all_issuers) == (ISSUER,)
    assert await database.read(trusted_issuers.find, "https://issuer.example/") is None
    with pytest.raises(Conflict):
        await database.write(trusted_issuers.insert, ISSUER, NOW)


async def test_an_external_server_comes_back_with_its_sealed_secret(database: Database) -> None:
    await database.write(external_servers.insert, SERVER, NOW)
    assert await database.read(external_servers.find, "Corporate") == SERVER


async def test_an_update_of_a_former_revision_changes_nothing(database: Database) -> None:
    await database.write(trusted_issuers.insert, ISSUER, NOW)
    await database.write(external_servers.insert, SERVER, NOW)
    assert await database.write(trusted_issuers.update, ISSUER, NOW)
    assert not await database.write(trusted_issuers.update, ISSUER, NOW)
    assert await database.write(external_servers.update, SERVER, NOW)
    assert not await database.write(external_servers.update, SERVER, NOW)


async def test_the_directory_follows_every_change(database: Database) -> None:
    directory = Directory(database)
    assert await directory.trusted_issuers() == {}
    assert await directory.external_servers() == ()
    await database.write(trusted_issuers.insert, ISSUER, NOW)
    await database.write(external_servers.insert, SERVER, NOW)
    assert list(await directory.trusted_issuers()) == ["https://issuer.example"]
    assert await directory.external_servers() == (SERVER,)
    assert await is_remembered(directory.external_servers)
    assert await database.write(trusted_issuers.delete, "https://issuer.example", NOW)
    assert await database.write(external_servers.delete, "Corporate", NOW)
    assert await directory.trusted_issuers() == {}
    assert await directory.external_servers() == ()
