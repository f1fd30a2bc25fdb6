"""webMethods' `pub.oauth:removeExpiredAccessTokens`, which takes what the Admin API's operation of that kind takes."""

from typing import Final

import msgspec

from gatewright.admin import tokens
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.roles import roles
from gatewright.app.parts import Parts
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import Unavailable
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import OAuthError
from gatewright.services.guard import Refused
from gatewright.web.admin_api.operation import refuse_unless_allowed
from gatewright.web.admin_api.tokens import MOST_REMOVED
from gatewright.web.admin_api.tokens import REMOVE_EXPIRED
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.oauth_endpoints import Handler
from gatewright.web.oauth_endpoints import unavailable
from gatewright.web.parameters import oauth_parameters
from gatewright.web.possession import dpop_sender
from gatewright.web.service_answers import refused
from gatewright.web.transport import refuse_plain_http


async def remove_expired_access_tokens(request: Request, parts: Parts) -> Response:
    """Remove up to `maxRows` expired access tokens for an administrator; `removedTokensCount` tells how many went."""
    if request.method not in ("GET", "POST"):
        return method_not_allowed("GET", "POST", "OPTIONS")
    try:
        refuse_plain_http(request, await parts.directory.settings())
        by = await _administrator(request, parts)
        parameters = await oauth_parameters(request, in_url=True)
        removed = await parts.database.write(tokens.remove_expired, by, _most(parameters.get("maxRows")))
    except Refused as error:
        return refused(error, request, f"{parts.server.issuer}/.well-known/oauth-protected-resource")
    except OAuthError as error:
        return _say(request, error.status, error.body())
    except BodyTooLarge:
        return _say(request, 413, InvalidRequest("The body is too large.").body())
    except Unavailable as error:
        return unavailable(error, request)
    return Response(200, msgspec.json.encode({"removedTokensCount": removed}), [JSON, NO_STORE])


def _say(request: Request, status: int, body: dict[str, str]) -> Response:
    return Response(status, msgspec.json.encode({**body, "reference": request.id}), [JSON, NO_STORE])


async def _administrator(request: Request, parts: Parts) -> By:
    scheme, _, token = (request.header(b"authorization") or "").partition(" ")
    caller = await parts.guard.admit(
        token.strip() if token and scheme.lower() in ("bearer", "dpop") else None,
        REMOVE_EXPIRED.service,
        None,
        raw_path=request.raw_path,
        sender=dpop_sender(request),
    )
    held = roles(caller.groups)
    try:
        refuse_unless_allowed(held, REMOVE_EXPIRED.action)
    except Forbidden as error:
        raise Refused(403, "access_denied", str(error), rule="acl_names", caller=caller) from error
    actor = Actor(caller.username) if caller.username else Actor(caller.client_id or caller.subject, "client")
    return By(actor, parts.clock(), lambda: parts.sealer, held)


def _most(given: str | None) -> int:
    if given is None:
        return MOST_REMOVED
    if not given.isascii() or not given.isdigit() or not int(given[:9]) > 0:
        raise InvalidRequest("maxRows must be a whole number, 1 or more.")
    return min(int(given[:9]), MOST_REMOVED)


EXPIRED_TOKENS: Final[dict[str, Handler]] = {
    f"/invoke/pub.oauth{separator}removeExpiredAccessTokens": remove_expired_access_tokens for separator in "/:"
}
"""Its addresses."""
