"""A Bruno collection for one client: its OAuth 2.0 settings, its token requests, the services it may call.

Bruno keeps a collection as a folder of `.bru` files, one for each request; `{{…}}` are variables of the environment.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from gatewright.admin.postman_tokens import ORDER
from gatewright.admin.postman_tokens import PARAMETERS
from gatewright.admin.postman_tokens import TITLES
from gatewright.admin.postman_tokens import is_allowed
from gatewright.admin.reachable import Reachable
from gatewright.admin.reachable import reachable_by
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.names import invoke_path
from gatewright.services.template import UrlTemplate
from gatewright.store.clients import RegisteredClient
from gatewright.store.database import Database
from gatewright.store.records import Client

ENVIRONMENT: Final = "Gatewright"
_HELPER_GRANTS: Final = ("client_credentials", "authorization_code", "password", "implicit")
"""The one that needs no browser first, so that Bruno's command runs the collection too."""
_SECRETS: Final = ("client_secret", "password")

Pairs = Iterable[tuple[str, str]]


async def collection(database: Database, client_id: str, issuer: str, catalogue: Catalogue) -> dict[str, str]:
    """The collection's files: texts by path. `issuer`: the server's public address. Raises NotFound."""
    registered, reachable = await reachable_by(database, client_id, catalogue)
    client = registered.client
    about = {"version": "1", "name": f"{client.label} on Gatewright", "type": "collection"}
    files = {
        "bruno.json": msgspec.json.format(msgspec.json.encode(about), indent=2).decode() + "\n",
        "collection.bru": _helper(client),
        f"environments/{ENVIRONMENT}.bru": _environment(registered, issuer),
        "Tokens/folder.bru": _block("meta", [("name", "Tokens")]),
        "Services/folder.bru": _block("meta", [("name", "Services")]),
    }
    grants = [grant for grant in ORDER if is_allowed(client, grant)]
    for number, grant in enumerate(grants, 1):
        files[f"Tokens/{TITLES[grant]}.bru"] = _token_request(client, grant, number)
    for number, (name, text) in enumerate(_service_requests(reachable), 1):
        files[f"Services/{number:03} {_file_name(name)}.bru"] = _meta(name, number) + text
    return files


def _helper(client: Client) -> str:
    """How requests get their token: Bruno's OAuth 2.0 settings for the client's first grant it knows."""
    grant = next((name for name in _HELPER_GRANTS if name in client.allowed_grants), None)
    if grant is None:
        return _block("auth", [("mode", "bearer")]) + _block("auth:bearer", [("token", "{{access_token}}")])
    pairs: list[tuple[str, str]] = [("grant_type", grant)]
    if grant in ("authorization_code", "implicit"):
        pairs += [("callback_url", "{{redirect_uri}}"), ("authorization_url", "{{baseUrl}}/oauth/authorize")]
    if grant != "implicit":
        pairs += [("access_token_url", "{{baseUrl}}/oauth/token"), ("refresh_token_url", "{{baseUrl}}/oauth/token")]
    if grant == "password":
        pairs += [("username", "{{username}}"), ("password", "{{password}}")]
    basic = "client_secret_basic" in client.client_authentication
    pairs += [
        ("client_id", "{{client_id}}"),
        ("client_secret", "{{client_secret}}"),
        ("scope", "{{scope}}"),
        ("credentials_placement", "basic_auth_header" if basic else "body"),
        ("credentials_id", "credentials"),
        ("token_placement", "header"),
        ("token_header_prefix", "Bearer"),
        ("auto_fetch_token", "true"),
        ("auto_refresh_token", "true"),
    ]
    if grant == "authorization_code":
        pairs.append(("pkce", "true"))
    return _block("auth", [("mode", "oauth2")]) + _block("auth:oauth2", pairs)


def _environment(registered: RegisteredClient, issuer: str) -> str:
    client = registered.client
    pairs = {
        "baseUrl": issuer,
        "client_id": client.client_id,
        "scope": " ".join(registered.scopes),
        "redirect_uri": next(iter(client.redirect_uris), ""),
        "username": "",
        "authorization_code": "",
        "code_verifier": "",
        "refresh_token": "",
    }
    secrets = "\n".join(f"  {name}," for name in _SECRETS).rstrip(",")
    return _block("vars", pairs.items()) + f"vars:secret [\n{secrets}\n]\n"


def _token_request(client: Client, grant: str, number: int) -> str:
    parameters = {"grant_type": grant, **PARAMETERS[grant]}
    auth = "none"
    if client.type == "public":
        parameters["client_id"] = "{{client_id}}"
        if grant == "authorization_code":
            parameters["code_verifier"] = "{{code_verifier}}"
    elif "client_secret_basic" in client.client_authentication:
        auth = "basic"
    else:
        parameters |= {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}
    text = _meta(TITLES[grant], number)
    text += _block("post", [("url", "{{baseUrl}}/oauth/token"), ("body", "formUrlEncoded"), ("auth", auth)])
    if auth == "basic":
        text += _block("auth:basic", [("username", "{{client_id}}"), ("password", "{{client_secret}}")])
    text += _block("body:form-urlencoded", parameters.items())
    keep = 'if (res.status === 200) {\n  bru.setVar("access_token", res.body.access_token);\n'
    keep += '  if (res.body.refresh_token) bru.setVar("refresh_token", res.body.refresh_token);\n}'
    return text + _text_block("script:post-response", keep)


def _service_requests(reachable: Iterable[Reachable]) -> Iterable[tuple[str, str]]:
    for each in reachable:
        auth = "none" if each.is_open else "inherit"
        if each.by_name:
            yield each.service.name, _by_name(each.service, auth)
        for template in each.templates:
            yield template.text, _by_template(each.service, template, auth)


def _by_name(service: Service, auth: str) -> str:
    pairs = [("url", "{{baseUrl}}" + invoke_path(service.name)), ("body", "json"), ("auth", auth)]
    return _block("post", pairs) + _json_body(dict(service.sample)) + _described(service)


def _by_template(service: Service, template: UrlTemplate, auth: str) -> str:
    path = "/".join(f":{part.strip('{+}')}" if part.startswith("{") else part for part in template.segments)
    rest = {name: value for name, value in service.sample.items() if name not in template.variables}
    in_query = template.method in ("GET", "DELETE")
    query = [(name, _text(one)) for name, value in rest.items() for one in _each(value)] if in_query else []
    url = "{{baseUrl}}/" + path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    body = "json" if rest and not in_query else "none"
    text = _block(template.method.lower(), [("url", url), ("body", body), ("auth", auth)])
    if query:
        text += _block("params:query", query)
    if template.variables:
        text += _block("params:path", [(name, _text(service.sample.get(name, ""))) for name in template.variables])
    return text + (_json_body(rest) if body == "json" else "") + _described(service)


def _described(service: Service) -> str:
    words = service.description or service.title
    return _text_block("docs", words) if words else ""


def _json_body(value: object) -> str:
    return _text_block("body:json", msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _meta(name: str, number: int) -> str:
    return _block("meta", [("name", name), ("type", "http"), ("seq", str(number))])


def _block(name: str, pairs: Pairs) -> str:
    lines = "".join(f"  {key}: {_line(value)}\n" for key, value in pairs)
    return f"{name} {{\n{lines}}}\n\n"


def _text_block(name: str, text: str) -> str:
    """A block of free text, which ends at the first line that is a brace alone: so every line is set in."""
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return f"{name} {{\n{lines}}}\n\n"


def _line(value: str) -> str:
    return " ".join(value.split())


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", " ", name).strip()


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
