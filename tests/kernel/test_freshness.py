"""How long a fetched document is fresh (RFC 9111 §4.2)."""

import pytest

from gatewright.kernel.freshness import LEAST
from gatewright.kernel.freshness import MOST
from gatewright.kernel.freshness import freshness

NOW = 1_800_000_000  # Fri, 15 Jan 2027 08:00:00 GMT
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, Max-Age=600, immutable"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "expires": DATE}, 600),
        ({"expires": "Fri, 15 Jan 2027 08:10:00 GMT", "date": DATE}, 600),
        ({"expires": "Fri, 15 Jan 2027 08:10:00 GMT"}, 600),
        ({"expires": "0"}, LEAST),
        ({"expires": "never"}, LEAST),
        ({"cache-control": "max-age=0"}, LEAST),
        ({"cache-control": "max-age=-1"}, LEAST),
        ({"cache-control": "max-age=soon"}, LEAST),
        ({"cache-control": "no-store, max-age=600"}, LEAST),
        ({"cache-control": "no-cache"}, LEAST),
        ({"cache-control": "max-age=31536000"}, MOST),
        ({"cache-control": "max-age=" + "9" * 5000}, MOST),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, MOST),
    ],
)
def test_headers_decide_within_bounds(headers: dict[str, str], seconds: int) -> None:
    assert freshness(headers, NOW).fresh == seconds


def test_a_stale_document_may_serve_a_while_unless_its_headers_forbid_it() -> None:
    lenient = freshness({"cache-control": "max-age=100"}, NOW)
    assert lenient.usable > lenient.fresh
    for directive in ("must-revalidate", "no-cache", "no-store"):
        strict = freshness({"cache-control": f"max-age=100, {directive}"}, NOW)
        assert strict.usable == strict.fresh
