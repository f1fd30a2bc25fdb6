"""Get New Access Token: what Postman's dialog does, against this server, and Use Token."""

import base64
import hashlib
import secrets
from typing import Any
from typing import Final
from urllib.parse import quote
from urllib.parse import urlencode

import msgspec
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.console.use_token import use_token
from gatewright.console.visit import Visit
from gatewright.identity.throttle import TooManyFailures
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.token import token as request_token
from gatewright.services.names import invoke_path
from gatewright.store import clients

_PAGE: Final = "/console/get-token"
_CALLBACK: Final = f"{_PAGE}/callback"
_STATE_COOKIE: Final = "gatewright_get_token"
_STATE_SECONDS: Final = 600
_MOST_CLIENTS: Final = 500
_FIELDS: Final = (
    "token_name", "grant_type", "client_id", "client_secret", "scope", "username", "password", "client_authentication",
)  # fmt: skip
_TOKEN: Final = ("token_name", "access_token", "token_type", "refresh_token", "expires_in", "scope", "access_token_url")


class Pending(msgspec.Struct, frozen=True):
    """What must outlive the browser's way through login and consent; kept sealed in a cookie."""

    state: str
    code_verifier: str
    values: dict[str, str]


async def show(visit: Visit) -> Response:
    """The dialog."""
    values = dict.fromkeys(_FIELDS, "") | {"token_name": "Token", "client_authentication": "client_secret_basic"}
    values |= {"grant_type": "client_credentials", "client_id": visit.query("client_id")}
    return await _page(visit, values)


async def request(visit: Visit) -> Response:
    """Request Token: at once, or by way of the browser."""
    values = {name: visit.field(name).strip() for name in _FIELDS}
    if values["grant_type"] in ("authorization_code", "implicit"):
        return _to_authorization(visit, values)
    parameters = {"grant_type": values["grant_type"], "scope": values["scope"]}
    if values["grant_type"] == "password":
        parameters |= {"username": values["username"], "password": values["password"]}
    return await _request(visit, values, parameters)


async def callback(visit: Visit) -> Response:
    """The answer of the authorization endpoint: a code is exchanged, an implicit token read from the fragment."""
    pending = _pending(visit)
    if pending is None:
        return visit.refused(
            400,
            "Nothing was asked for",
            "This request is not known here, or took longer than ten minutes.",
            ("Get New Access Token", _PAGE),
        )
    if visit.is_post:
        return await _implicit(visit, pending)
    if not visit.request.query_params:
        return visit.page("get_token_fragment.html")
    if visit.query("state") != pending.state:
        return await _failed(visit, pending.values, "The answer's state is not the one that was sent.")
    if visit.query("error"):
        return await _failed(visit, pending.values, f"{visit.query('error')}: {visit.query('error_description')}")
    parameters = {
        "grant_type": "authorization_code",
        "code": visit.query("code"),
        "redirect_uri": f"{visit.parts.server.issuer}{_CALLBACK}",
        "code_verifier": pending.code_verifier,
    }
    return await _request(visit, pending.values, parameters)


async def use(visit: Visit) -> Response:
    """Use Token: call a service with it and show the answer."""
    token: dict[str, Any] = {name: visit.field(name) for name in _TOKEN}
    token["expires_in"] = int(token["expires_in"]) if token["expires_in"].isdigit() else None
    call = await use_token(visit, token["access_token"], visit.field("request"), visit.field("body"))
    values = dict.fromkeys(_FIELDS, "") | {
        "token_name": token["token_name"],
        "client_authentication": "client_secret_basic",
    }
    return await _page(visit, values | {"grant_type": "client_credentials"}, token=token, call=call)


def _to_authorization(visit: Visit, values: dict[str, str]) -> Response:
    pending = Pending(secrets.token_urlsafe(24), secrets.token_urlsafe(48), values)
    issuer = visit.parts.server.issuer
    challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.code_verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "token" if values["grant_type"] == "implicit" else "code",
        "client_id": values["client_id"],
        "redirect_uri": f"{issuer}{_CALLBACK}",
        "scope": values["scope"],
        "state": pending.state,
    }
    if values["grant_type"] == "authorization_code":
        parameters |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    query = urlencode({name: value for name, value in parameters.items() if value})
    response = RedirectResponse(f"/oauth/authorize?{query}", status_code=303)
    sealed = base64.urlsafe_b64encode(visit.parts.sealer.seal(msgspec.json.encode(pending), _context(visit))).decode()
    secure = visit.request.url.scheme == "https"
    response.set_cookie(
        _STATE_COOKIE, sealed, max_age=_STATE_SECONDS, path=_PAGE, httponly=True, samesite="lax", secure=secure
    )
    return response


