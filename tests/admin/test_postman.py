from typing import Any

import msgspec
import pytest

from gatewright.admin import acls
from gatewright.admin import clients
from gatewright.admin import scopes
from gatewright.admin.postman import SCHEMA
from gatewright.admin.postman import collection
from gatewright.kernel.errors import NotFound
from gatewright.store.database import Database
from gatewright.store.records import Client
from gatewright.store.records import Scope
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import WEB

ISSUER = "http://localhost:5555"
POSTMAN = msgspec.structs.replace(
    WEB,
    redirect_uris=("https://app.example/cb", "https://oauth.pstmn.io/v1/callback"),
    allowed_grants=("authorization_code", "client_credentials", "password"),
    refresh_limit="unlimited",
)


async def _collection(database: Database, client: Client = POSTMAN, **scope: tuple[str, ...]) -> dict[str, Any]:
    await database.write(scopes.create, BY, Scope(name="S", **scope), CATALOGUE)
    await database.write(clients.create, BY, client, scopes=["S"])
    return await collection(database, client.client_id, ISSUER, CATALOGUE)


def _folder(made: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return next(folder["item"] for folder in made["item"] if folder["name"] == name)


def _values(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in pairs}


async def test_helper_is_filled_in_and_secrets_are_variables(database: Database) -> None:
    made = await _collection(database)
    assert made["info"]["schema"] == SCHEMA
    helper = _values(made["auth"]["oauth2"])
    assert helper["grant_type"] == "authorization_code"
    assert helper["authUrl"] == "{{baseUrl}}/oauth/authorize"
    assert helper["accessTokenUrl"] == "{{baseUrl}}/oauth/token"
    assert helper["redirect_uri"] == "https://oauth.pstmn.io/v1/callback"
    variables = _values(made["variable"])
    assert (variables["baseUrl"], variables["client_id"], variables["scope"]) == (ISSUER, "web", "S")
    assert variables["client_secret"] == variables["password"] == ""


async def test_each_grant_has_a_request_in_each_encoding(database: Database) -> None:
    made = await _collection(database)
    bodies = {
        folder["name"]: [item["request"]["body"]["mode"] for item in folder["item"]]
        for folder in _folder(made, "Tokens")
    }
    encodings = ["urlencoded", "formdata", "raw"]
    assert bodies == {
        "Authorization Code": encodings,
        "Resource Owner Password Credentials": encodings,
        "Refresh Token": encodings,
        "Client Credentials": encodings,
    }


async def test_refresh_requests_are_no_more_than_the_client_may_send(database: Database) -> None:
    made = await _collection(database, msgspec.structs.replace(POSTMAN, refresh_limit=1))
    (refresh,) = [folder for folder in _folder(made, "Tokens") if folder["name"] == "Refresh Token"]
    assert len(refresh["item"]) == 1


async def test_public_client_sends_its_id_and_uses_pkce(database: Database) -> None:
    public = msgspec.structs.replace(POSTMAN, type="public", allowed_grants=("authorization_code",))
    made = await _collection(database, public)
    assert _values(made["auth"]["oauth2"])["grant_type"] == "authorization_code_with_pkce"
    form = _folder(made, "Tokens")[0]["item"][0]["request"]
    assert form["auth"] == {"type": "noauth"}
    assert {"client_id", "code_verifier"} <= set(_values(form["body"]["urlencoded"]))


async def test_client_that_posts_its_secret_has_it_in_the_body(database: Database) -> None:
    posting = msgspec.structs.replace(POSTMAN, client_authentication=("client_secret_post",))
    form = _folder(await _collection(database, posting), "Tokens")[-1]["item"][0]["request"]
    assert form["auth"] == {"type": "noauth"}
    assert _values(form["body"]["urlencoded"])["client_secret"] == "{{client_secret}}"


async def test_services_are_those_that_the_scopes_open_with_a_sample(database: Database) -> None:
    made = await _collection(database, services=("orders:get",))
    by_name, by_template = _folder(made, "Services")
    assert by_name["request"]["url"]["raw"] == "{{baseUrl}}/invoke/orders/get"
    assert msgspec.json.decode(by_name["request"]["body"]["raw"]) == {"id": 7}
    assert (by_template["name"], by_template["request"]["method"]) == ("GET /orders/{id}", "GET")
    assert by_template["request"]["url"]["path"] == ["orders", ":id"]
    assert _values(by_template["request"]["url"]["variable"]) == {"id": "7"}


async def test_scope_that_lists_a_template_alone_gives_that_request_alone(database: Database) -> None:
    made = await _collection(database, url_templates=("GET /orders/{id}",))
    assert [item["name"] for item in _folder(made, "Services")] == ["GET /orders/{id}"]


async def test_service_that_its_acl_closes_to_the_client_is_left_out(database: Database) -> None:
    await database.write(acls.save, BY, "orders", ["Developers"], CATALOGUE)
    await database.write(acls.save, BY, "orders.eu", ["Everybody"], CATALOGUE)
    made = await _collection(database, folders=("orders",))
    assert [item["name"] for item in _folder(made, "Services")] == ["orders.eu:vat"]


async def test_every_request_tests_its_answer(database: Database) -> None:
    made = await _collection(database, folders=("orders",))
    requests = [item for folder in _folder(made, "Tokens") for item in folder["item"]] + _folder(made, "Services")
    assert len(requests) == 12 + 4
    assert all("pm.test(" in "\n".join(item["event"][0]["script"]["exec"]) for item in requests)


async def test_unknown_client_has_no_collection(database: Database) -> None:
    with pytest.raises(NotFound):
        await collection(database, "nobody", ISSUER, CATALOGUE)
