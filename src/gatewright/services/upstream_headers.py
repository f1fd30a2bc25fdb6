"""Which headers pass between callers and upstreams: lists of those that do, and those that never may."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_VALUE: Final = re.compile(r"[\x20-\x7e\t]{0,8000}\Z")

# RFC 9110 §7.6.1: they are about one connection.
_HOP_BY_HOP: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip

NEVER_SENT: Final = _HOP_BY_HOP | {
    "authorization", "cookie", "dpop", "content-length", "expect", "host", "http2-settings", "forwarded", "via",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-forwarded-prefix", "x-real-ip",
    "x-request-id",
}  # fmt: skip
"""What authenticates the caller to us, frames the request, or tells of the way that it took."""

NEVER_RECEIVED: Final = _HOP_BY_HOP | {
    "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
    "access-control-allow-origin", "access-control-expose-headers", "access-control-max-age", "alt-svc",
    "clear-site-data", "content-length", "content-security-policy", "date", "origin-agent-cluster", "refresh",
    "server", "service-worker-allowed", "set-cookie", "strict-transport-security", "www-authenticate",
    "x-content-type-options", "x-request-id",
}  # fmt: skip
"""What frames the answer or would speak for this whole origin."""

USUALLY_SENT: Final = frozenset({
    "accept", "accept-encoding", "accept-language", "cache-control", "content-disposition", "content-encoding",
    "content-language", "content-type", "idempotency-key", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "prefer", "range", "traceparent", "tracestate",
})  # fmt: skip

USUALLY_RECEIVED: Final = frozenset({
    "accept-patch", "accept-post", "accept-ranges", "age", "allow", "cache-control", "content-disposition",
    "content-encoding", "content-language", "content-location", "content-range", "content-type", "deprecation", "etag",
    "expires", "last-modified", "link", "location", "preference-applied", "ratelimit", "ratelimit-policy",
    "retry-after", "sunset", "vary",
})  # fmt: skip


def is_name(text: str) -> bool:
    """Whether a text can name a header (RFC 9110 §5.1)."""
    return _NAME.match(text) is not None


def is_value(text: str) -> bool:
    """Whether a text can be a header's value: one line, ASCII."""
    return _VALUE.match(text) is not None


def sent(headers: Mapping[bytes, bytes], allowed: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """Of a request's headers, by lower-case name, those that pass.

    One that `Connection` names belongs to the connection that it came by.
    """
    named = headers.get(b"connection")
    dropped = {each.strip().lower() for each in named.split(b",")} if named else ()
    return [(name, value) for name, value in headers.items() if name in allowed and name not in dropped]


def received(headers: Iterable[tuple[bytes, bytes]], allowed: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """Of an answer's headers those that pass, names in lower case."""
    found = [(name.lower(), value) for name, value in headers]
    dropped = {each.strip().lower() for name, value in found if name == b"connection" for each in value.split(b",")}
    return [(name, value) for name, value in found if name in allowed and name not in dropped]


def allowed(usual: frozenset[str], further: Iterable[str]) -> frozenset[bytes]:
    """The names that pass, for `sent` and `received`."""
    return frozenset(name.lower().encode("ascii") for name in (*usual, *further))
