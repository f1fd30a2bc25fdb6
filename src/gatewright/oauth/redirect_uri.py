"""Redirect URIs: exact comparison, the loopback port aside (RFC 6749 §3.1.2, RFC 8252 §7.3, RFC 9700 §2.1)."""

from typing import Final
from urllib.parse import SplitResult
from urllib.parse import urlencode
from urllib.parse import urlsplit

from gatewright.store.records import Client

_LOOPBACK: Final = ("127.0.0.1", "::1")


def match(requested: str | None, client: Client) -> str | None:
    """The redirect URI to use: the requested one if registered, the sole registered one if none is requested."""
    if requested is None:
        return client.redirect_uris[0] if len(client.redirect_uris) == 1 else None
    if requested in client.redirect_uris:
        return requested
    if any(_same_but_port(requested, registered) for registered in client.redirect_uris):
        return requested
    return None


def is_native(uri: str) -> bool:
    """Whether the URI leads to a program on the user's own machine, whose identity nobody can vouch for (RFC 8252 §8.6)."""
    parts = urlsplit(uri)
    return parts.scheme not in ("http", "https") or parts.hostname in (*_LOOPBACK, "localhost")


def with_parameters(uri: str, parameters: dict[str, str], mode: str) -> str:
    """`uri` with response parameters in its query (kept if it has one, RFC 6749 §3.1.2) or its fragment (§4.2.2)."""
    if mode == "fragment":
        return f"{uri}#{urlencode(parameters)}"
    separator = "&" if urlsplit(uri).query else "?" if not uri.endswith("?") else ""
    return f"{uri}{separator}{urlencode(parameters)}"


def _same_but_port(requested: str, registered: str) -> bool:
    """RFC 8252 §7.3: for an http loopback IP, "the authorization server MUST allow any port"."""
    try:
        ours, theirs = urlsplit(registered), urlsplit(requested)
        if ours.scheme != "http" or ours.hostname not in _LOOPBACK:
            return False
        return _without_port(ours, registered) == _without_port(theirs, requested)
    except ValueError:  # a port that is no number
        return False


def _without_port(parts: SplitResult, uri: str) -> tuple[str, str]:
    """The authority without its port, and everything after the authority letter for letter."""
    port = f":{parts.port}" if parts.port is not None else ""
    authority = parts.netloc.removesuffix(port)
    prefix = f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}://{authority}", uri[len(prefix) :]
