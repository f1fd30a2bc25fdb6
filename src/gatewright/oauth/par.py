"""The pushed authorization request endpoint (RFC 9126 §2)."""

from typing import Final

import msgspec

from gatewright.kernel.secrets import PUSHED_REQUEST
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import authorize
from gatewright.oauth import dpop
from gatewright.oauth.client_authentication import authenticate
from gatewright.oauth.errors import InvalidDpopProof
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.request_uri import PREFIX
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import pushed_requests
from gatewright.store.pushed_requests import PushedRequest

_CREDENTIALS: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class PushedAuthorizationResponse(msgspec.Struct, frozen=True):
    """A successful answer (§2.2). `expires_in`: seconds."""

    request_uri: str
    expires_in: int


async def push(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> PushedAuthorizationResponse:
    """Check an authorization request and keep it for the browser that will come. Raises OAuthError."""
    # §2.1: "Authenticate the client in the same way as at the token endpoint"
    registered = await authenticate(parameters, authorization, sender, server)
    # §2.1: "Reject the request if the request_uri authorization request parameter is provided."
    if "request_uri" in parameters:
        raise InvalidRequest("request_uri must not be pushed itself.", rule="request_uri")
    client_id = registered.client.client_id
    asked = {name: text for name, text in parameters.items() if name not in _CREDENTIALS} | {"client_id": client_id}
    if sender.proof is not None:
        asked["dpop_jkt"] = await _proven_key(asked, sender, server)
    # §2.1: "Validate the pushed request as it would an authorization request sent to the authorization endpoint."
    await authorize.validate(asked, registered, server)
    return await _keep(client_id, asked, server)


async def _proven_key(asked: Parameters, sender: Sender, server: AuthorizationServer) -> str:
    """The key of the proof that came along, which stands for `dpop_jkt` (RFC 9449 §10.1)."""
    jkt = await dpop.verify(sender, server)
    # "the authorization server MUST reject the request if the JWK Thumbprint in dpop_jkt does not match"
    if asked.get("dpop_jkt", jkt) != jkt:
        raise InvalidDpopProof("dpop_jkt is not the thumbprint of the DPoP proof's key.")
    return jkt


async def _keep(client_id: str, asked: dict[str, str], server: AuthorizationServer) -> PushedAuthorizationResponse:
    lifetime = (await server.directory.settings()).pushed_request_lifetime
    reference = make_secret(PUSHED_REQUEST)
    pushed = PushedRequest(
        digest=digest(reference), client_id=client_id, parameters=asked, expires_at=server.clock() + lifetime
    )
    await server.database.write(pushed_requests.add, pushed)
    return PushedAuthorizationResponse(PREFIX + reference, lifetime)
