"""What requests leave in the counters, and `/metrics`."""

import re

import msgspec
import pytest

from gatewright.kernel.errors import Unavailable
from gatewright.store import activity
from gatewright.store import failing_runs
from gatewright.web.metrics_endpoint import TOKEN_VARIABLE
from tests.running.site import Site


async def counts(site: Site, kind: str) -> dict[str, tuple[int, dict[str, int]]]:
    await site.parts.reporter.flush()
    found = await site.parts.database.read(activity.ever, kind)
    return {name: (tally.count, dict(tally.errors)) for name, tally in found.items()}


async def test_token_requests_are_counted_by_address_grant_and_error(site: Site) -> None:
    await site.access_token()
    await site.token(grant_type="made_up")
    assert (await counts(site, "endpoint"))["/oauth/token"] == (2, {"400": 1})
    assert await counts(site, "grant") == {"client_credentials": (1, {})}
    assert await counts(site, "refusal") == {"unsupported_grant_type": (1, {})}


async def test_requests_to_the_authorization_page_and_their_refusals_are_counted(site: Site) -> None:
    await site.sign_in()
    await site.ask()
    await site.ask(client_id="nobody")
    requests, errors = (await counts(site, "endpoint"))["/oauth/authorize"]
    assert (requests, sum(errors.values())) == (2, 1)
    assert sum(count for count, _ in (await counts(site, "refusal")).values()) == 1


async def test_calls_of_services_are_counted_with_how_they_ended(site: Site) -> None:
    token = await site.access_token()
    await site.call("/invoke/orders/place?item=pen", token)
    await site.call("/invoke/orders/place?item=pen&amount=many", token)
    assert await counts(site, "service") == {"orders:place": (2, {"400": 1})}


async def test_a_refused_call_is_a_refusal_and_no_call(site: Site) -> None:
    await site.call("/invoke/orders/place?item=pen")
    await site.call("/invoke/orders/place?item=pen", "gw_at_wrong")
    assert await counts(site, "refusal") == {"no_token": (1, {}), "invalid_token": (1, {})}
    assert await counts(site, "service") == {}


async def test_metrics_tell_all_workers_counts_in_prometheus_text_format(site: Site) -> None:
    token = await site.access_token()
    for _ in range(3):
        await site.call("/shop/orders/7", token)
    await site.call("/shop/orders/7")
    answer = await site.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = dict(re.findall(r"^([^#]\S*) (\S+)$", answer.text, re.MULTILINE))
    assert found['gatewright_service_seconds_count{service="orders:get"}'] == "3.0"
    assert found['gatewright_service_seconds_bucket{le="+Inf",service="orders:get"}'] == "3.0"
    assert found['gatewright_tokens_issued_total{grant="client_credentials"}'] == "1.0"
    assert found['gatewright_refusals_total{error="no_token"}'] == "1.0"
    assert found['gatewright_endpoint_seconds_count{path="/oauth/token"}'] == "1.0"


async def test_metrics_buckets_are_cumulative(site: Site) -> None:
    for seconds in (0.0005, 0.003, 0.003, 500.0):
        site.parts.activity.add("service", "orders:get", "", seconds)
    text = (await site.http.get("/metrics")).text
    shown = re.findall(r'^gatewright_service_seconds_bucket\{le="([^"]+)".* (\S+)$', text, re.MULTILINE)
    assert [(le, float(count)) for le, count in shown if le in ("0.001024", "0.004096", "67.1089", "+Inf")] == [
        ("0.001024", 1), ("0.004096", 3), ("67.1089", 3), ("+Inf", 4),
    ]  # fmt: skip


async def test_without_a_token_of_its_own_metrics_are_for_this_machine_alone(site: Site) -> None:
    assert (await site.client(address="203.0.113.9").get("/metrics")).status_code == 401
    forwarded = await site.http.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})
    assert forwarded.status_code == 401


async def test_with_the_token_metrics_are_read_from_everywhere_and_without_it_from_nowhere(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "scraper-secret")
    elsewhere = site.client(address="203.0.113.9")
    right = await elsewhere.get("/metrics", headers={"authorization": "Bearer scraper-secret"})
    wrong = await elsewhere.get("/metrics", headers={"authorization": "Bearer scraper-secreT"})
    assert (right.status_code, wrong.status_code) == (200, 401)
    assert (await site.http.get("/metrics")).status_code == 401


async def test_counts_that_the_store_does_not_take_now_are_handed_over_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Unavailable("no")

    site.parts.activity.add("grant", "password")
    with monkeypatch.context() as patched:
        patched.setattr(site.parts.database, "write", refuse)
        await site.parts.reporter.flush()
    assert await counts(site, "grant") == {"password": (1, {})}


async def test_a_failing_call_is_found_by_the_request_id_that_its_answer_carries(site: Site) -> None:
    token = await site.access_token()
    answer = await site.call("/invoke/orders/greet", token, method="POST", json={"name": 5})
    assert answer.status_code >= 400, answer.text
    await site.parts.reporter.flush()
    (run,) = await site.parts.database.read(failing_runs.of_request, answer.headers["x-request-id"])
    assert (run.service, run.client_id, run.status) == ("orders:greet", "ledger", answer.status_code)
    assert [step["name"] for step in run.steps] == ["greet"]


async def test_what_is_kept_of_failing_runs_is_the_administrators_choice(site: Site) -> None:
    token = await site.access_token()

    async def kept() -> str:
        answer = await site.call("/invoke/orders/greet", token, method="POST", json={"name": ["s3cret-name"]})
        await site.parts.reporter.flush()
        runs = await site.parts.database.read(failing_runs.of_request, answer.headers["x-request-id"])
        return msgspec.json.encode(runs).decode()

    assert "s3cret-name" in await kept()
    await site.change_settings(failing_runs="without_data")
    without = await kept()
    assert "s3cret-name" not in without
    assert '"pointer":"/do/0/greet"' in without
    assert '"title":"Expression Error"' in without
    await site.change_settings(failing_runs="none")
    assert await kept() == "[]"
