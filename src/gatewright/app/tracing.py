"""Traces by OpenTelemetry, when the extra `telemetry` is installed and the standard environment asks for them.

Nothing of it is imported otherwise. Spans hold names, times, statuses and ids, never data: those are in failing runs.
"""

import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import structlog

from gatewright import __version__
from gatewright.flow.journal import Entry
from gatewright.services.errors import ServiceError
from gatewright.services.spans import Spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenTelemetrySpan
    from opentelemetry.trace import Tracer

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_TRUE: Final = "true"
_NANOSECONDS: Final = 1_000_000_000
_log = structlog.get_logger("gatewright.tracing")


def spans_from_environment(environ: Mapping[str, str]) -> Spans | None:
    """What the standard variables ask for: spans to an OTLP endpoint over HTTP, or on the standard output; None for none."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == _TRUE:
        return None
    exporter = environ.get("OTEL_TRACES_EXPORTER", "otlp" if any(environ.get(name) for name in _ENDPOINTS) else "none")
    if exporter == "none":
        return None
    if exporter not in ("otlp", "console"):
        _log.warning("OTEL_TRACES_EXPORTER is none that is known here: otlp, console or none", exporter=exporter)
        return None
    try:
        return _exporting(exporter)
    except ImportError as error:
        _log.warning("traces need the extra `telemetry`: pip install 'gatewright[telemetry]'", reason=str(error))
        return None


def _exporting(exporter: str) -> Spans:
    from opentelemetry.sdk.resources import OTELResourceDetector
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter
    from opentelemetry.sdk.trace.export import SpanExporter

    chosen: SpanExporter
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        chosen = OTLPSpanExporter()
    else:
        chosen = ConsoleSpanExporter()
    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes first.
    own = Resource({"service.name": "gatewright", "service.version": __version__})
    provider = TracerProvider(resource=Resource.create().merge(own).merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(chosen))
    return OpenTelemetrySpans(provider)


class OpenTelemetrySpans:
    """Spans of one process, by a provider of the SDK."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("gatewright", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._server, self._internal = SpanKind.SERVER, SpanKind.INTERNAL

    @contextmanager
    def request(self, method: str, route: str, headers: Mapping[bytes, bytes], request: str) -> "Iterator[_Open]":
        """Of an HTTP request."""
        carrier = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("traceparent", "tracestate")
            if name.encode() in headers
        }
        attributes = {"http.request.method": method, "http.route": route, "gatewright.request_id": request}
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            self._propagator.extract(carrier),
            self._server,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _Open(span, self._tracer)

    @contextmanager
    def service(self, name: str, kind: str, client: str, subject: str) -> "Iterator[_Open]":
        """Of a call of a service."""
        attributes = {
            "gatewright.service": name,
            "gatewright.kind": kind,
            "gatewright.client": client,
            "enduser.id": subject,
        }
        with self._tracer.start_as_current_span(
            name, None, self._internal, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            opened = _Open(span, self._tracer)
            try:
                yield opened
            except ServiceError as error:
                opened.failed(error.status, error.title)
                raise

    def outgoing(self) -> dict[str, str]:
        """`traceparent`, and `tracestate` when there is one."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    def close(self) -> None:
        """Hand over what waits."""
        self._provider.shutdown()


class _Open:
    """One span that is open."""

    def __init__(self, span: "OpenTelemetrySpan", tracer: "Tracer") -> None:
        self._span, self._tracer = span, tracer

    @property
    def is_recording(self) -> bool:
        """Whether anybody will see it."""
        return self._span.is_recording()

    def answered(self, status: int) -> None:
        """The HTTP status that it ended with."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._fail(str(status))

    def failed(self, status: int, title: str) -> None:
        """The problem that the service ended with."""
        self._span.set_attribute("gatewright.status", status)
        if status >= 500:
            self._fail(title)

    def steps(self, entries: Sequence[Entry]) -> None:
        """A span for each step, below the step that it was taken within."""
        from opentelemetry.trace import set_span_in_context

        began = time.time_ns() - int(time.monotonic() * _NANOSECONDS)
        contexts: list[tuple[Entry, Any]] = []
        for entry in entries:
            around = next((context for other, context in reversed(contexts) if _is_within(entry, other)), None)
            start = began + int(entry.began * _NANOSECONDS)
            attributes = {"gatewright.step": entry.step.pointer, "gatewright.kind": entry.step.kind}
            span = self._tracer.start_span(
                entry.step.name, around or set_span_in_context(self._span), attributes=attributes, start_time=start
            )
            if entry.error is not None:
                _fail(span, str(entry.error.get("title", "")) if isinstance(entry.error, dict) else "")
            contexts.append((entry, set_span_in_context(span)))
            span.end(start + int(entry.seconds * _NANOSECONDS))

    def _fail(self, words: str) -> None:
        _fail(self._span, words)


def _fail(span: "OpenTelemetrySpan", words: str) -> None:
    from opentelemetry.trace import Status
    from opentelemetry.trace import StatusCode

    span.set_status(Status(StatusCode.ERROR, words))


def _is_within(entry: Entry, other: Entry) -> bool:
    return (
        entry.step.pointer.startswith(f"{other.step.pointer}/")
        and entry.iteration[: len(other.iteration)] == other.iteration
        and entry.began <= other.began + other.seconds
    )
