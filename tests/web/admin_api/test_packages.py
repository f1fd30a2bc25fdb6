import base64
import io
import zipfile
from pathlib import Path

import pytest

from gatewright.admin import audit
from gatewright.services.scaffold import new_package
from tests.running import seed
from tests.running.site import Site
from tests.web.admin_api.conftest import Ask


@pytest.fixture(autouse=True)
async def _files(site: Site) -> None:
    seed.write_package(site.parts.workspace)
    await site.parts.watcher.refresh()


def zipped(folder: Path) -> str:
    new_package(folder, "Bills")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((folder / "Bills").rglob("*")):
            archive.write(path, path.relative_to(folder))
    return base64.b64encode(file.getvalue()).decode()


async def test_packages_and_services_are_listed_with_their_routes(ask: Ask) -> None:
    (package,) = (await ask("GET", "/packages")).json()["items"]
    assert (package["name"], package["version"], package["enabled"], package["problems"]) == ("Shop", "1.0.0", True, [])
    services = {each["name"]: each for each in (await ask("GET", "/services")).json()["items"]}
    assert services["orders:get"]["url_templates"] == ["GET /shop/orders/{number}"]
    assert (await ask("GET", "/services/orders:get")).json() == services["orders:get"]
    assert (await ask("GET", "/packages/Nope")).status_code == 404


async def test_a_service_is_put_out_of_use_and_into_use_again(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    line = (await ask("PATCH", "/services/orders:get", {"enabled": False})).json()
    assert (line["enabled"], line["active"]) == (False, False)
    assert (await site.call("/shop/orders/7", token)).status_code == 503
    assert (await ask("PATCH", "/services/orders:get", {"enabled": True})).json()["active"] is True
    assert (await site.call("/shop/orders/7", token)).status_code == 200
    rows = await site.parts.database.read(audit.page)
    assert [row.action for row in rows[:2]] == ["service.enable", "service.disable"]


async def test_a_package_is_put_out_of_use_whole(site: Site, ask: Ask) -> None:
    assert (await ask("PATCH", "/packages/Shop", {"enabled": False})).json()["enabled"] is False
    services = (await ask("GET", "/services")).json()["items"]
    assert {(each["enabled"], each["active"]) for each in services} == {(True, False)}


async def test_a_package_is_installed_and_removed(site: Site, ask: Ask, tmp_path: Path) -> None:
    made = await ask("POST", "/packages", {"zip": zipped(tmp_path / "outside")})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/admin/v1/packages/Bills"
    assert made.json() == {"name": "Bills", "version": "0.1.0", "before": None, "findings": []}
    assert (await ask("GET", "/services/bills:hello")).json()["active"] is True
    assert (await ask("DELETE", "/packages/Bills")).status_code == 204
    assert (await ask("GET", "/packages/Bills")).status_code == 404


@pytest.mark.parametrize("archive", ["", "bm8gemlwIGZpbGU=", "?"])
async def test_what_is_no_package_is_refused_with_a_sentence(ask: Ask, archive: str) -> None:
    answer = await ask("POST", "/packages", {"zip": archive})
    assert answer.status_code in (400, 422)
    assert answer.json()["title"]


async def test_counts_and_failing_runs_are_told(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    await site.call("/shop/orders/7", token)
    failed = await site.call("/invoke/orders/greet", token, method="POST", json={"name": 5})
    await site.parts.reporter.flush()
    counted = {each["name"]: each for each in (await ask("GET", "/activity")).json()["items"]}
    assert (counted["orders:get"]["count"], counted["orders:get"]["failed"]) == (1, 0)
    assert counted["orders:greet"]["errors"] == {str(failed.status_code): 1}
    series = (await ask("GET", "/activity/series?name=orders:get&seconds=300")).json()["items"]
    assert sum(each["count"] for each in series) == 1
    (run,) = (await ask("GET", "/failing_runs?service=orders:greet")).json()["items"]
    assert (run["request"], run["client_id"]) == (failed.headers["x-request-id"], seed.RIVAL)
    assert (await ask("GET", f"/failing_runs/{run['id']}")).json() == run
    assert (await ask("GET", "/failing_runs/none")).status_code == 404
