"""What the server's own endpoints show to a stranger."""

import base64
from collections.abc import AsyncIterator
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gatewright.admin.doctor.asking import CHALLENGE
from gatewright.admin.doctor.asking import NOBODY
from gatewright.admin.doctor.asking import NOWHERE
from gatewright.admin.doctor.asking import Answer
from gatewright.admin.doctor.asking import Asking
from gatewright.admin.doctor.configuration import LOOPBACK
from gatewright.admin.doctor.finding import Finding
from gatewright.admin.doctor.finding import Level

_SERVER: Final = "running server"
_PROXY: Final = "Look for a proxy that changes headers."
_TOKEN, _AUTHORIZE, _LOGIN = "/oauth/token", "/oauth/authorize", "/account/login"
_SECRET_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_SHORT_MODULUS: Final = 341  # characters of base64url: fewer than 2048 bits


async def ask_server(asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    """Findings about the server. Raises httpx.HTTPError when it does not answer."""
    metadata = (await asking.get("/.well-known/oauth-authorization-server")).document
    for finding in examine_metadata(metadata, issuer):
        yield finding
    for group in (_token_endpoint, _authorization_endpoint, _closed_doors, _keys):
        async for finding in group(asking, issuer):
            yield finding
    for finding in _login_page(await asking.get(_LOGIN), issuer):
        yield finding


def examine_metadata(metadata: Mapping[str, object], issuer: str) -> Iterator[Finding]:
    """Findings about the metadata document (RFC 8414)."""
    if metadata.get("issuer") != issuer:
        yield _finding(
            "must",
            "issuer",
            "RFC 8414 §3.3",
            f"it calls itself {metadata.get('issuer')!r}, but its address for clients is {issuer!r}",
            "Start it with the same public_url, or mend the proxy.",
        )
        return
    addresses = {name: str(value) for name, value in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))}
    if stray := next((name for name, url in addresses.items() if _origin(url) != _origin(issuer)), None):
        yield _finding(
            "must",
            "endpoints",
            "RFC 9700 §2.6",
            f"its metadata sends clients elsewhere: {stray} is {addresses[stray]}",
            "Start it with the same public_url, or mend the proxy.",
        )
    methods = metadata.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods:
        yield _finding(
            "must",
            "pkce-advertised",
            "RFC 9700 §2.1.1",
            "its metadata does not say that it takes PKCE by S256",
            "Serve the metadata of this server.",
        )


