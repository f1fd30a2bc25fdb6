"""Spans: of requests, services and steps, in their order; nothing of it where nobody asks."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gatewright.app.tracing import OpenTelemetrySpans
from gatewright.app.tracing import spans_from_environment
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.services.loader import Loader
from gatewright.services.outgoing import Outgoing
from tests.running.site import Site
from tests.running.site import catalogue
from tests.running.site import open_site
from tests.running.site import seeded
from tests.running.site import site as plain_site
from tests.running.upstream import StandIn
from tests.running.upstream import stand_in
from tests.services.test_flow_service import Shop
from tests.web.test_forwarding import write_package

__all__ = ["catalogue", "plain_site", "seeded", "stand_in"]

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collected:
    """The spans that were made, by name."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.spans = OpenTelemetrySpans(provider)

    def named(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def parent_of(self, name: str) -> str:
        found = self.named()
        parent = found[name].parent
        return next((other for other, span in found.items() if parent and span.context.span_id == parent.span_id), "")


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest_asyncio.fixture
async def site(plain_site: Site, collected: Collected) -> AsyncIterator[Site]:
    plain_site.parts.spans = plain_site.parts.runtime.spans = collected.spans
    yield plain_site


async def test_a_call_of_a_flow_has_spans_of_the_request_the_service_and_each_step(
    site: Site, collected: Collected
) -> None:
    token = await site.access_token()
    await site.call("/invoke/orders/greet?name=Ada", token, headers={"traceparent": PARENT})
    request = collected.named()["GET /invoke/{folder}/{service}"]
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert collected.parent_of("orders:greet") == "GET /invoke/{folder}/{service}"
    assert collected.parent_of("greet") == "orders:greet"
    assert collected.named()["POST /oauth/token"].parent is None


async def test_a_template_is_the_route_of_its_span(site: Site, collected: Collected) -> None:
    await site.call("/shop/orders/7", await site.access_token())
    assert collected.parent_of("orders:get") == "GET /shop/orders/{number}"


async def test_no_span_holds_data_of_a_call(site: Site, collected: Collected) -> None:
    await site.call("/invoke/orders/greet?name=s3cret-name", await site.access_token())
    assert "s3cret-name" not in "".join(span.to_json() for span in collected.named().values())


async def test_steps_lie_below_the_steps_that_hold_them_and_failures_are_marked(
    tmp_path: Path, runtime: object, collected: Collected
) -> None:
    shop = Shop(tmp_path, runtime)  # type: ignore[arg-type]
    shop.runtime.spans = collected.spans
    await shop.refusal("do:\n- outer: {do: [{inner: {call: 'shop:crash'}}]}\n")
    assert collected.parent_of("inner") == "outer"
    assert collected.parent_of("outer") == "shop:flow"
    assert collected.parent_of("shop:crash") == "shop:flow"
    for name in ("inner", "outer", "shop:flow", "shop:crash"):
        assert not collected.named()[name].status.is_ok, name
    assert "hunter2" not in "".join(span.to_json() for span in collected.named().values())


async def test_another_server_is_told_of_the_span(
    tmp_path: Path, runtime: object, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[HttpRequest] = []

    async def send(self: Outgoing, request: HttpRequest, allowed_hosts: object = ()) -> HttpResponse:
        sent.append(request)
        return HttpResponse(200, {}, b"")

    monkeypatch.setattr(Outgoing, "send", send)
    shop = Shop(tmp_path, runtime)  # type: ignore[arg-type]
    shop.runtime.spans = collected.spans
    await shop.run("do: [{ask: {call: http, with: {method: get, endpoint: 'https://a.example/'}}}]")
    span = collected.named()["shop:flow"].context
    assert sent[0].headers["traceparent"].startswith(f"00-{span.trace_id:032x}-{span.span_id:016x}-")


async def test_an_upstream_is_told_of_the_requests_span_in_place_of_the_clients(
    seeded: Path, tmp_path: Path, stand_in: StandIn, collected: Collected
) -> None:
    write_package(
        tmp_path / "packages" / "Erp",
        {
            "package.yaml": "name: Erp\nversion: 1.0.0\n",
            "services/orders/erp.upstream.yaml": f"base_url: {stand_in.url}\n",
        },
    )
    site = await open_site(seeded, Loader(tmp_path / "packages").load(), tmp_path)
    site.parts.spans = site.parts.runtime.spans = collected.spans
    try:
        token = await site.access_token()
        await site.call("/invoke/orders/erp?path=x", token, headers={"traceparent": PARENT})
        span = collected.named()["GET /invoke/{folder}/{service}"].context
        assert stand_in.last.header("traceparent").startswith(f"00-{span.trace_id:032x}-{span.span_id:016x}-")
        assert f"{span.trace_id:032x}" == PARENT.split("-")[1]
    finally:
        await site.parts.stop()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"},
        {"OTEL_TRACES_EXPORTER": "zipkin"},
    ],
)
def test_without_being_asked_there_are_no_spans(environment: dict[str, str]) -> None:
    assert spans_from_environment(environment) is None


def test_the_standard_variables_turn_spans_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    spans = spans_from_environment({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert spans is not None
    spans.close()


def test_a_worker_loads_nothing_of_it_unless_it_is_asked() -> None:
    code = (
        "import os, sys\nfrom gatewright.app.tracing import spans_from_environment\nimport gatewright.web.worker\n"
        "assert spans_from_environment({}) is None\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_without_the_extra_the_server_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    assert spans_from_environment({"OTEL_TRACES_EXPORTER": "otlp"}) is None
