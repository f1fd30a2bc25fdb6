"""Code that gets a token as a client and calls a service with it: for a shell, Python and JavaScript.

The secret is never in it: it is read from the environment variable CLIENT_SECRET.
"""

import json
import shlex
from typing import Any
from typing import Final
from urllib.parse import quote
from urllib.parse import urlencode

import msgspec

from gatewright.services.catalogue import Service
from gatewright.services.names import invoke_path
from gatewright.services.template import UrlTemplate
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client

CODE_GRANTS: Final = ("authorization_code",)
_ALONE: Final = ("client_credentials", "password")


class ServiceRequest(msgspec.Struct, frozen=True):
    """A request that calls a service. body: None for none."""

    method: str
    url: str
    body: Any = None


class Snippets(msgspec.Struct, frozen=True):
    """The same in three languages. Empty when the client has no grant that they can show."""

    curl: str
    python: str
    javascript: str


def request_of(service: Service, template: UrlTemplate | None, issuer: str) -> ServiceRequest:
    """The request that calls a service with its sample input, through `template` or at its own address."""
    if template is None:
        return ServiceRequest("POST", issuer + invoke_path(service.name), dict(service.sample))
    sample = service.sample
    parts = [_filled(part, sample) if part.startswith("{") else part for part in template.segments]
    rest = {name: value for name, value in sample.items() if name not in template.variables}
    url = f"{issuer}/{'/'.join(parts)}"
    if template.method not in ("GET", "DELETE"):
        return ServiceRequest(template.method, url, rest)
    query = urlencode({name: _text(value) for name, value in rest.items()})
    return ServiceRequest(template.method, f"{url}?{query}" if query else url)


def snippets(registered: RegisteredClient, issuer: str, request: ServiceRequest) -> Snippets:
    """The code for a client's first grant that a program can use by itself, else for its authorization code grant."""
    client, scope = registered.client, " ".join(registered.scopes)
    grant = next((name for name in (*_ALONE, *CODE_GRANTS) if name in client.allowed_grants), None)
    if grant is None:
        return Snippets("", "", "")
    return Snippets(
        curl=_curl(client, grant, scope, issuer, request),
        python=_python(client, grant, scope, issuer, request),
        javascript=_javascript(client, grant, scope, issuer, request),
    )


def _curl(client: Client, grant: str, scope: str, issuer: str, request: ServiceRequest) -> str:
    lines = []
    if grant == "authorization_code":
        lines += [
            "# 1. Open this address in a browser and approve; the code is in the address it returns to.",
            f"#    {issuer}/oauth/authorize?{_authorize_query(client, scope)}&code_challenge_method=S256&code_challenge=…",
            "# 2. Exchange it:",
        ]
    parameters = [("grant_type", grant), *_parameters(client, grant, scope)]
    auth = [] if client.type == "public" or not _basic(client) else [f'-u "{client.client_id}:$CLIENT_SECRET"']
    data = [f"-d {shlex.quote(f'{name}={value}')}" for name, value in parameters if not value.startswith("$")]
    data += [f'--data-urlencode "{name}={value}"' for name, value in parameters if value.startswith("$")]
    lines.append(f"curl -s {' '.join([*auth, *data])} \\\n  {issuer}/oauth/token")
    lines += ["", "# Put the answer's access_token into TOKEN, then call:"]
    body = ""
    if request.body is not None:
        body = (
            f" -H 'Content-Type: application/json' \\\n  -d {shlex.quote(json.dumps(request.body, ensure_ascii=False))}"
        )
    method = f" -X {request.method}" if request.method != ("GET" if request.body is None else "POST") else ""
    lines.append(f'curl -s{method} -H "Authorization: Bearer $TOKEN"{body} \\\n  {shlex.quote(request.url)}')
    return "\n".join(lines) + "\n"