def _pending(visit: Visit) -> Pending | None:
    try:
        sealed = base64.urlsafe_b64decode(visit.request.cookies.get(_STATE_COOKIE, ""))
    except ValueError:
        return None
    opened = visit.parts.sealer.open(sealed, _context(visit))
    return msgspec.json.decode(opened, type=Pending) if opened else None


def _context(visit: Visit) -> bytes:
    return b"get-token:" + visit.found.session.digest


async def _request(visit: Visit, values: dict[str, str], parameters: dict[str, str]) -> Response:
    authorization, sent = _authenticated(values, {name: value for name, value in parameters.items() if value})
    address = visit.request.client.host if visit.request.client else ""
    try:
        answer = await request_token(sent, authorization, address, visit.parts.server)
    except OAuthError as error:
        return await _failed(visit, values, f"{error.code}: {error.public}")
    except TooManyFailures as error:
        return await _failed(visit, values, str(error))
    return await _page(visit, values, token=_token(visit, values, msgspec.to_builtins(answer)))


def _authenticated(values: dict[str, str], parameters: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    """The request with the client's credentials where the choice says (RFC 6749 §2.3.1)."""
    client_id, secret = values["client_id"], values["client_secret"]
    if not secret:
        return None, parameters | {"client_id": client_id}
    if values["client_authentication"] == "client_secret_post":
        return None, parameters | {"client_id": client_id, "client_secret": secret}
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode(), parameters


async def _implicit(visit: Visit, pending: Pending) -> Response:
    answer = {
        name: visit.field(name) for name in ("access_token", "token_type", "expires_in", "scope", "state", "error")
    }
    if answer["state"] != pending.state:
        return await _failed(visit, pending.values, "The answer's state is not the one that was sent.")
    if answer["error"] or not answer["access_token"]:
        return await _failed(visit, pending.values, f"{answer['error']}: {visit.field('error_description')}")
    expires_in = int(answer["expires_in"]) if answer["expires_in"].isdigit() else None
    return await _page(visit, pending.values, token=_token(visit, pending.values, answer | {"expires_in": expires_in}))


def _token(visit: Visit, values: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "token_name": values["token_name"] or "Token",
        "access_token": answer["access_token"],
        "token_type": answer["token_type"],
        "refresh_token": answer.get("refresh_token") or "",
        "expires_in": answer.get("expires_in"),
        "scope": answer["scope"],
        "access_token_url": f"{visit.parts.server.issuer}/oauth/token",
    }


async def _failed(visit: Visit, values: dict[str, str], sentence: str) -> Response:
    return await _page(visit, values, errors={"": sentence}, status=422)


async def _page(
    visit: Visit, values: dict[str, str], *, errors: dict[str, str] | None = None, token: dict[str, Any] | None = None,
    call: dict[str, Any] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    found = await visit.read(clients.page, ("", ""), _MOST_CLIENTS)
    chosen = values["client_id"] or (found[0].client_id if found else "")
    issuer = visit.parts.server.issuer
    response = visit.page(
        "get_token.html",
        status,
        clients=[(client.client_id, client.label) for client in found],
        values=values | {"client_secret": "", "password": ""},
        errors=errors or {},
        auth_url=f"{issuer}/oauth/authorize",
        access_token_url=f"{issuer}/oauth/token",
        callback_url=f"{issuer}{_CALLBACK}",
        scopes=await visit.read(clients.scopes, chosen) if chosen else [],
        token=token,
        services=_callable(visit),
        call=call,
    )
    if token:
        response.delete_cookie(_STATE_COOKIE, path=_PAGE)
    return response


def _callable(visit: Visit) -> list[tuple[str, str]]:
    routes = [(template.text, template.service) for template in visit.catalogue.templates.by_text.values()]
    return routes + [(f"POST {invoke_path(name)}", name) for name in sorted(visit.catalogue.services)]
