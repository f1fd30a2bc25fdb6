"""The grants that go through the browser: authorization code with PKCE, and implicit; there and back."""

import base64
import hashlib
import secrets
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.console import token_dialog
from gatewright.console.token_dialog import CALLBACK
from gatewright.console.token_dialog import PAGE
from gatewright.console.token_dialog import Values
from gatewright.console.token_dialog import callback_url
from gatewright.console.visit import Visit
from gatewright.identity.throttle import TooManyFailures
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.request_uri import is_required
from gatewright.store import clients

_COOKIE: Final = "gatewright_get_token"
_SECONDS: Final = 600


class Pending(msgspec.Struct, frozen=True):
    """What must outlive the browser's way through login and consent; kept sealed in a cookie."""

    state: str
    code_verifier: str
    values: Values


async def begin(visit: Visit, values: Values) -> Response:
    """Send the browser to the authorization endpoint."""
    client = await visit.read(clients.find, values["client_id"])
    if client is None:
        return await token_dialog.failed(visit, values, "Choose a client.", "client_id")
    if callback_url(visit) not in client.redirect_uris:
        sentence = f"{client.label} does not list the Callback URL {callback_url(visit)} among its redirect URIs. Add it there first."
        return await token_dialog.failed(visit, values, sentence, "client_id")
    pending = Pending(secrets.token_urlsafe(24), secrets.token_urlsafe(48), values)
    parameters = {name: value for name, value in _parameters(visit, pending).items() if value}
    if is_required(client, await visit.parts.directory.settings()):
        try:
            parameters = await token_dialog.pushed(visit, values, parameters)
        except OAuthError as error:
            return await token_dialog.failed(visit, values, f"{error.code}: {error.public}")
        except TooManyFailures as error:
            return await token_dialog.failed(visit, values, str(error))
    response = RedirectResponse(f"/oauth/authorize?{urlencode(parameters)}", status_code=303)
    sealed = visit.parts.sealer.seal(msgspec.json.encode(pending), _context(visit))
    visit.remember(response, _COOKIE, base64.urlsafe_b64encode(sealed).decode(), seconds=_SECONDS, path=CALLBACK)
    return response


async def callback(visit: Visit) -> Response:
    """The answer of the authorization endpoint: a code is exchanged, an implicit token read from the fragment."""
    pending = _pending(visit)
    if pending is None:
        sentence = f"This request is not known here, or took longer than {_SECONDS // 60} minutes."
        return visit.refused(400, "Nothing was asked for", sentence, ("Get New Access Token", PAGE))
    if not visit.is_post and not visit.request.query_params:
        return visit.page("get_token_fragment.html")
    answer = dict(visit.request.query_params) or {name: visit.field(name) for name in visit.form}
    response = await _answered(visit, pending, answer)
    response.delete_cookie(_COOKIE, path=CALLBACK)
    return response


async def _answered(visit: Visit, pending: Pending, answer: dict[str, str]) -> Response:
    """The authorization response (RFC 6749 §4.1.2, §4.2.2)."""
    values = pending.values
    if not secrets.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        return await token_dialog.failed(visit, values, "The answer's state is not the one that was sent.")
    if "error" in answer:
        sentence = ": ".join(answer[name] for name in ("error", "error_description") if answer.get(name))
        return await token_dialog.failed(visit, values, sentence)
    if values["grant_type"] == "implicit":
        return await _implicit(visit, values, answer)
    parameters = {
        "grant_type": "authorization_code",
        "code": answer.get("code", ""),
        "redirect_uri": callback_url(visit),
        "code_verifier": pending.code_verifier,
    }
    return await token_dialog.request(visit, values, parameters)


async def _implicit(visit: Visit, values: Values, answer: dict[str, str]) -> Response:
    if not answer.get("access_token"):
        return await token_dialog.failed(visit, values, "The answer holds no access token.")
    lifetime = answer.get("expires_in", "")
    told = {name: answer.get(name, "") for name in ("access_token", "token_type", "scope")}
    token = token_dialog.token_shown(
        visit, values, told | {"expires_in": int(lifetime) if lifetime.isdigit() else None}
    )
    return await token_dialog.page(visit, values, token=token)


def _parameters(visit: Visit, pending: Pending) -> dict[str, str]:
    """The authorization request (RFC 6749 §4.1.1, §4.2.1), with a code challenge (RFC 7636 §4.3)."""
    values = pending.values
    parameters = {
        "response_type": "token" if values["grant_type"] == "implicit" else "code",
        "client_id": values["client_id"],
        "redirect_uri": callback_url(visit),
        "scope": values["scope"],
        "state": pending.state,
    }
    if values["grant_type"] == "implicit":
        return parameters
    digest = hashlib.sha256(pending.code_verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return parameters | {"code_challenge": challenge, "code_challenge_method": "S256"}


def _pending(visit: Visit) -> Pending | None:
    try:
        sealed = base64.urlsafe_b64decode(visit.request.cookies.get(_COOKIE, ""))
    except ValueError:
        return None
    opened = visit.parts.sealer.open(sealed, _context(visit))
    return msgspec.json.decode(opened, type=Pending) if opened else None


def _context(visit: Visit) -> bytes:
    return b"get-token:" + visit.found.session.digest
