"""The authorization endpoint's side of pushed requests (RFC 9126 §4): `request_uri` stands for all that was pushed."""

from typing import Final

from gatewright.kernel.secrets import PUSHED_REQUEST
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.errors import InvalidRequestUri
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import pushed_requests
from gatewright.store.pushed_requests import PushedRequest
from gatewright.store.records import Client

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
"""RFC 9126 §2.2."""
_SECONDS_TO_ANSWER: Final = 1800  # to sign in and decide, once the browser is here
_UNUSABLE: Final = (
    "The request_uri is unknown, expired, answered already, or was begun in another browser or for another client: "
    "start again from the application."
)


async def begin(parameters: Parameters, browser: str, server: AuthorizationServer) -> PushedRequest:
    """The request that a `request_uri` stands for. Other parameters beside it do not count (RFC 9101 §5).

    browser: a made secret that this browser alone has.  Raises InvalidRequestUri, InvalidRequest.
    """
    reference = required(parameters, "request_uri").removeprefix(PREFIX)
    client_id = required(parameters, "client_id")
    if not is_well_formed(reference, PUSHED_REQUEST):
        raise InvalidRequestUri(_UNUSABLE, detail="request_uri is none of this server's")
    now = server.clock()
    found = await server.database.write(
        pushed_requests.begin, digest(reference), client_id, digest(browser), now, now + _SECONDS_TO_ANSWER
    )
    if found is None:
        raise InvalidRequestUri(_UNUSABLE)
    return found


async def use(pushed: PushedRequest, server: AuthorizationServer) -> None:
    """Let the request be answered, once (§4). Raises InvalidRequestUri."""
    if not await server.database.write(pushed_requests.use, pushed.digest):
        raise InvalidRequestUri(_UNUSABLE, detail="request_uri was answered already")


def is_required(client: Client, settings: GlobalSettings) -> bool:
    """Whether the client must push its requests (§5, §6)."""
    return client.require_pushed_authorization_requests or settings.require_pushed_authorization_requests
