"""Which redirect URIs may be registered (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1)."""

import re
from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 2000
_NOT_ALLOWED: Final = '^#%"'
_PRIVATE_USE: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+\Z")


def problem(uri: str) -> str | None:
    """A sentence that says why this URI cannot be registered, or None when it can."""
    if found := next((character for character in _NOT_ALLOWED if character in uri), None):
        fragment = " (a redirect URI has no fragment)" if found == "#" else ""
        return f"{uri} has the character {found} , which is not allowed{fragment}."
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri:
        return f"{uri!r} has a blank or a character outside ASCII; write the host in its xn-- form."
    if len(uri) > _LONGEST:
        return f"{uri[:60]}… is longer than {_LONGEST} characters."
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{uri} is not a URI: its host or port cannot be read."
    if parts.scheme in ("http", "https"):
        return _web_problem(uri, host, parts.username is not None)
    # RFC 8252 §7.1: private-use schemes are domain names in reverse; §8.4: refuse those without a period.
    if not _PRIVATE_USE.match(parts.scheme):
        return (
            f"{uri} must begin with https://, http://, or a private-use scheme made from a domain name,"
            " such as com.example.app:/callback."
        )
    return None


def _web_problem(uri: str, host: str | None, has_user: bool) -> str | None:
    if not host:
        return f"{uri} names no host."
    if has_user:
        return f"{uri} must not hold a user name or password."
    if "*" in host:
        return f"{uri} must name one host: redirect URIs are compared letter by letter, without wildcards."
    return None
