"""Comparing a proof's `htu` with the address of the request (RFC 9449 §4.3)."""

import re
from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ESCAPED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]\Z")


def same_target(claimed: str, target: str) -> bool:
    """Whether two URIs are the same, "ignoring any query and fragment parts", after normalisation.

    Scheme and host in lower case, the default port left out, an empty path as "/" (RFC 3986 §6.2.3), and percent
    escapes in one spelling (§6.2.2). Dots in paths stay as they are: no proof needs them.
    """
    return claimed == target or (_normalised(claimed) or "") == _normalised(target)


def _normalised(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.username is not None or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{shown}{_ESCAPED.sub(_one_spelling, parts.path or '/')}"


def _one_spelling(escape: re.Match[str]) -> str:
    text = escape.group()
    letter = chr(int(text[1:], 16))
    return letter if _UNRESERVED.match(letter) else text.upper()
