"""Installing a package from the browser, and putting packages and services out of use."""

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from gatewright.admin import audit
from gatewright.services.scaffold import new_package
from tests.console.conftest import Console
from tests.console.conftest import summary

INSTALL = "/console/packages/install"


def zipped(folder: Path, name: str = "Bills") -> bytes:
    new_package(folder, name)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((folder / name).rglob("*")):
            archive.write(path, path.relative_to(folder))
    return file.getvalue()


async def upload(console: Console, content: bytes, **fields: str) -> httpx.Response:
    page = await console.text("/packages/install")
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    files = {"package": ("bills.zip", content, "application/zip")}
    return await console.http.post(INSTALL, data={"csrf": csrf, **fields}, files=files)


async def test_a_zip_file_is_installed_and_in_force_at_once(console: Console, tmp_path: Path) -> None:
    answer = await upload(console, zipped(tmp_path / "outside"))
    assert await console.flash(answer) == "Installed Bills 0.1.0. In force from the next call on."
    assert console.site.parts.catalogue.services["bills:hello"].enabled
    rows = await console.site.parts.database.read(audit.page)
    assert (rows[0].action, rows[0].actor, rows[0].target) == ("package.install", "admin", "Bills")


async def test_a_package_that_cannot_be_used_is_refused_with_what_is_wrong_unless_told_otherwise(
    console: Console, tmp_path: Path
) -> None:
    zipped(tmp_path / "outside")
    (tmp_path / "outside/Bills/services/bills/words.py").write_text("import nothing_such\n")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in (tmp_path / "outside/Bills").rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path / "outside"))
    refused = await upload(console, file.getvalue())
    assert refused.status_code == 422
    assert "Bills 0.1.0 cannot be used as it stands" in summary(refused.text)
    assert "No module named &#39;nothing_such&#39;" in refused.text
    assert "Bills" not in console.site.parts.catalogue.packages
    assert (await upload(console, file.getvalue(), force="true")).status_code == 303


@pytest.mark.parametrize("content", [b"", b"this is no zip file"])
async def test_what_is_no_package_is_refused_on_the_form(console: Console, content: bytes) -> None:
    answer = await upload(console, content)
    assert answer.status_code == 422
    assert "Not installed" in summary(answer.text)


async def test_a_form_without_its_token_installs_nothing(console: Console, tmp_path: Path) -> None:
    files = {"package": ("bills.zip", zipped(tmp_path / "outside"), "application/zip")}
    answer = await console.http.post(INSTALL, data={"csrf": "wrong"}, files=files)
    assert answer.status_code == 403
    assert not (console.site.parts.packages_folder / "Bills").exists()


async def test_installing_asks_for_proof_when_the_sign_in_was_long_ago(console: Console) -> None:
    await console.site.change_settings(reauthentication_age=60)
    console.site.clock.now += 3600
    page = await console.get("/packages/install")
    assert 'name="proof_password"' in page.text
    assert 'type="file"' not in page.text


async def test_a_disabled_service_answers_503_until_it_is_enabled(console: Console) -> None:
    token = await console.site.access_token()
    answer = await console.submit("/packages/disable?target=orders:get")
    assert await console.flash(answer) == "orders:get disabled. Calls of it are answered with 503."
    assert (await console.site.call("/shop/orders/7", token)).status_code == 503
    assert "Enable" in await console.text("/services?name=orders:get")
    await console.submit("/packages/enable?target=orders:get")
    assert (await console.site.call("/shop/orders/7", token)).status_code == 200


async def test_a_disabled_package_is_shown_as_such_and_none_of_it_answers(console: Console) -> None:
    token = await console.site.access_token()
    await console.submit("/packages/disable?target=Shop")
    assert "the package is disabled by an administrator" in await console.text("/packages")
    assert (await console.site.call("/invoke/orders/place?item=pen", token)).status_code == 503
    await console.submit("/packages/enable?target=Shop")
    assert (await console.site.call("/invoke/orders/place?item=pen", token)).status_code == 200


async def test_a_removed_package_is_gone(console: Console) -> None:
    answer = await console.submit("/packages/remove?package=Shop")
    assert await console.flash(answer) == "Package Shop removed."
    assert "Shop" not in console.site.parts.catalogue.packages
    assert (await console.get("/packages/remove?package=Shop")).status_code == 404


@pytest.mark.parametrize("path", ["/packages/disable?target=orders:gone", "/packages/disable", "/packages/remove"])
async def test_what_is_not_there_is_not_asked_about(console: Console, path: str) -> None:
    assert (await console.get(path)).status_code == 404
