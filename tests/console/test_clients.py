import re
from html import unescape

import pytest

from gatewright.store import clients
from gatewright.store.records import Client
from tests.console.conftest import errors
from tests.console.conftest import summary
from tests.running import seed

NEW = "/oauth/clients/new"
LEDGER = f"/oauth/clients/edit?client_id={seed.LEDGER}"
GOOD = {
    "name": "Postman",
    "version": "2.1",
    "description": "Manual testing",
    "redirect_uris": "https://oauth.pstmn.io/v1/callback\r\n\r\nhttps://oauth.pstmn.io/v1/browser-callback",
    "allowed_grants": ["authorization_code", "client_credentials"],
    "require_pkce": "true",
    "access_token_lifetime": "seconds",
    "access_token_lifetime_seconds": "900",
    "refresh_limit": "unlimited",
}


def credential(page, name):
    return re.search(rf'<code id="{name}">(.*?)</code>', page)[1]


async def test_registered_client_is_kept_as_the_form_says(console):
    answer = await console.submit(NEW, **GOOD)
    client_id = credential(answer.text, "client-id")
    kept = await console.site.parts.database.read(clients.find, client_id)
    assert (kept.name, kept.version, kept.type, kept.description) == (
        "Postman",
        "2.1",
        "confidential",
        "Manual testing",
    )
    assert kept.redirect_uris == ("https://oauth.pstmn.io/v1/callback", "https://oauth.pstmn.io/v1/browser-callback")
    assert kept.allowed_grants == ("authorization_code", "client_credentials")
    assert (kept.require_pkce, kept.access_token_lifetime, kept.refresh_limit) == (True, 900, "unlimited")


async def test_limits_of_calls_are_chosen_in_the_form(console):
    limits = {"rate_limit": "limited", "rate_limit_requests": "60", "daily_quota": "limited"}
    refused = await console.submit(NEW, **{**GOOD, **limits, "daily_quota_requests": "0"})
    assert "whole number, 1 or more" in refused.text
    answer = await console.submit(NEW, **{**GOOD, **limits, "daily_quota_requests": "5000"})
    kept = await console.site.parts.database.read(clients.find, credential(answer.text, "client-id"))
    assert (kept.rate_limit, kept.daily_quota) == (60, 5000)
    page = await console.text(f"/oauth/clients/edit?client_id={kept.client_id}")
    assert 'name="rate_limit_requests" value="60"' in page


async def test_device_and_pushed_requests_are_chosen_in_the_form(console):
    form = {"name": "Television", "version": "1.0", "type": "public", "allowed_grants": ["device_code"]}
    answer = await console.submit(NEW, **form, require_pushed_authorization_requests="true")
    kept = await console.site.parts.database.read(clients.find, credential(answer.text, "client-id"))
    assert (kept.allowed_grants, kept.require_pushed_authorization_requests) == (("device_code",), True)


async def test_secret_is_shown_once_and_works(console):
    answer = await console.submit(NEW, **GOOD)
    client_id, secret = credential(answer.text, "client-id"), credential(answer.text, "client-secret")
    await console.site.associate(client_id, "orders")
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    assert (await console.site.http.post("/oauth/token", data=form)).status_code == 200
    assert secret not in await console.text(f"/oauth/clients/edit?client_id={client_id}")


async def test_credentials_page_may_not_be_kept_by_the_browser(console):
    answer = await console.submit(NEW, **GOOD)
    assert answer.headers["cache-control"] == "no-store"


async def test_new_form_has_the_defaults(console):
    page = await console.text(NEW)
    assert re.search(r'value="authorization_code" checked', page)
    assert not re.search(r'value="(implicit|client_credentials|password)" checked', page)
    assert re.search(r'value="confidential" checked', page)
    assert re.search(r'name="refresh_limit_count" value="0"', page)
    assert "Use OAuth Global Setting &lt; 3600 seconds &gt;" in page


