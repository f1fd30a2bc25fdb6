"""OAuth 2.0 and OpenID Connect: a token is got from the authority, used, and kept for the rest of the run.

What outlives a run (caching, renewal ahead of time, TLS) belongs to a connection of the server.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.authentication.scheme import field
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.authentication.token_request import access_token
from gatewright.flow.authentication.token_request import part
from gatewright.flow.authentication.token_request import read_answer
from gatewright.flow.authentication.token_request import refusal
from gatewright.flow.authentication.token_request import token_request
from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpFailure
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame
from gatewright.flow.uri import require_http
from gatewright.flow.uri import without_query

_DISCOVERY = "/.well-known/openid-configuration"


class OAuth2:
    """Sends a bearer token that the authority issued. `discover`: the authority is an OpenID provider's issuer."""

    def __init__(self, credentials: Credentials, *, discover: bool) -> None:
        self._credentials, self._discover = credentials, discover

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """See Authentication."""
        given = self._credentials.read(frame, data, variables)
        key = hashlib.sha256(msgspec.json.encode(given, order="deterministic")).hexdigest()
        token = frame.run.tokens.get(key)
        if token is None:
            token = frame.run.tokens[key] = await self._token(frame, given)
            if frame.run.trace is not None:
                frame.run.trace.mask(token)
        return await frame.run.request(with_authorization(request, f"Bearer {token}"))

    async def _token(self, frame: Frame, given: Mapping[str, Any]) -> str:
        authority = require_http(field(given, "authority").rstrip("/"))
        if self._discover:
            endpoint = await _discovered(frame, authority, given.get("issuers"))
        else:
            path = str(part(given, "endpoints").get("token") or "/oauth2/token")
            endpoint = path if path.startswith(("http://", "https://")) else f"{authority}/{path.lstrip('/')}"
        return access_token(await _ask(frame, token_request(given, endpoint, frame.run.host.now())), endpoint)


async def _discovered(frame: Frame, authority: str, issuers: Any) -> str:
    """The token endpoint that an OpenID provider's metadata name (OpenID Connect Discovery 1.0 §4)."""
    address = authority if authority.endswith(_DISCOVERY) else authority + _DISCOVERY
    metadata = await _ask(frame, HttpRequest("GET", address, {"Accept": "application/json"}))
    allowed = issuers or [address.removesuffix(_DISCOVERY)]
    if str(metadata.get("issuer", "")).rstrip("/") not in [str(issuer).rstrip("/") for issuer in allowed]:
        raise refusal(f"{without_query(address)} names another issuer")
    endpoint = metadata.get("token_endpoint")
    if not isinstance(endpoint, str):
        raise refusal(f"{without_query(address)} names no token endpoint")
    return require_http(endpoint)


async def _ask(frame: Frame, request: HttpRequest) -> dict[str, Any]:
    try:
        response = await frame.run.request(request)
    except HttpFailure as failure:
        kind = "timeout" if failure.kind == "timeout" else "communication"
        raise standard_error(kind, f"{without_query(request.uri)}: {failure}", origin="call") from None
    return read_answer(request, response)
