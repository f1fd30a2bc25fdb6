"""The packages in `examples/`: they load, their own tests pass, and they answer over HTTP to whoever has a token for them."""

import hmac
import shutil
import time
from pathlib import Path

import pytest
import pytest_asyncio

from gatewright.admin import connections
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.connections import NEW
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.connections import Secrets
from gatewright.services.loader import Loader
from gatewright.services.testing import files_of
from gatewright.services.testing import run_tests
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.records import Scope
from tests.running import seed
from tests.running.site import Site
from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "seeded", "site"]
ROOT = Path(__file__).resolve().parents[2] / "examples"
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/package.yaml"))
ROOT_USER = Caller(kind="user", subject="root", groups=frozenset(["Administrators"]))
CSV = "sku;name;price\nTEA-1;Green tea;4.50\n;No number;1\nTEA-2;Black tea;3\n"


@pytest.fixture(scope="module")
def examples() -> Catalogue:
    return Loader(ROOT).load()


@pytest_asyncio.fixture
async def running(site: Site) -> Site:
    """A server with the examples, a database for Imports, and a scope for its URL template alone."""
    shutil.copytree(ROOT, site.parts.packages_folder, dirs_exist_ok=True)
    await site.parts.watcher.refresh()
    database, now = site.parts.database, site.clock()
    by = By(Actor("root"), now, lambda: site.parts.sealer)
    products = connections.read_connection({"name": "products", "kind": "sql", "url": "sqlite:products.db"}, NEW)
    await database.write(connections.create, by, products, Secrets())
    scope = Scope(name="imports", url_templates=("POST /imports/products",))
    await database.write(scopes.insert, scope, now)
    await database.write(clients.set_scopes, seed.LEDGER, ["imports", "orders"], now)
    return site


def test_there_are_at_least_six_and_each_has_tests_templates_and_a_description(examples: Catalogue) -> None:
    assert len(PACKAGES) >= 6
    assert list(map(str, examples.problems())) == []
    for name in PACKAGES:
        assert files_of(ROOT, name), name
        assert examples.packages[name].templates, name
        assert (ROOT / name / "README.md").is_file(), name
        assert all(service.title and service.description for service in examples.packages[name].services), name


@pytest.mark.parametrize("name", PACKAGES)
async def test_its_own_tests_pass(examples: Catalogue, name: str) -> None:
    results = [result async for result in run_tests(ROOT, examples, name)]
    assert results
    assert [(result.name, result.problems) for result in results if not result.passed] == []


async def test_a_file_is_imported_over_http_by_a_token_for_the_template_and_by_no_other(running: Site) -> None:
    made = await running.parts.runtime.invoke(
        running.parts.catalogue,
        "pub.sql:execute",
        {"connection": "products", "statement": "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price REAL)"},
        caller=ROOT_USER,
    )
    assert made == {"count": 0}
    token = await running.access_token(scope="imports")
    file = {"file": ("products.csv", CSV.encode(), "text/csv")}
    answer = await running.call("/imports/products", token, method="POST", files=file)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"imported": 2, "rejected": [{"line": 3, "reason": "sku is missing or not like TEA-1"}]}
    kept = await running.parts.runtime.invoke(
        running.parts.catalogue,
        "pub.sql:query",
        {"connection": "products", "statement": "SELECT sku, price FROM products ORDER BY sku"},
        caller=ROOT_USER,
    )
    assert kept == [{"sku": "TEA-1", "price": 4.5}, {"sku": "TEA-2", "price": 3.0}]
    assert (await running.call("/imports/products", method="POST", files=file)).status_code == 401
    other = await running.access_token(scope="orders")
    assert (await running.call("/imports/products", other, method="POST", files=file)).status_code == 403


async def test_a_flow_that_asks_for_the_whole_request_takes_xml_and_verifies_the_bodys_very_text(
    running: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = Scope(name="partners", services=("partners:order", "payments:receive"))
    await running.parts.database.write(scopes.insert, scope, running.clock())
    await running.parts.database.write(clients.set_scopes, seed.LEDGER, ["partners"], running.clock())
    token = await running.access_token(scope="partners")
    order = '<Order number="P-77"><Lines><Line sku="TEA-1">2</Line></Lines></Order>'
    xml = {"content-type": "application/xml"}
    answer = await running.call("/partners/orders", token, method="POST", content=order, headers=xml)
    assert (answer.status_code, answer.json()["lines"]) == (201, 1)
    monkeypatch.setenv("GATEWRIGHT_SECRET_PAYMENTS_WEBHOOK", "whsec")
    body, moment = '{ "id":"evt_1",  "type":"paid" }', str(int(time.time()))
    code = hmac.digest(b"whsec", f"{moment}.{body}".encode(), "sha256").hex()
    signed = {"content-type": "application/json", "x-timestamp": moment, "x-signature": f"sha256={code}"}
    answers = [
        await running.call("/webhooks/payments", token, method="POST", content=text, headers=signed)
        for text in (body, body, body.replace("  ", " "))
    ]
    assert [answer.status_code for answer in answers] == [202, 200, 401]
