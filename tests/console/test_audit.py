"""The audit log's page."""

import datetime
import json
import re
from html import unescape

from gatewright.kernel.secrets import CLIENT_SECRET
from tests.console.conftest import Console
from tests.running import seed
from tests.running.site import Site


def table(page: str) -> list[str]:
    """The rows of the log, as text."""
    return _rows(page.partition('id="sums"')[0])


def sums(page: str) -> list[str]:
    """The rows of the days, as text."""
    return _rows(page.partition('id="sums"')[2])


def _rows(page: str) -> list[str]:
    found = re.findall(r'<tr>\s*<td class="is-name">.*?</tr>', page, re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", row))).strip() for row in found]


async def test_a_change_is_shown_with_what_it_was_before_and_after(console: Console) -> None:
    await console.submit("/oauth/scopes/edit?scope=customers", description="All customers")
    row = table(await console.text("/audit"))[0]
    assert "admin" in row
    assert "scope.update" in row
    assert "Look up customers" in row
    assert "All customers" in row


async def test_the_log_is_narrowed_by_who_what_which_and_when(site: Site, console: Console) -> None:
    await console.submit("/oauth/scopes/edit?scope=customers", description="One")
    site.clock.forward(3 * 86_400)
    await site.change_settings(session_lifetime=10**6)
    await site.sign_in("admin", console.http)
    await console.submit("/oauth/scopes/edit?scope=orders", description="Two")
    for query, count in (
        ("?action=scope.", 2), ("?target=customers", 1), ("?actor=nobody", 0), ("?action=client.", 0),
        ("?action=scope.&since=2027-01-17", 1), ("?action=scope.&until=2027-01-16", 1), ("?since=nonsense&action=scope.", 2),
    ):  # fmt: skip
        assert len(table(await console.text(f"/audit{query}"))) == count, query


async def test_pages_follow_each_other_without_a_gap(console: Console) -> None:
    for n in range(60):
        await console.submit("/oauth/scopes/edit?scope=customers", description=f"Number {n}")
    first = await console.text("/audit?action=scope.")
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = (await console.http.get(unescape(following[1]))).text
    assert len(table(first)) == 50
    assert len(table(first)) + len(table(second)) == 60
    assert "Number 9" in table(second)[0]


async def test_no_secret_is_in_the_log(console: Console) -> None:
    page = await console.submit(f"/oauth/clients/secret?client_id={seed.LEDGER}", keep="0")
    made = re.search(rf"{CLIENT_SECRET}\w+", page.text)
    assert made
    assert made[0] not in await console.text("/audit")
    assert made[0] not in (await console.get("/audit/export")).text


async def test_the_export_is_one_json_object_a_line(console: Console) -> None:
    await console.submit("/oauth/scopes/edit?scope=customers", description="Ümlaut")
    await console.submit("/oauth/scopes/edit?scope=orders", description="Two")
    answer = await console.get("/audit/export?action=scope.&target=customers")
    (row,) = [json.loads(line) for line in answer.text.splitlines()]
    assert row["target"] == "customers"
    assert row["after"]["description"] == "Ümlaut"
    assert "attachment" in answer.headers["content-disposition"]


async def test_consents_are_in_the_log(site: Site, console: Console) -> None:
    await site.sign_in("ada")
    await site.decide("approve", scope="orders")
    await site.decide("deny", scope="orders")
    rows = table(await console.text("/audit?action=consent."))
    assert len(rows) == 2
    assert "consent.refuse" in rows[0]
    assert "consent.give" in rows[1]
    assert "Ledger" in rows[1]
    assert "orders" in rows[1]


async def test_issued_and_refused_tokens_are_told_in_sum(site: Site, console: Console) -> None:
    await site.access_token()
    await site.token(grant_type="nonsense")
    await site.parts.reporter.flush()
    page = await console.text("/audit")
    assert "client_credentials 1" in page
    assert "unsupported_grant_type 1" in page


async def test_the_days_are_summed_up_and_narrowed_by_date(site: Site, console: Console) -> None:
    await site.access_token()
    await console.http.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "nobody"})
    await site.parts.reporter.flush()
    (day,) = sums(await console.text("/audit"))
    first = datetime.datetime.fromtimestamp(site.clock(), datetime.UTC).date()
    assert day == f"{first} 1 0 1 client_credentials 1 1 invalid_client 1"
    await site.change_settings(session_lifetime=10**6)
    await site.sign_in("admin", console.http)
    site.clock.forward(2 * 86_400)
    await site.access_token()
    await site.parts.reporter.flush()
    later = first + datetime.timedelta(days=2)
    assert [each.split()[0] for each in sums(await console.text("/audit"))] == [str(later), str(first)]
    assert [each.split()[0] for each in sums(await console.text(f"/audit?since={later}"))] == [str(later)]
    assert [each.split()[0] for each in sums(await console.text(f"/audit?until={first}"))] == [str(first)]
    assert "Nothing happened on these days." in await console.text("/audit?since=2100-01-01")
