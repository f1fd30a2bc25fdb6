"""Token Inspector: what a token says of itself, and what this server says of it. The token is not kept."""

import base64
import binascii
from typing import Any
from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.console.templating import pretty_json
from gatewright.console.visit import Visit
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.oauth.access_token import find_active
from gatewright.oauth.introspect import describe_any
from gatewright.store import tokens

_LONGEST: Final = 16_384
_TIMES: Final = ("iat", "nbf", "exp", "auth_time")


async def show(visit: Visit) -> Response:
    """The form, and what was found."""
    return await inspect(visit, visit.field("token")) if visit.is_post else _page(visit)


async def inspect(visit: Visit, pasted: str) -> Response:
    """What was found of a token, with the form for another."""
    text = "".join(pasted.split())
    if not text or len(text) > _LONGEST or not text.isascii():
        return _page(visit, errors={"token": f"Paste one token, of at most {_LONGEST:,} characters."})
    jwt = _decoded(text)
    server = visit.parts.server
    found = await describe_any(text, server)
    reason, token_id = "", None
    if not found.active:
        reason = await _why_not(visit, text, jwt)
    elif not text.startswith(REFRESH_TOKEN):
        token = await visit.read(tokens.find_access_token, digest(text))
        token_id = token.id if token else None
    answer = pretty_json(msgspec.to_builtins(found))
    return _page(visit, found=found, jwt=jwt, reason=reason, token_id=token_id, kind=_kind(text, jwt), answer=answer)


def _page(visit: Visit, errors: dict[str, str] | None = None, **found: Any) -> Response:
    nothing = {"found": None, "jwt": None, "reason": "", "token_id": None, "kind": "", "answer": ""}
    return visit.page("inspector.html", 422 if errors else 200, errors=errors or {}, **{**nothing, **found})


def _kind(text: str, jwt: dict[str, Any] | None) -> str:
    if text.startswith(ACCESS_TOKEN):
        return "An opaque access token"
    if text.startswith(REFRESH_TOKEN):
        return "A refresh token"
    return "A JWT" if jwt else "Neither a token of this server's form nor a JWT"


async def _why_not(visit: Visit, text: str, jwt: dict[str, Any] | None) -> str:
    issuer, own = (jwt or {}).get("issuer"), visit.parts.server.issuer
    if issuer not in (None, own):
        return f"it was issued by {issuer}, not by this server, {own}"
    if text.startswith(REFRESH_TOKEN):
        return "it is unknown, used, expired or revoked, or its client or user is disabled"
    reason = await find_active(text, visit.parts.server)
    return reason if isinstance(reason, str) else ""


def _decoded(text: str) -> dict[str, Any] | None:
    """A JWT's header and claims as they stand (RFC 7519 §3), of which nothing is verified here; None when it is none."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        header, claims = (msgspec.json.decode(_bytes(part), type=dict[str, Any]) for part in parts[:2])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        return None
    issuer = claims.get("iss")
    return {
        "header": pretty_json(header),
        "claims": pretty_json(claims),
        "issuer": issuer if isinstance(issuer, str) else None,
        "times": [(name, claims[name]) for name in _TIMES if _is_time(claims.get(name))],
    }


def _is_time(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 253_402_300_800  # the year 10000


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