async def test_form_tells_the_effective_default(console):
    await console.site.change_settings(access_token_lifetime="never", require_pkce=True)
    page = unescape(re.sub(r"<[^>]+>", "", await console.text(NEW)))
    assert "Use OAuth Global Setting < never expires >" in page
    assert "Use OAuth Global Setting < true >" in page


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("name", {"name": ""}, "Name is missing."),
        ("name", {"name": "a&b"}, "must not contain"),
        ("name", {"name": "Ledger", "version": "1.0"}, "Another client is named Ledger (1.0)"),
        ("version", {"version": " "}, "Version is missing."),
        ("redirect_uris", {"redirect_uris": ""}, "Authorization Code needs at least one redirect URI."),
        ("redirect_uris", {"redirect_uris": "https://a.example/#x"}, "#"),
        ("redirect_uris", {"redirect_uris": "no address"}, "no address"),
        ("allowed_grants", {"type": "public"}, "Client Credentials needs a confidential client"),
        ("access_token_lifetime", {"access_token_lifetime_seconds": "0"}, "whole number of seconds"),
        ("access_token_lifetime", {"access_token_lifetime_seconds": "soon"}, "whole number of seconds"),
        ("refresh_limit", {"refresh_limit": "limited", "refresh_limit_count": "-1"}, "whole number, 0 or more"),
        ("refresh_limit", {"refresh_limit": "limited", "refresh_limit_count": ""}, "whole number, 0 or more"),
    ],
)
async def test_refused_form_says_why_beside_the_field_and_keeps_what_was_typed(console, field, changes, sentence):
    typed = {**GOOD, **changes}
    answer = await console.submit(NEW, **typed)
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]
    assert sentence in summary(answer.text)
    assert f'value="{typed["version"]}"' in answer.text
    assert ">Manual testing</textarea>" in answer.text
    assert re.search(rf'value="{typed.get("type", "confidential")}" checked', answer.text)


async def test_every_wrong_field_is_told_at_once(console):
    answer = await console.submit(
        NEW, **{**GOOD, "name": "", "redirect_uris": "", "access_token_lifetime_seconds": "x"}
    )
    assert set(errors(answer.text)) == {"name", "redirect_uris", "access_token_lifetime"}
    assert "Not saved: 3 things need your attention" in summary(answer.text)


async def test_unknown_grant_is_refused(console):
    answer = await console.submit(NEW, **{**GOOD, "allowed_grants": ["everything"]})
    assert "is no grant" in errors(answer.text)["allowed_grants"]


async def test_text_from_people_is_shown_as_text(console):
    answer = await console.submit(NEW, **{**GOOD, "description": "<script>alert(1)</script>", "name": ""})
    assert "<script>alert" not in answer.text


async def test_changed_client_is_in_force_at_once(console):
    assert "saved" in await console.flash(await console.submit(LEDGER, allowed_grants=["authorization_code"]))
    assert (await console.site.token(grant_type="client_credentials")).json()["error"] == "unauthorized_client"


async def test_edit_shows_the_client_as_it_is(console):
    answer = await console.submit(LEDGER)
    assert answer.status_code == 303
    before = await console.site.parts.database.read(clients.find, seed.LEDGER)
    await console.flash(answer)
    assert await console.site.parts.database.read(clients.find, seed.LEDGER) == before


async def test_second_editor_is_told_instead_of_undoing_the_first(console):
    page = await console.text(LEDGER)
    await console.flash(await console.send(page, description="first"))
    second = await console.send(page, description="second")
    assert second.status_code == 409
    assert "changed meanwhile" in summary(second.text)
    assert ">second</textarea>" in second.text
    assert (await console.send(second.text, description="again")).status_code == 409
    kept = await console.site.parts.database.read(clients.find, seed.LEDGER)
    assert kept.description == "first"


async def test_client_that_becomes_confidential_gets_a_secret(console):
    answer = await console.submit(f"/oauth/clients/edit?client_id={seed.SPA}", type="confidential")
    assert credential(answer.text, "client-secret").startswith("gw_cs_")


async def test_client_that_becomes_public_loses_its_secrets(console):
    answer = await console.submit(LEDGER, type="public", allowed_grants=["authorization_code"])
    await console.flash(answer)
    assert await console.site.parts.database.read(clients.secrets, seed.LEDGER) == ()


async def test_old_secret_works_beside_the_new_for_the_chosen_time(console):
    path = f"/oauth/clients/secret?client_id={seed.LEDGER}"
    answer = await console.submit(path, keep="3600")
    made = credential(answer.text, "client-secret")
    assert "in 60 minutes" in answer.text
    form = {"grant_type": "client_credentials", "client_id": seed.LEDGER}
    for secret in (made, seed.SECRETS[seed.LEDGER]):
        assert (await console.site.http.post("/oauth/token", data={**form, "client_secret": secret})).status_code == 200
    console.site.clock.forward(3601)
    old = await console.site.http.post("/oauth/token", data={**form, "client_secret": seed.SECRETS[seed.LEDGER]})
    assert old.json()["error"] == "invalid_client"


