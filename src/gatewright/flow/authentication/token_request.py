"""Requests for access tokens, as a flow's `oauth2` and a server's connection both send them."""

import hmac
from base64 import b64encode
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus
from urllib.parse import urlencode

import msgspec

from gatewright.flow.authentication.scheme import field
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.uri import without_query
from gatewright.kernel.ids import row_id

_FORM = "application/x-www-form-urlencoded"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_request(given: Mapping[str, Any], endpoint: str, now: float) -> HttpRequest:
    """The token request (RFC 6749 §4.3.2, §4.4.2 and §6, RFC 8693 §2.1).

    given: the policy's fields as the standard names them, and `refresh_token`.  Raises an authentication error.
    """
    form: dict[str, str] = {"grant_type": field(given, "grant")}
    if form["grant_type"] == "password":
        form |= {"username": field(given, "username"), "password": field(given, "password")}
    if form["grant_type"] == "refresh_token":
        form["refresh_token"] = field(given, "refresh_token")
    for role in ("subject", "actor"):
        if role in given:
            token = part(given, role)
            form |= {f"{role}_token": field(token, "token"), f"{role}_token_type": field(token, "type")}
    if given.get("scopes"):
        form["scope"] = " ".join(map(str, given["scopes"]))
    if given.get("audiences"):
        form["audience"] = " ".join(map(str, given["audiences"]))
    headers = {"Accept": "application/json"}
    form |= _client(part(given, "client"), endpoint, now, headers)
    headers["Content-Type"] = part(given, "request").get("encoding") or _FORM
    body = urlencode(form).encode() if headers["Content-Type"] == _FORM else msgspec.json.encode(form)
    return HttpRequest("POST", endpoint, headers, body)


def read_answer(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """The JSON object of a successful answer. Raises an authentication error that tells the answer's code alone."""
    try:
        answer = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        answer = None
    if response.status == 200 and isinstance(answer, dict):
        return answer
    code = answer.get("error") if isinstance(answer, dict) else None
    raise refusal(
        f"{without_query(request.uri)} answered {response.status}" + (f" {code}" if isinstance(code, str) else "")
    )


def access_token(answer: Mapping[str, Any], endpoint: str) -> str:
    """The access token of an answer. Raises an authentication error when there is none."""
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise refusal(f"{without_query(endpoint)} gave no access token")
    return token


def refusal(detail: str) -> FlowError:
    """The error of a call that could not be authenticated."""
    return standard_error("authentication", detail, origin="call")


def part(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a policy that is an object; empty when it is absent."""
    found = given.get(name) or {}
    if not isinstance(found, dict):
        raise refusal(f"the credential {name!r} must be an object")
    return found


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
