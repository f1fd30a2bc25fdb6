"""Home: how the server does, and what needs somebody."""

import re
from html import unescape

from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store.records import ClientSecret
from gatewright.store.sqlite import SqliteDatabase
from tests.console.conftest import Console
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site

DAY = 86_400


def section(page: str, name: str) -> str:
    found = re.search(rf'aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[0]))) if found else ""


async def test_a_new_server_leads_to_the_first_secured_call(console: Console) -> None:
    page = await console.text("/")
    assert "From nothing to a secured call" in section(page, "first")
    assert section(page, "day") == ""


async def test_a_store_that_cannot_be_written_is_told(site: Site, console: Console) -> None:
    assert "to be kept" not in section(await console.text("/"), "attention")
    database = site.parts.database
    assert isinstance(database, SqliteDatabase)
    database._connection.execute("PRAGMA query_only=ON")
    assert (await site.token(grant_type="client_credentials")).status_code == 503
    attention = section(await console.text("/"), "attention")
    assert "The database does not work now (attempt to write a readonly database)" in attention
    assert "Requests that need to be kept are refused" in attention


async def test_requests_refusals_and_tokens_of_the_day_are_told(site: Site, console: Console) -> None:
    await site.access_token()
    await site.access_token()
    await site.token(grant_type="nonsense")
    await site.call("/invoke/orders/whoami", await site.access_token())
    await site.parts.reporter.flush()
    day = section(await console.text("/"), "day")
    assert "Requests to the authorization server 4, 1 refused or failed" in day
    assert "Calls of services 1" in day
    assert "client_credentials 3" in day
    assert "unsupported_grant_type 1" in day


async def test_a_chart_can_be_read_as_a_table(site: Site, console: Console) -> None:
    await site.access_token()
    await site.parts.reporter.flush()
    page = await console.text("/")
    assert re.search(r'<th scope="row">08:00 UTC</th><td>1</td><td>0</td>', page), page


async def test_what_is_older_than_a_day_is_not_told(site: Site, console: Console) -> None:
    await site.access_token()
    await site.parts.reporter.flush()
    site.clock.forward(DAY + 3600)
    await site.sign_in("admin", console.http)
    assert "Requests to the authorization server 0" in section(await console.text("/"), "day")


async def test_clients_that_got_no_token_for_90_days_are_named(site: Site, console: Console) -> None:
    await site.change_settings(session_lifetime=10**7)
    await site.sign_in("admin", console.http)
    await site.access_token()
    await site.parts.reporter.flush()
    unused = section(await console.text("/"), "unused")
    assert "Rival" in unused
    assert "Never; registered" in unused
    assert "Ledger" not in unused
    site.clock.forward(91 * DAY)
    await site.sign_in("admin", console.http)
    assert "Ledger" in section(await console.text("/"), "unused")


async def test_a_client_is_seen_once_a_day(site: Site) -> None:
    await site.access_token()
    await site.access_token()
    assert site.parts.activity.take_seen() == {seed.LEDGER: NOW}
    await site.access_token()
    assert site.parts.activity.take_seen() == {}
    site.clock.forward(DAY)
    await site.access_token()
    assert site.parts.activity.take_seen() == {seed.LEDGER: NOW + DAY}


async def test_an_older_use_does_not_hide_a_newer_one(site: Site) -> None:
    """Two processes hand over in any order."""
    database = site.parts.database
    await database.write(client_use.saw, {seed.LEDGER: NOW, "nobody": NOW})
    await database.write(client_use.saw, {seed.LEDGER: NOW - 5})
    assert dict(await database.read(client_use.unused_since, NOW + 1, 100))[seed.LEDGER] == NOW


async def test_secrets_about_to_end_and_the_doctors_findings_have_their_links(site: Site, console: Console) -> None:
    secret = ClientSecret(
        id="soon", client_id=seed.LEDGER, digest=b"x", hash=None, created_at=NOW, expires_at=NOW + 3 * DAY
    )
    await site.parts.database.write(clients.add_secret, secret, NOW + 10**8, NOW)
    await site.change_settings(require_https="never")
    page = await console.text("/")
    attention = section(page, "attention")
    assert "A secret of Ledger (1.0) ends in 3 days." in attention
    assert "RFC 9700" in attention
    assert "/console/oauth/clients/secret?client_id=ledger" in page
    assert "/console/oauth/settings" in page
