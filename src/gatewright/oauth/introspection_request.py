"""Asking an external authorization server about a token (RFC 7662 §2)."""

import base64
from typing import Any
from urllib.parse import quote_plus

import msgspec

from gatewright.kernel.fetching import FetchFailed
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.external_servers import ExternalServer

_BEARER = ("bearer", "dpop")


def seal_context(name: str) -> bytes:
    """What a sealed secret is bound to: the external server it is for."""
    return f"secret for external authorization server {name}".encode()


async def ask(issuer: ExternalServer, token: str, server: AuthorizationServer) -> dict[str, Any] | None:
    """What the server says of an active access token; None when it is not active. Raises FetchFailed."""
    headers = {"accept": "application/json", **_authorization(issuer, server)}
    # §2.1: "token_type_hint OPTIONAL."
    form = {"token": token, "token_type_hint": "access_token"}
    answer = await server.fetcher.post(issuer.introspection_endpoint, form, headers)
    if answer.status != 200:
        raise FetchFailed(f"{issuer.introspection_endpoint} answered {answer.status}; 200 was expected")
    try:
        claims = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise FetchFailed(f"{issuer.introspection_endpoint} answered no JSON object") from None
    return claims if _is_access_token(claims, issuer) else None


def _is_access_token(claims: dict[str, Any], issuer: ExternalServer) -> bool:
    """§2.2: `active` is the only member that must be there; what else is there must fit."""
    if claims.get("active") is not True or claims.get("iss", issuer.issuer) != issuer.issuer:
        return False
    # Not every server heeds the hint, and an active refresh token is no access token.
    kind = claims.get("token_type")
    return (kind is None or str(kind).lower() in _BEARER) and claims.get("token_use", "access_token") == "access_token"


def _authorization(issuer: ExternalServer, server: AuthorizationServer) -> dict[str, str]:
    if issuer.sealed_secret is None:
        return {}
    secret = server.sealer.open(issuer.sealed_secret, seal_context(issuer.name))
    if secret is None:
        raise FetchFailed(f"the secret for {issuer.name} cannot be opened: the master key is another one")
    # RFC 6749 §2.3.1: both are form-urlencoded.
    pair = f"{quote_plus(issuer.client_id)}:{quote_plus(secret.decode())}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
