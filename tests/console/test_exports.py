import io
import zipfile

from tests.running import seed


async def test_examples_show_how_a_client_calls_what_it_may(console):
    page = await console.text(f"/oauth/clients/examples?client_id={seed.LEDGER}")
    assert "OAuth2Session(" in page
    assert "GET /shop/orders/{number}" in page
    assert "CLIENT_SECRET" in page
    assert seed.SECRETS[seed.LEDGER] not in page


async def test_examples_of_a_service_call_that_service(console):
    page = await console.text(f"/oauth/clients/examples?client_id={seed.LEDGER}&service=customers:find")
    assert "/invoke/customers/find" in page


async def test_a_client_that_may_call_nothing_is_led_to_its_scopes(console):
    await console.site.save_acl("open")
    page = await console.text(f"/oauth/clients/examples?client_id={seed.LONELY}")
    assert f'href="/console/oauth/associations?client={seed.LONELY}"' in page


async def test_a_bruno_collection_is_a_zip_of_one_folder(console):
    answer = await console.get(f"/oauth/clients/bruno?client_id={seed.LEDGER}")
    assert answer.headers["content-disposition"] == 'attachment; filename="Ledger-1.0-bruno.zip"'
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert "Ledger-1.0-bruno/bruno.json" in names
    assert all(name.startswith("Ledger-1.0-bruno/") for name in names)


async def test_an_export_of_a_client_that_is_not_there_is_not_found(console):
    for path in ("postman", "bruno", "examples"):
        assert (await console.get(f"/oauth/clients/{path}?client_id=nobody")).status_code == 404
