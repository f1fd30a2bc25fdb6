"""Digest authentication (RFC 7616): the request goes out bare, and again with the answer to the challenge."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.authentication.scheme import field
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame

_PARAMETER = re.compile(r'([a-z][a-z0-9-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)
_ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Digest:
    """Proves knowledge of the password without sending it."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """See Authentication."""
        given = self._credentials.read(frame, data, variables)
        username, password = field(given, "username"), field(given, "password")
        bare = await frame.run.request(request)
        challenge = _challenge(bare.headers.get("www-authenticate", ""))
        if bare.status != 401 or challenge is None:
            return bare
        return await frame.run.request(with_authorization(request, _answer(challenge, request, username, password)))


def _challenge(header: str) -> dict[str, str] | None:
    """The parameters of a Digest challenge that we can answer, None for any other header (RFC 7616 §3.3)."""
    start = re.search(r"(?:^|,\s*)digest\s+", header, re.IGNORECASE)
    if start is None:
        return None
    found: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(header[start.end() :]):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else token)
    algorithm = found.setdefault("algorithm", "MD5").upper().removesuffix("-SESS")
    offered = [item.strip().lower() for item in found.get("qop", "").split(",") if item.strip()]
    if algorithm not in _ALGORITHMS or not {"realm", "nonce"} <= found.keys() or (offered and "auth" not in offered):
        return None
    return found


def _answer(challenge: Mapping[str, str], request: HttpRequest, username: str, password: str) -> str:
    """The credentials (RFC 7616 §3.4)."""
    algorithm = challenge["algorithm"]
    name = algorithm.upper().removesuffix("-SESS")

    def hashed(text: str) -> str:
        return _ALGORITHMS[name](text.encode(), usedforsecurity=False).hexdigest()

    parts = urlsplit(request.uri)
    uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    nonce, client_nonce = challenge["nonce"], secrets.token_hex(16)
    first = hashed(f"{username}:{challenge['realm']}:{password}")
    if algorithm.upper().endswith("-SESS"):
        first = hashed(f"{first}:{nonce}:{client_nonce}")
    second = hashed(f"{request.method.upper()}:{uri}")
    fields = {"username": username, "realm": challenge["realm"], "nonce": nonce, "uri": uri}
    if challenge.get("qop"):
        fields["response"] = hashed(f"{first}:{nonce}:00000001:{client_nonce}:auth:{second}")
    else:
        fields["response"] = hashed(f"{first}:{nonce}:{second}")
    if "opaque" in challenge:
        fields["opaque"] = challenge["opaque"]
    text = ", ".join(f'{key}="{_escape(value)}"' for key, value in fields.items())
    text += f", algorithm={algorithm}"
    return "Digest " + text + (f', qop=auth, nc=00000001, cnonce="{client_nonce}"' if challenge.get("qop") else "")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
