"""Request paths, read once and strictly: the one decision that the guard and the dispatch both stand on.

A path that any other reader (a proxy, a framework, a file system) might take for another one is no path here at all,
so that nothing can be checked under one name and served under another.
"""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

RESERVED = frozenset(
    [
        "oauth",
        "invoke",
        ".well-known",
        "console",
        "account",
        "admin",
        "mcp",
        "openapi.json",
        "health",
        "metrics",
        "static",
    ]
)
"""First segments that belong to the server itself (DESIGN section 2)."""

_MOST_BYTES = 8192
_MOST_SEGMENTS = 64
_USUAL_BYTES = 200
# Nothing to decode and nothing that could be read in two ways: by far the most requests.
_PLAIN = re.compile(rb"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_~!$&'()*+,=:@.-]+)+\Z")
_BROKEN_ENCODING = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_STILL_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")


def segments(raw_path: bytes) -> tuple[str, ...] | None:
    """The decoded segments of a path as it stood in the request line, without the query (RFC 3986 §3.3).

    Each segment is percent-decoded exactly once. None, that is "no such path", for: empty segments (so `//` and a
    trailing slash), `.` and `..` (raw, encoded, or before a `;`), encoded slashes, backslashes, control characters,
    broken or doubled percent-encoding, bytes that are not UTF-8, and more than 8192 bytes or 64 segments.
    """
    if len(raw_path) > _MOST_BYTES:
        return None
    if _PLAIN.match(raw_path):
        found = tuple(raw_path.decode("ascii").split("/")[1:])
    elif raw_path[:1] == b"/" and not _BROKEN_ENCODING.search(raw_path):
        try:
            found = tuple(unquote_to_bytes(part).decode() for part in raw_path[1:].split(b"/"))
        except UnicodeDecodeError:
            return None
        if any(_is_ambiguous(segment) for segment in found):
            return None
    else:
        return None
    return found if len(found) <= _MOST_SEGMENTS else None


def _is_ambiguous(segment: str) -> bool:
    # Some servers cut off ";parameters" before they resolve dots (RFC 3986 §3.3 leaves them to the application).
    if segment.partition(";")[0] in ("", ".", ".."):
        return True
    return _FORBIDDEN.search(segment) is not None or _STILL_ENCODED.search(segment) is not None


def invoked_service(raw_path: bytes) -> str | None:
    """The full name that `/invoke/{folder.path}/{service}` or `/invoke/{folder.path}:{service}` asks for, or None.

    Whether a service of that name exists is the catalogue's to say.
    """
    return _remembered(raw_path) if len(raw_path) <= _USUAL_BYTES else _invoked(raw_path)


def _invoked(raw_path: bytes) -> str | None:
    found = segments(raw_path)
    if found is None or found[0] != "invoke":
        return None
    if len(found) == 3 and ":" not in found[1]:
        return f"{found[1]}:{found[2]}"
    if len(found) == 2 and found[1].count(":") == 1:
        return found[1]
    return None


_remembered = lru_cache(maxsize=1024)(_invoked)
