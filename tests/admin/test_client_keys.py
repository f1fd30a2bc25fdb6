"""Clients that authenticate by signed assertions: their keys, and secrets that can be read."""

from typing import Any

import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import settings
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.client_rules import NEW
from gatewright.admin.client_rules import read_client
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.client_assertion import seal_context
from gatewright.store import changes
from gatewright.store import clients as store
from gatewright.store.database import Database
from tests.admin.support import BY
from tests.admin.support import NOW
from tests.running.signing import TestKey

KEY = TestKey("ES256")
SEALER = Sealer(b"\x07" * 32)
SEALING = By(Actor("admin"), NOW, lambda: SEALER)
SIGNS = {"name": "Signer", "allowed_grants": ["client_credentials"], "client_authentication": ["private_key_jwt"]}
READABLE = {**SIGNS, "client_authentication": ["client_secret_jwt"]}


async def create(database: Database, by: By = SEALING, **values: Any) -> clients.SavedClient:
    return await database.write(clients.create, by, read_client(values, NEW))


async def change(database: Database, client_id: str, **values: Any) -> clients.SavedClient:
    present = await database.read(clients.find, client_id)
    return await database.write(clients.update, SEALING, read_client(values, present))


async def secrets_of(database: Database, client_id: str) -> list[Any]:
    return list(await database.read(store.secrets, client_id))


def refused(**values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read_client({**SIGNS, **values}, NEW)
    return {error.field: error.message for error in caught.value.errors}


async def test_a_client_that_signs_with_its_key_has_no_secret(database: Database) -> None:
    saved = await create(database, **SIGNS, jwks=KEY.jwks())
    assert saved.secret is None
    assert await secrets_of(database, saved.client.client_id) == []
    with pytest.raises(Invalid, match="no secret"):
        await database.write(clients.new_secret, SEALING, saved.client.client_id)


async def test_keys_may_be_given_as_json_text(database: Database) -> None:
    text = msgspec.json.encode(KEY.jwks()).decode()
    saved = await create(database, **SIGNS, jwks=text)
    assert saved.client.jwks == KEY.jwks()
    assert (
        await change(database, saved.client.client_id, jwks="", jwks_uri="https://keys.example/")
    ).client.jwks is None


def test_a_client_that_signs_needs_keys_in_one_place() -> None:
    assert "needs public keys" in refused()["jwks_uri"]
    assert "not both" in refused(jwks=KEY.jwks(), jwks_uri="https://keys.example/")["jwks_uri"]


@pytest.mark.parametrize(
    "jwks",
    [7, "not json", "[]", {"keys": []}, {"keys": {}}, {"keys": [7]}, {"keys": [{}]}, {"keys": [{"kty": "oct", "k": "AA"}]},
     {"keys": [{**KEY.jwk(), "d": "AA"}]}, {"keys": [KEY.jwk(use="enc")]}, {"keys": [KEY.jwk()] * 101}],
)  # fmt: skip
def test_only_public_keys_that_can_verify_are_registered(jwks: Any) -> None:
    assert "jwks" in refused(jwks=jwks)


@pytest.mark.parametrize(
    "url",
    ["ftp://keys.example/", "keys.example", "https://", "https://a@keys.example/", "https://keys.example/#x",
     "https://keys.example:0x/", "https://[", "javascript:alert(1)", "https://keys.example/" + "x" * 2000, 7],
)  # fmt: skip
def test_an_address_of_keys_is_an_https_address(url: Any) -> None:
    assert "jwks_uri" in refused(jwks_uri=url)


async def test_plain_http_is_for_hosts_that_are_listed(database: Database) -> None:
    with pytest.raises(Invalid, match="https"):
        await create(database, **SIGNS, jwks_uri="http://keys.internal/jwks")
    listed = GlobalSettings(fetch_private_hosts=("keys.internal",))
    await database.write(settings.change, BY, listed)
    assert (await create(database, **SIGNS, jwks_uri="http://keys.internal/jwks")).client.jwks_uri


def test_the_signing_algorithm_belongs_to_a_method_of_the_client() -> None:
    assert (
        "not known"
        in refused(jwks=KEY.jwks(), token_endpoint_auth_signing_alg="none")["token_endpoint_auth_signing_alg"]
    )
    found = refused(jwks=KEY.jwks(), token_endpoint_auth_signing_alg="HS256")
    assert "client_secret_jwt" in found["token_endpoint_auth_signing_alg"]
    assert read_client({**SIGNS, "jwks": KEY.jwks(), "token_endpoint_auth_signing_alg": "PS256"}, NEW)


def test_a_public_client_signs_nothing() -> None:
    assert "client_authentication" in refused(type="public", jwks=KEY.jwks())


async def test_a_secret_that_must_be_read_is_kept_sealed_and_only_then(database: Database) -> None:
    saved = await create(database, **READABLE)
    (kept,) = await secrets_of(database, saved.client.client_id)
    assert saved.secret is not None
    assert saved.secret.encode() not in kept.sealed
    assert SEALER.open(kept.sealed, seal_context(saved.client.client_id)) == saved.secret.encode()
    plain = await create(database, name="Plain", allowed_grants=["client_credentials"])
    assert [each.sealed for each in await secrets_of(database, plain.client.client_id)] == [None]


async def test_a_client_that_comes_to_need_a_readable_secret_gets_one_beside_the_old(database: Database) -> None:
    saved = await create(database, name="Plain", allowed_grants=["client_credentials"])
    client_id = saved.client.client_id
    changed = await change(database, client_id, client_authentication=["client_secret_basic", "client_secret_jwt"])
    assert changed.secret is not None
    assert [each.sealed is not None for each in await secrets_of(database, client_id)] == [True, False]
    back = await change(database, client_id, client_authentication=["client_secret_basic"])
    assert back.secret is None
    assert [each.sealed for each in await secrets_of(database, client_id)] == [None, None]


async def test_a_client_that_needs_no_secret_any_more_loses_it(database: Database) -> None:
    saved = await create(database, name="Plain", allowed_grants=["client_credentials"])
    client_id = saved.client.client_id
    await change(database, client_id, client_authentication=["private_key_jwt"], jwks=KEY.jwks())
    assert await secrets_of(database, client_id) == []
    again = await change(database, client_id, client_authentication=["client_secret_basic"])
    assert again.secret is not None


async def test_a_chosen_secret_cannot_be_read_and_so_will_not_do(database: Database) -> None:
    new = read_client(READABLE, NEW)
    with pytest.raises(Invalid, match="client_secret_jwt needs a secret that the server makes"):
        await database.write(clients.create, SEALING, new, secret_hash="$argon2id$x")


async def test_without_the_master_key_no_readable_secret_is_made(database: Database) -> None:
    with pytest.raises(GatewrightError, match="master key"):
        await create(database, By(Actor("admin"), NOW), **READABLE)


async def test_the_audit_log_holds_no_secret(database: Database) -> None:
    saved = await create(database, **READABLE)
    written = msgspec.json.encode(await database.read(changes.audit_page)).decode()
    assert saved.secret is not None
    assert saved.secret not in written
    assert "sealed" not in written