async def test_leaked_secret_stops_at_once(console):
    await console.submit(f"/oauth/clients/secret?client_id={seed.LEDGER}", keep="0")
    assert (await console.site.token(grant_type="client_credentials")).status_code == 401


async def test_secret_of_a_public_client_is_refused(console):
    answer = await console.submit(f"/oauth/clients/secret?client_id={seed.SPA}")
    assert answer.status_code == 422
    assert "is public" in summary(answer.text)


async def test_secret_with_an_odd_overlap_is_refused(console):
    answer = await console.submit(f"/oauth/clients/secret?client_id={seed.LEDGER}", keep="forever")
    assert answer.status_code == 422


async def test_disabling_tells_how_many_tokens_stop_and_stops_them(console):
    token = await console.site.access_token()
    path = f"/oauth/clients/disable?client_id={seed.LEDGER}"
    assert "It has 1 live access token; it stops working" in await console.text(path)
    await console.flash(await console.submit(path))
    assert not await console.site.is_active(token)
    await console.flash(await console.submit(f"/oauth/clients/enable?client_id={seed.LEDGER}"))
    assert await console.site.is_active(token)


async def test_asking_changes_nothing(console):
    for action in ("disable", "delete"):
        await console.text(f"/oauth/clients/{action}?client_id={seed.LEDGER}")
    kept = await console.site.parts.database.read(clients.find, seed.LEDGER)
    assert kept.enabled


async def test_deleted_client_takes_its_tokens_along(console):
    token = await console.site.access_token()
    path = f"/oauth/clients/delete?client_id={seed.LEDGER}"
    assert seed.LEDGER in await console.text(path)
    assert "Ledger (1.0) deleted" in await console.flash(await console.submit(path))
    assert not await console.site.is_active(token)
    assert (await console.get(LEDGER)).status_code == 404


async def test_list_is_filtered_by_name_and_id(console):
    page = await console.text("/oauth/clients?q=led")
    assert "Ledger (1.0)" in page
    assert "Rival (1.0)" not in page
    assert "No client's name or ID contains “zzz”" in await console.text("/oauth/clients?q=zzz")


async def test_list_is_paged_without_losing_or_repeating_a_client(console):
    def insert(transaction):
        for number in range(120):
            clients.insert(transaction, clients.Client(client_id=f"many-{number:03}", name=f"Many {number:03}"))

    await console.site.parts.database.write(insert)
    seen, path = [], "/oauth/clients?q=many-"
    while path:
        page = await console.text(path)
        seen += re.findall(r"edit\?client_id=(many-\d+)\">Many", page)
        found = re.search(r'rel="next" href="/console([^"]+)"', page)
        path = unescape(found[1]) if found else ""
    assert seen == [f"many-{number:03}" for number in range(120)]


async def test_postman_collection_is_a_download(console):
    answer = await console.get(f"/oauth/clients/postman?client_id={seed.LEDGER}")
    assert answer.headers["content-disposition"] == 'attachment; filename="Ledger-1.0.postman_collection.json"'
    assert answer.json()["info"]["schema"].endswith("v2.1.0/collection.json")


@pytest.mark.parametrize("action", ["edit", "secret", "enable", "disable", "delete", "postman"])
async def test_client_that_is_not_there_is_not_found(console, action):
    answer = await console.get(f"/oauth/clients/{action}?client_id=nobody")
    assert answer.status_code == 404
    assert "There is no client with the client_id nobody" in answer.text


async def test_form_says_that_a_document_describes_the_client(console):
    described = Client(
        client_id="https://app.example/client", name="Notebook", type="public", described_by_document=True
    )
    await console.site.parts.database.write(clients.insert, described)
    page = await console.text("/oauth/clients/edit?client_id=https%3A%2F%2Fapp.example%2Fclient")
    assert "the document at its ID describes it" in page
    saved = await console.submit(
        "/oauth/clients/edit?client_id=https%3A%2F%2Fapp.example%2Fclient",
        redirect_uris="https://app.example/cb",
        access_token_lifetime="seconds",
        access_token_lifetime_seconds="60",
    )
    assert saved.status_code == 303
    assert "the document at its ID" not in await console.text("/oauth/clients/edit?client_id=ledger")
