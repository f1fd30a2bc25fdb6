"""A Postman collection (schema v2.1) for one client: its OAuth 2.0 helper, its token requests, the services it may call.

Each request tests its answer, so newman runs the collection as a check. A request that needs a variable which is still
empty (a secret, a password, a code from the browser) expects to be refused.
"""

from typing import Any
from typing import Final

import msgspec

from gatewright.admin.postman_tokens import token_folders
from gatewright.admin.reachable import Reachable
from gatewright.admin.reachable import reachable_by
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.names import invoke_path
from gatewright.services.template import UrlTemplate
from gatewright.store import clients
from gatewright.store.database import Database

Json = dict[str, Any]
SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_HELPER_GRANTS: Final = {
    "authorization_code": "authorization_code",
    "implicit": "implicit",
    "password": "password_credentials",
    "client_credentials": "client_credentials",
}
_ANSWERS: Final = """\
pm.test("the service answers", () => {
  pm.expect(pm.response.code).to.be.within(200, 299);
});"""
_ANSWERS_WITH_TOKEN: Final = """\
if (pm.variables.get("access_token")) {
  pm.test("the service answers", () => {
    pm.expect(pm.response.code).to.be.within(200, 299);
  });
} else {
  pm.test("without a token the call is refused", () => {
    pm.response.to.have.status(401);
  });
}"""


async def collection(database: Database, client_id: str, issuer: str, catalogue: Catalogue) -> Json:
    """The collection of a client. `issuer`: the server's public address. Raises NotFound."""
    registered, reachable = await reachable_by(database, client_id, catalogue)
    client = registered.client
    return {
        "info": {"name": f"{client.label} on Gatewright", "description": _description(client.label), "schema": SCHEMA},
        "auth": _helper(registered),
        "variable": _variables(registered, issuer),
        "item": [
            {"name": "Tokens", "item": token_folders(registered)},
            {"name": "Services", "item": [item for each in reachable for item in _requests(each)]},
        ],
    }


def _requests(each: Reachable) -> list[Json]:
    requests = [_by_template(each.service, template) for template in each.templates]
    if each.by_name:
        requests.insert(0, _by_name(each.service))
    script = _ANSWERS if each.is_open else _ANSWERS_WITH_TOKEN
    return [request | {"event": [_test(script)]} for request in requests]


def _by_name(service: Service) -> Json:
    path = invoke_path(service.name).strip("/").split("/")
    return {
        "name": service.name,
        "request": {
            "method": "POST",
            "description": service.description or service.title,
            "header": [],
            "url": _url(path),
            "body": _json_body(service.sample),
        },
    }


def _by_template(service: Service, template: UrlTemplate) -> Json:
    path = [f":{segment.strip('{+}')}" if segment.startswith("{") else segment for segment in template.segments]
    values = [{"key": name, "value": _text(service.sample.get(name, ""))} for name in template.variables]
    rest = {name: value for name, value in service.sample.items() if name not in template.variables}
    request: Json = {"method": template.method, "description": service.description or service.title, "header": []}
    if template.method in ("GET", "DELETE"):
        query = [{"key": name, "value": _text(one)} for name, value in rest.items() for one in _each(value)]
        request["url"] = _url(path, query=query, variable=values)
    else:
        request["url"] = _url(path, variable=values)
        request["body"] = _json_body(rest)
    return {"name": template.text, "request": request}


def _url(path: list[str], *, query: list[Json] | None = None, variable: list[Json] | None = None) -> Json:
    """An address below the server's, as the schema has it; segments `:name` are filled in from `variable`."""
    raw = "{{baseUrl}}/" + "/".join(path)
    if query:
        raw += "?" + "&".join(f"{each['key']}={each['value']}" for each in query)
    found: Json = {"raw": raw, "host": ["{{baseUrl}}"], "path": path}
    return found | ({"query": query} if query else {}) | ({"variable": variable} if variable else {})


def _json_body(value: object) -> Json:
    """A JSON body as the schema has it."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def _test(script: str) -> Json:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": script.splitlines()}}


def _helper(registered: clients.RegisteredClient) -> Json:
    """The dialog "Get New Access Token", filled in."""
    client = registered.client
    grant = next((name for name in _HELPER_GRANTS if name in client.allowed_grants), "authorization_code")
    with_pkce = grant == "authorization_code" and (client.type == "public" or client.require_pkce is True)
    values: Json = {
        "tokenName": client.name,
        "grant_type": "authorization_code_with_pkce" if with_pkce else _HELPER_GRANTS[grant],
        "authUrl": "{{baseUrl}}/oauth/authorize",
        "accessTokenUrl": "{{baseUrl}}/oauth/token",
        "refreshTokenUrl": "{{baseUrl}}/oauth/token",
        "clientId": "{{client_id}}",
        "clientSecret": "{{client_secret}}",
        "scope": "{{scope}}",
        "redirect_uri": _callback(client.redirect_uris),
        "username": "{{username}}",
        "password": "{{password}}",
        "client_authentication": "header" if "client_secret_basic" in client.client_authentication else "body",
        "challengeAlgorithm": "S256",
        "addTokenTo": "header",
        "headerPrefix": "Bearer",
        "accessToken": "{{access_token}}",
    }
    return {
        "type": "oauth2",
        "oauth2": [{"key": name, "value": value, "type": "string"} for name, value in values.items()],
    }


def _callback(redirect_uris: tuple[str, ...]) -> str:
    own = [uri for uri in redirect_uris if uri.startswith("https://oauth.pstmn.io/")]
    return next(iter([*own, *redirect_uris]), "")


def _variables(registered: clients.RegisteredClient, issuer: str) -> list[Json]:
    values = {
        "baseUrl": issuer,
        "client_id": registered.client.client_id,
        "client_secret": "",
        "scope": " ".join(registered.scopes),
        "redirect_uri": _callback(registered.client.redirect_uris),
        "username": "",
        "password": "",
        "authorization_code": "",
        "code_verifier": "",
        "access_token": "",
        "refresh_token": "",
    }
    return [{"key": name, "value": value, "type": "string"} for name, value in values.items()]


def _description(label: str) -> str:
    return (
        f"Requests for the client {label}. Set the variable client_secret (and username and password for the password"
        " grant), send a request under Tokens or use Get New Access Token, then call a service: the token just got is"
        " kept in the variable access_token."
    )


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