async def _token_endpoint(asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    answer = await asking.post(_TOKEN, {"grant_type": "authorization_code", "code": NOBODY, "client_id": NOBODY})
    if "no-store" not in answer.headers.get("cache-control", ""):
        yield _finding(
            "must",
            "token-cache",
            "RFC 6749 §5.1",
            "answers of the token endpoint may be kept by caches (Cache-Control says no no-store)",
            _PROXY,
        )
    if answer.status < 400:
        yield _finding(
            "must",
            "unknown-client",
            "RFC 6749 §3.2.1",
            "the token endpoint answers a client that does not exist",
            "Look for another server at this address.",
        )
    if _lets_credentials_in(answer) or _lets_credentials_in(await asking.options(_TOKEN)):
        yield _finding(
            "must",
            "cors-credentials",
            "RFC 9700 §2.6",
            "any page may call the token endpoint with the browser's cookies",
            "Look for a proxy that adds Access-Control-Allow-Credentials.",
        )
    if (await asking.get(_TOKEN, grant_type="client_credentials", client_id=NOBODY)).status != 405:
        yield _finding(
            "must",
            "token-get",
            "RFC 6749 §3.2",
            "the token endpoint does not refuse GET, which puts secrets into logs and histories",
            "Set token_parameters_in_url to compatibility or never; look for a proxy that changes methods.",
        )
    parameters = {"grant_type": "client_credentials", "client_id": NOBODY}
    in_url, empty = await asking.post(_TOKEN, {}, parameters), await asking.post(_TOKEN, {})
    if in_url.document.get("error") != "invalid_request" and in_url.document != empty.document:
        yield _finding(
            "must",
            "parameters-in-url",
            "RFC 6749 §2.3.1, RFC 9700 §4.3.2",
            "the token endpoint takes parameters from the URL, which logs and histories keep",
            "Set token_parameters_in_url to compatibility or never.",
        )


async def _authorization_endpoint(asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    asked = {"response_type": "code", "client_id": NOBODY, "redirect_uri": f"{NOWHERE}/callback"}
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    answer = await asking.get(_AUTHORIZE, **asked, **challenge)
    if answer.location.startswith(NOWHERE):
        yield _finding(
            "must",
            "open-redirect",
            "RFC 9700 §4.11.2",
            "it sends browsers wherever a client that does not exist wants",
            "Look for another server at this address.",
        )
    if "access-control-allow-origin" in answer.headers:
        yield _finding(
            "must",
            "authorize-cors",
            "RFC 9700 §2.6",
            "pages of other origins may read the authorization endpoint",
            "Look for a proxy that adds Access-Control-Allow-Origin.",
        )


async def _closed_doors(asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    if (await asking.post("/oauth/introspect", {"token": NOBODY})).status not in (400, 401, 403):
        yield _finding(
            "must",
            "introspection",
            "RFC 7662 §2.1",
            "introspection answers whoever asks",
            "Look for another server at this address.",
        )
    path = "/invoke/gatewright.doctor/nothing"
    answer = await asking.get(path)
    if answer.status != 401 or "www-authenticate" not in answer.headers:
        yield _finding(
            "must",
            "challenge",
            "RFC 6750 §3",
            "a call without a token is not answered by 401 and WWW-Authenticate",
            "Look for a proxy or an ACL that lets everybody in.",
        )
    if (await asking.bearer(path, _unsigned(issuer))).status != 401:
        yield _finding(
            "must",
            "alg-none",
            "RFC 8725 §3.2",
            "a JWT without a signature is taken as an access token",
            "Look for a proxy that verifies tokens in its own way.",
        )


async def _keys(asking: Asking, issuer: str) -> AsyncIterator[Finding]:
    keys = (await asking.get("/oauth/jwks")).document.get("keys")
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, dict):
            continue
        if not _SECRET_MEMBERS.isdisjoint(key):
            yield _finding(
                "must", "published-secret", "RFC 7517 §9.2", "/oauth/jwks shows a private key", "Rotate the keys now."
            )
        elif key.get("kty") == "RSA" and len(str(key.get("n", ""))) < _SHORT_MODULUS:
            yield _finding(
                "must", "short-key", "RFC 7518 §3.3", "an RSA key has fewer than 2048 bits", "Rotate the keys."
            )


def _login_page(page: Answer, issuer: str) -> Iterator[Finding]:
    headers, policy = page.headers, page.headers.get("content-security-policy", "")
    if "frame-ancestors" not in policy and "x-frame-options" not in headers:
        yield _finding("must", "clickjacking", "RFC 9700 §4.16", "other pages may frame the login page", _PROXY)
    if headers.get("referrer-policy") != "no-referrer":
        yield _finding(
            "should", "referrer", "RFC 9700 §4.2.4", "the login page tells others its address (Referrer-Policy)", _PROXY
        )
    if "no-store" not in headers.get("cache-control", ""):
        yield _finding("should", "page-cache", "RFC 9700 §4.3", "the login page may be kept by caches", _PROXY)
    if "default-src 'none'" not in policy and "script-src" not in policy:
        yield _finding(
            "should", "script-policy", "RFC 9700 §4.16", "nothing keeps foreign scripts off the login page", _PROXY
        )
    if "httponly" not in headers.get("set-cookie", "httponly").lower():
        yield _finding("must", "cookie", "RFC 6265 §8.3", "scripts may read the login page's cookie", _PROXY)
    https = urlsplit(issuer).scheme == "https" and urlsplit(issuer).hostname not in LOOPBACK
    if https and "secure" not in headers.get("set-cookie", "secure").lower():
        yield _finding("must", "cookie", "RFC 6265 §8.3", "the login page's cookie may travel over plain HTTP", _PROXY)


def _lets_credentials_in(answer: Answer) -> bool:
    return answer.headers.get("access-control-allow-credentials", "").lower() == "true"


def _unsigned(issuer: str) -> str:
    """An access token by RFC 9068 of `alg` none."""
    header = {"alg": "none", "typ": "at+jwt"}
    claims = {"iss": issuer, "aud": issuer, "sub": NOBODY, "client_id": NOBODY, "jti": NOBODY, "exp": 4_102_444_800}
    parts = (base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode() for part in (header, claims))
    return ".".join(parts) + "."


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _finding(level: Level, rule: str, section: str, message: str, mend: str) -> Finding:
    return Finding(
        level=level, rule=rule, subject=_SERVER, section=section, message=message, mend=mend, seen=("request",)
    )