def _python(client: Client, grant: str, scope: str, issuer: str, request: ServiceRequest) -> str:
    method = "none" if client.type == "public" else "client_secret_basic" if _basic(client) else "client_secret_post"
    secret = "" if client.type == "public" else ', client_secret=os.environ["CLIENT_SECRET"]'
    extra = f", redirect_uri={_redirect_uri(client)!r}" if grant == "authorization_code" else ""
    lines = [
        "# pip install authlib requests",
        "import os",
        "",
        "from authlib.integrations.requests_client import OAuth2Session",
        "",
        f"session = OAuth2Session({client.client_id!r}{secret}, scope={scope!r},",
        f"                        token_endpoint_auth_method={method!r}{extra})",
    ]
    token = f"{issuer}/oauth/token"
    if grant == "authorization_code":
        lines[5:5] = ["from authlib.common.security import generate_token", ""]
        lines += [
            "verifier = generate_token(64)",
            f'address, state = session.create_authorization_url("{issuer}/oauth/authorize", code_verifier=verifier)',
            'print("Open", address)',
            'answer = input("The address it returned to: ")',
            f'session.fetch_token("{token}", authorization_response=answer, code_verifier=verifier)',
        ]
    elif grant == "password":
        credentials = 'username=os.environ["USERNAME"], password=os.environ["PASSWORD"]'
        lines.append(f'session.fetch_token("{token}", {credentials})')
    else:
        lines.append(f'session.fetch_token("{token}", grant_type="client_credentials")')
    body = f", json={request.body!r}" if request.body is not None else ""
    lines += [f'answer = session.request("{request.method}", {request.url!r}{body})', "print(answer.json())"]
    if client.type == "public" and grant != "password":
        lines = [line for line in lines if line != "import os"]
    return "\n".join(lines) + "\n"


def _javascript(client: Client, grant: str, scope: str, issuer: str, request: ServiceRequest) -> str:
    parameters = [("grant_type", grant), *_parameters(client, grant, scope)]
    given = "".join(f"  {name}: {_js(value)},\n" for name, value in parameters)
    lines = []
    if grant == "authorization_code":
        lines += [
            "// The code and its verifier come from the way through the browser (RFC 7636):",
            f"// {issuer}/oauth/authorize?{_authorize_query(client, scope)}&code_challenge_method=S256&code_challenge=…",
        ]
    headers = ""
    if client.type != "public" and _basic(client):
        lines.append(f"const basic = btoa(`{client.client_id}:${{process.env.CLIENT_SECRET}}`);")
        headers = "  headers: { authorization: `Basic ${basic}` },\n"
    lines += [
        f'const granted = await fetch("{issuer}/oauth/token", {{',
        f'  method: "POST",\n{headers}  body: new URLSearchParams({{\n{_indented(given)}  }}),',
        "});",
        "const { access_token } = await granted.json();",
        f"const answer = await fetch({json.dumps(request.url)}, {{",
        f'  method: "{request.method}",',
    ]
    if request.body is None:
        lines.append("  headers: { authorization: `Bearer ${access_token}` },")
    else:
        lines.append('  headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },')
        lines.append(f"  body: JSON.stringify({json.dumps(request.body, ensure_ascii=False)}),")
    lines += ["});", "console.log(await answer.json());"]
    return "\n".join(lines) + "\n"


def _parameters(client: Client, grant: str, scope: str) -> list[tuple[str, str]]:
    """The token request's parameters beside grant_type; `$NAME` stands for a variable of the environment."""
    found = {
        "client_credentials": [("scope", scope)],
        "password": [("username", "$USERNAME"), ("password", "$PASSWORD"), ("scope", scope)],
        "authorization_code": [
            ("code", "$CODE"),
            ("redirect_uri", _redirect_uri(client)),
            ("code_verifier", "$CODE_VERIFIER"),
        ],
    }[grant]
    if client.type == "public":
        found.append(("client_id", client.client_id))
    elif not _basic(client):
        found += [("client_id", client.client_id), ("client_secret", "$CLIENT_SECRET")]
    return [(name, value) for name, value in found if value]


def _authorize_query(client: Client, scope: str) -> str:
    values = {"response_type": "code", "client_id": client.client_id, "redirect_uri": _redirect_uri(client)}
    return urlencode(values | ({"scope": scope} if scope else {}))


def _redirect_uri(client: Client) -> str:
    return next(iter(client.redirect_uris), "")


def _basic(client: Client) -> bool:
    return "client_secret_basic" in client.client_authentication


def _js(value: str) -> str:
    return f"process.env.{value[1:]}" if value.startswith("$") else json.dumps(value)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _filled(part: str, sample: Any) -> str:
    return quote(_text(sample.get(part.strip("{+}"), "")), safe="")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
