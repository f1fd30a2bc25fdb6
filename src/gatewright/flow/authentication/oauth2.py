"""OAuth 2.0 and OpenID Connect: a token is got from the authority, used, and kept for the rest of the run.

What outlives a run (caching, renewal ahead of time, TLS) belongs to a connection of the server.
"""

import hashlib
import hmac
from base64 import b64encode
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus
from urllib.parse import urlencode

import msgspec

from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.authentication.scheme import field
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpFailure
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame
from gatewright.flow.uri import require_http
from gatewright.flow.uri import without_query
from gatewright.kernel.ids import row_id

_FORM = "application/x-www-form-urlencoded"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
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
            path = str(_part(given, "endpoints").get("token") or "/oauth2/token")
            endpoint = path if path.startswith(("http://", "https://")) else f"{authority}/{path.lstrip('/')}"
        answer = await _ask(frame, _token_request(given, endpoint, frame.run.host.now()))
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise _refusal(f"{without_query(endpoint)} gave no access token")
        return token


def _part(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = given.get(name) or {}
    if not isinstance(part, dict):
        raise _refusal(f"the credential {name!r} must be an object")
    return part


async def _discovered(frame: Frame, authority: str, issuers: Any) -> str:
    """The token endpoint that an OpenID provider's metadata name (OpenID Connect Discovery 1.0 §4)."""
    address = authority if authority.endswith(_DISCOVERY) else authority + _DISCOVERY
    metadata = await _ask(frame, HttpRequest("GET", address, {"Accept": "application/json"}))
    allowed = issuers or [address.removesuffix(_DISCOVERY)]
    if str(metadata.get("issuer", "")).rstrip("/") not in [str(issuer).rstrip("/") for issuer in allowed]:
        raise _refusal(f"{without_query(address)} names another issuer")
    endpoint = metadata.get("token_endpoint")
    if not isinstance(endpoint, str):
        raise _refusal(f"{without_query(address)} names no token endpoint")
    return require_http(endpoint)


def _token_request(given: Mapping[str, Any], endpoint: str, now: float) -> HttpRequest:
    """The token request (RFC 6749 §4.3.2 and §4.4.2, RFC 8693 §2.1)."""
    form: dict[str, str] = {"grant_type": field(given, "grant")}
    if form["grant_type"] == "password":
        form |= {"username": field(given, "username"), "password": field(given, "password")}
    for role in ("subject", "actor"):
        if role in given:
            token = _part(given, role)
            form |= {f"{role}_token": field(token, "token"), f"{role}_token_type": field(token, "type")}
    if given.get("scopes"):
        form["scope"] = " ".join(map(str, given["scopes"]))
    if given.get("audiences"):
        form["audience"] = " ".join(map(str, given["audiences"]))
    headers = {"Accept": "application/json"}
    form |= _client(_part(given, "client"), endpoint, now, headers)
    headers["Content-Type"] = _part(given, "request").get("encoding") or _FORM
    body = urlencode(form).encode() if headers["Content-Type"] == _FORM else msgspec.json.encode(form)
    return HttpRequest("POST", endpoint, headers, body)


def _client(client: Mapping[str, Any], endpoint: str, now: float, headers: dict[str, str]) -> dict[str, str]:
    """The client's authentication (RFC 6749 §2.3.1, RFC 7523 §2.2): form parameters, or a header."""
    method = client.get("authentication") or "client_secret_post"
    if method == "none" or not client:
        return {"client_id": client["id"]} if "id" in client else {}
    if method == "private_key_jwt":
        return {"client_assertion_type": _JWT_BEARER, "client_assertion": field(client, "assertion")}
    name = field(client, "id")
    if method == "client_secret_jwt":
        assertion = _signed(name, field(client, "secret"), endpoint, now)
        return {"client_assertion_type": _JWT_BEARER, "client_assertion": assertion}
    if method == "client_secret_basic":
        pair = f"{quote_plus(name)}:{quote_plus(field(client, 'secret'))}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        return {}
    return {"client_id": name} | ({"client_secret": client["secret"]} if "secret" in client else {})


def _signed(name: str, secret: str, endpoint: str, now: float) -> str:
    """A client assertion signed with the client's secret, HS256 (RFC 7523 §3)."""
    claims = {"iss": name, "sub": name, "aud": endpoint, "jti": row_id(), "iat": int(now), "exp": int(now) + 60}
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    signed = b".".join(urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=") for part in parts)
    mac = hmac.digest(secret.encode(), signed, "sha256")
    return (signed + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def _ask(frame: Frame, request: HttpRequest) -> dict[str, Any]:
    try:
        response = await frame.run.request(request)
    except HttpFailure as failure:
        kind = "timeout" if failure.kind == "timeout" else "communication"
        raise standard_error(kind, f"{without_query(request.uri)}: {failure}", origin="call") from None
    try:
        answer = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        answer = None
    if response.status == 200 and isinstance(answer, dict):
        return answer
    code = answer.get("error") if isinstance(answer, dict) else None
    raise _refusal(
        f"{without_query(request.uri)} answered {response.status}" + (f" {code}" if isinstance(code, str) else "")
    )


def _refusal(detail: str) -> FlowError:
    return standard_error("authentication", detail, origin="call")
