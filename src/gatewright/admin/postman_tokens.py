"""A Postman collection's token requests: each grant the client is allowed, in each body encoding."""

from typing import Any
from typing import Final

import msgspec

from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client

Json = dict[str, Any]
ENCODINGS: Final = ("form", "multipart", "JSON")
ORDER: Final = ("authorization_code", "password", "refresh_token", "client_credentials")
"""The client's own token comes last, so that it is the one the services are called with."""
TITLES: Final = {
    "authorization_code": "Authorization Code",
    "password": "Resource Owner Password Credentials",
    "refresh_token": "Refresh Token",
    "client_credentials": "Client Credentials",
}
PARAMETERS: Final[dict[str, dict[str, str]]] = {
    "authorization_code": {"code": "{{authorization_code}}", "redirect_uri": "{{redirect_uri}}"},
    "password": {"username": "{{username}}", "password": "{{password}}", "scope": "{{scope}}"},
    "refresh_token": {"refresh_token": "{{refresh_token}}"},
    "client_credentials": {"scope": "{{scope}}"},
}
_NEEDED: Final = {
    "authorization_code": ["authorization_code"],
    "password": ["username", "password"],
    "refresh_token": ["refresh_token"],
    "client_credentials": [],
}
_SCRIPT: Final = """\
const empty = NEEDED.filter((name) => !pm.variables.get(name));
if (empty.length > 0) {
  pm.test(`refused while these variables are empty: ${empty.join(", ")}`, () => {
    pm.expect(pm.response.code).to.be.oneOf([400, 401, 429]);
  });
} else {
  pm.test("a token is issued", () => {
    pm.response.to.have.status(200);
    const answer = pm.response.json();
    pm.expect(answer.token_type).to.equal("Bearer");
    pm.expect(answer.access_token).to.be.a("string");
    pm.collectionVariables.set("access_token", answer.access_token);
    if (answer.refresh_token) {
      pm.collectionVariables.set("refresh_token", answer.refresh_token);
    }
  });
SPENT}"""
_CODE_SPENT: Final = '  pm.collectionVariables.unset("authorization_code");\n'


def token_folders(registered: RegisteredClient) -> list[Json]:
    """A folder for each grant that has a token request, with a request for each encoding."""
    client = registered.client
    return [
        {"name": TITLES[grant], "item": [_request(client, grant, encoding) for encoding in _encodings(client, grant)]}
        for grant in ORDER
        if is_allowed(client, grant)
    ]


def is_allowed(client: Client, grant: str) -> bool:
    """Whether the client has token requests of that grant."""
    if grant != "refresh_token":
        return grant in client.allowed_grants
    with_refresh = any(each in client.allowed_grants for each in ("authorization_code", "password"))
    return client.refresh_limit != 0 and with_refresh


def _encodings(client: Client, grant: str) -> tuple[str, ...]:
    """All of them; no more refresh requests than the client's refresh count allows for one grant."""
    if grant == "refresh_token" and isinstance(client.refresh_limit, int):
        return ENCODINGS[: client.refresh_limit]
    return ENCODINGS


def _request(client: Client, grant: str, encoding: str) -> Json:
    parameters = {"grant_type": grant, **PARAMETERS[grant]}
    if grant == "authorization_code" and client.type == "public":
        parameters["code_verifier"] = "{{code_verifier}}"
    needed = list(_NEEDED[grant])
    auth: Json = {"type": "noauth"}
    if client.type == "public":
        parameters["client_id"] = "{{client_id}}"
    elif client.client_authentication == ("client_secret_post",):
        parameters |= {"client_id": "{{client_id}}", "client_secret": "{{client_secret}}"}
        needed.append("client_secret")
    else:
        auth = _basic()
        needed.append("client_secret")
    return {
        "name": f"{TITLES[grant]}, {encoding}",
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": _script(grant, needed)}}],
        "request": {
            "method": "POST",
            "auth": auth,
            "header": [],
            "url": {"raw": "{{baseUrl}}/oauth/token", "host": ["{{baseUrl}}"], "path": ["oauth", "token"]},
            "body": _body(parameters, encoding),
        },
    }


def _script(grant: str, needed: list[str]) -> list[str]:
    spent = _CODE_SPENT if grant == "authorization_code" else ""
    return _SCRIPT.replace("NEEDED", msgspec.json.encode(needed).decode()).replace("SPENT", spent).splitlines()


def _basic() -> Json:
    values = {"username": "{{client_id}}", "password": "{{client_secret}}"}
    return {"type": "basic", "basic": [{"key": key, "value": value, "type": "string"} for key, value in values.items()]}


def _body(parameters: dict[str, str], encoding: str) -> Json:
    if encoding == "JSON":
        text = msgspec.json.format(msgspec.json.encode(parameters), indent=2).decode()
        return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    mode = "urlencoded" if encoding == "form" else "formdata"
    return {"mode": mode, mode: [{"key": key, "value": value, "type": "text"} for key, value in parameters.items()]}
