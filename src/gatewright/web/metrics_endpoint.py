"""`/metrics`: what all processes counted, in Prometheus' text format."""

import hmac
import os
from collections.abc import Iterator
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Final
from typing import get_args

from gatewright import __version__
from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.telemetry import BOUNDS
from gatewright.kernel.telemetry import Kind
from gatewright.kernel.telemetry import Tally
from gatewright.store import activity
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.oauth_endpoints import unavailable
from gatewright.web.transport import is_loopback

if TYPE_CHECKING:
    from prometheus_client import Metric

TOKEN_VARIABLE: Final = "GATEWRIGHT_METRICS_TOKEN"
"""In the environment: the bearer token that opens `/metrics` from everywhere. Without it only this machine may read it."""

_SHOWN_BOUNDS: Final = range(20, 54, 2)
"""The buckets that are shown, by their indexes: from 1 ms to 67 s, each twice as far as the one before."""
_TIMED: Final[tuple[tuple[Kind, str, tuple[str, ...], str], ...]] = (
    ("service", "gatewright_service", ("service",), "Calls of services"),
    ("step", "gatewright_step", ("service", "step"), "Steps of flows"),
    ("endpoint", "gatewright_endpoint", ("path",), "Requests to the authorization server's addresses"),
)
_COUNTED: Final[tuple[tuple[Kind, str, str, str], ...]] = (
    ("grant", "gatewright_tokens_issued", "grant", "Access tokens issued"),
    ("refusal", "gatewright_refusals", "error", "Refused requests"),
)
_REFUSED: Final = (
    b'{"error":"access_denied","error_description":"/metrics is read from this machine, or with the bearer token that the '
    b'server was given in GATEWRIGHT_METRICS_TOKEN."}'
)


async def metrics(request: Request, parts: Parts) -> Response:
    """All that was ever counted by any process on this store; what the others counted within the last seconds is not in it."""
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed("GET", "HEAD", "OPTIONS")
    if not _may_read(request):
        return Response(401, _REFUSED, [JSON, NO_STORE, (b"www-authenticate", b'Bearer realm="metrics"')])
    from prometheus_client import CONTENT_TYPE_LATEST  # loading it takes long
    from prometheus_client import CollectorRegistry
    from prometheus_client import generate_latest

    try:
        await parts.reporter.flush()
        found = {kind: await parts.database.read(activity.ever, kind) for kind in get_args(Kind)}
    except Unavailable as error:
        return unavailable(error, request)
    registry = CollectorRegistry()
    registry.register(_Collector(found))
    return Response(200, generate_latest(registry), [(b"content-type", CONTENT_TYPE_LATEST.encode()), NO_STORE])


def _may_read(request: Request) -> bool:
    expected = os.environ.get(TOKEN_VARIABLE, "")
    if not expected:
        return is_loopback(request)
    given = request.headers.get(b"authorization", b"")
    return hmac.compare_digest(given, b"Bearer " + expected.encode())


class _Collector:
    """What prometheus-client asks for the metrics."""

    def __init__(self, found: Mapping[str, Mapping[str, Tally]]) -> None:
        self._found = found

    def collect(self) -> "Iterator[Metric]":
        """All metrics."""
        from prometheus_client.core import CounterMetricFamily
        from prometheus_client.core import HistogramMetricFamily
        from prometheus_client.core import InfoMetricFamily

        yield InfoMetricFamily("gatewright", "The server", {"version": __version__})
        for kind, name, labels, words in _TIMED:
            seconds = HistogramMetricFamily(f"{name}_seconds", f"{words}: how long they took", labels=labels)
            failures = CounterMetricFamily(f"{name}_failures", f"{words} that failed", labels=[*labels, "outcome"])
            for key, tally in self._found[kind].items():
                values = key.split(" ", len(labels) - 1) if kind == "step" else [key]
                seconds.add_metric(values, _cumulated(tally), tally.seconds)
                for outcome, count in tally.errors.items():
                    failures.add_metric([*values, outcome], count)
            yield seconds
            yield failures
        for kind, name, label, words in _COUNTED:
            counter = CounterMetricFamily(name, words, labels=[label])
            for key, tally in self._found[kind].items():
                counter.add_metric([key], tally.count)
            yield counter


def _cumulated(tally: Tally) -> list[tuple[str, int]]:
    """Prometheus' buckets: how many took no longer than each bound."""
    buckets = [
        (f"{BOUNDS[bound]:.6g}", sum(count for bucket, count in tally.buckets.items() if bucket <= bound))
        for bound in _SHOWN_BOUNDS
    ]
    return [*buckets, ("+Inf", tally.count)]
