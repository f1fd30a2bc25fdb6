"""The dialog Get New Access Token: its page, and a request to the token endpoint as an application makes it."""

import base64
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin.client_rules import GRANTS
from gatewright.console.templating import pretty_json
from gatewright.console.visit import Visit
from gatewright.identity.throttle import TooManyFailures
from gatewright.oauth.device_authorization import DeviceAuthorizationResponse
from gatewright.oauth.device_authorization import authorize_device
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.par import push
from gatewright.oauth.sender import Sender
from gatewright.oauth.token import token as request_token
from gatewright.services.names import invoke_path
from gatewright.store import clients
from gatewright.store.database import Transaction
from gatewright.store.records import Client

PAGE: Final = "/console/get-token"
CALLBACK: Final = f"{PAGE}/callback"
FIELDS: Final = (
    "token_name", "grant_type", "client_id", "client_secret", "scope", "username", "password", "client_authentication",
    "service",
)  # fmt: skip
_EMPTY: Final = dict.fromkeys(FIELDS, "") | {
    "token_name": "Token",
    "grant_type": "client_credentials",
    "client_authentication": "client_secret_basic",
}
_MOST_CLIENTS: Final = 500

Values = dict[str, str]


def values_with(**given: str) -> Values:
    """The dialog's fields, as they begin but for those given."""
    return _EMPTY | given


def typed(visit: Visit) -> Values:
    """The dialog's fields as they were sent."""
    return {name: visit.field(name).strip() for name in FIELDS}


def callback_url(visit: Visit) -> str:
    """Where the authorization endpoint answers."""
    return visit.parts.server.issuer + CALLBACK


async def request(visit: Visit, values: Values, parameters: dict[str, str]) -> Response:
    """Ask the token endpoint; the dialog with the token, or with why there is none."""
    try:
        answer = await ask(visit, values, {name: value for name, value in parameters.items() if value})
    except OAuthError as error:
        return await failed(visit, values, f"{error.code}: {error.public}")
    except TooManyFailures as error:
        return await failed(visit, values, str(error))
    return await page(visit, values, token=token_shown(visit, values, answer))


async def ask(visit: Visit, values: Values, parameters: dict[str, str]) -> dict[str, Any]:
    """The token endpoint's answer (RFC 6749 §5.1). Raises OAuthError, TooManyFailures."""
    authorization, sent = _authenticated(values, parameters)
    answer: dict[str, Any] = msgspec.to_builtins(
        await request_token(sent, authorization, _sender(visit), visit.parts.server)
    )
    return answer


async def device_authorization(visit: Visit, values: Values, parameters: dict[str, str]) -> DeviceAuthorizationResponse:
    """Ask for a device's code (RFC 8628 §3.1). Raises OAuthError, TooManyFailures."""
    authorization, sent = _authenticated(values, parameters)
    return await authorize_device(sent, authorization, _sender(visit), visit.parts.server)


async def pushed(visit: Visit, values: Values, parameters: dict[str, str]) -> dict[str, str]:
    """Push an authorization request (RFC 9126), as its client; what stands for it. Raises OAuthError, TooManyFailures."""
    authorization, sent = _authenticated(values, parameters)
    answer = await push(sent, authorization, _sender(visit), visit.parts.server)
    return {"client_id": values["client_id"], "request_uri": answer.request_uri}


def token_shown(visit: Visit, values: Values, answer: dict[str, Any]) -> dict[str, Any]:
    """A token response (RFC 6749 §5.1) as the page shows it."""
    return {
        "token_name": values["token_name"] or "Token",
        "access_token": answer["access_token"],
        "token_type": answer["token_type"],
        "refresh_token": answer.get("refresh_token") or "",
        "expires_in": answer.get("expires_in"),
        "scope": answer["scope"],
        "access_token_url": f"{visit.parts.server.issuer}/oauth/token",
    }


async def failed(visit: Visit, values: Values, sentence: str, field: str = "") -> Response:
    """The dialog with what was typed, and why there is no token."""
    return await page(visit, values, errors={field: sentence}, status=422)


async def page(
    visit: Visit, values: Values, *, errors: dict[str, str] | None = None, token: dict[str, Any] | None = None,
    call: dict[str, Any] | None = None, device: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """The dialog. call: what Use Token gave (`use_token`).  device: a code that waits for somebody (`device_grant`)."""
    found, chosen, scopes = await visit.read(_clients, values["client_id"])
    issuer, services = visit.parts.server.issuer, _callable(visit)
    wanted = call["request"] if call else _first_of(services, values["service"])
    return visit.page(
        "get_token.html",
        status,
        clients=[(client.client_id, client.label) for client in found],
        values=values | {"client_id": chosen.client_id if chosen else "", "client_secret": "", "password": ""},
        errors=errors or {},
        auth_url=f"{issuer}/oauth/authorize",
        access_token_url=f"{issuer}/oauth/token",
        callback_url=callback_url(visit),
        client=_facts(visit, chosen, scopes) if chosen else None,
        token=token,
        services=services,
        wanted=wanted,
        body=call["body"] if call else next((each["sample"] for each in services if each["address"] == wanted), "{}"),
        call=call,
        device=device,
    )


def _sender(visit: Visit) -> Sender:
    return Sender(visit.request.client.host if visit.request.client else "")


def _authenticated(values: Values, parameters: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    """The request with the client's credentials where the choice says (RFC 6749 §2.3.1)."""
    client_id, secret = values["client_id"], values["client_secret"]
    if not secret:
        return None, parameters | {"client_id": client_id}
    if values["client_authentication"] == "client_secret_post":
        return None, parameters | {"client_id": client_id, "client_secret": secret}
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode(), parameters


def _clients(transaction: Transaction, client_id: str) -> tuple[list[Client], Client | None, tuple[str, ...]]:
    """The clients to choose from, the chosen one, and the scopes it may ask for."""
    found = [client for client in clients.page(transaction, (), _MOST_CLIENTS) if client.enabled]
    chosen = clients.find(transaction, client_id) if client_id else None
    if chosen and chosen not in found:
        found.append(chosen)
    chosen = chosen or (found[0] if found else None)
    return found, chosen, clients.scopes(transaction, chosen.client_id) if chosen else ()


def _facts(visit: Visit, client: Client, scopes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "scopes": scopes,
        "grants": [GRANTS.get(grant, grant) for grant in client.allowed_grants],
        "has_callback": callback_url(visit) in client.redirect_uris,
        "type": client.type,
    }


def _callable(visit: Visit) -> list[dict[str, str]]:
    """What Use Token can call: each URL template, each service at its own address."""
    services = visit.catalogue.services
    templates = visit.catalogue.templates.by_text.values()
    addresses = [(template.text, template.service) for template in templates if template.service in services]
    addresses += [(f"POST {invoke_path(name)}", name) for name in sorted(services)]
    return [
        {"address": address, "service": name, "sample": pretty_json(dict(services[name].sample))}
        for address, name in addresses
        if services[name].enabled
    ]


def _first_of(services: list[dict[str, str]], name: str) -> str:
    mine = [each["address"] for each in services if each["service"] == name] or [each["address"] for each in services]
    return mine[0] if mine else ""
