"""The device authorization endpoint (RFC 8628 §3.1, §3.2)."""

from typing import Final
from urllib.parse import urlencode

import msgspec

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import DEVICE_CODE
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import device_code
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth import user_code
from gatewright.oauth.client_authentication import authenticate
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.oauth.token import refuse_unless_allowed
from gatewright.store import device_codes
from gatewright.store.device_codes import DeviceCode

_TRIES: Final = 5


class DeviceAuthorizationResponse(msgspec.Struct, frozen=True):
    """What the device shows, and with what it polls (§3.2). `expires_in`, `interval`: seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


async def authorize_device(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> DeviceAuthorizationResponse:
    """Keep a device's request until somebody decides. Raises OAuthError, Unavailable."""
    # §3.1: "The client authentication requirements of Section 3.2.1 of [RFC6749] apply"
    registered = await authenticate(parameters, authorization, sender, server)
    refuse_unless_allowed(device_code.GRANT_TYPE, registered.client)
    settings, now = await server.directory.settings(), server.clock()
    text = make_secret(DEVICE_CODE)
    code = DeviceCode(
        digest=digest(text),
        user_code=user_code.make(),
        client_id=registered.client.client_id,
        scope=scope.resolve(parameters.get("scope"), registered),
        resource=resource.resolve(parameters, server),
        grant_id=row_id(),
        issued_at=now,
        expires_at=now + settings.device_code_lifetime,
        interval=settings.device_polling_interval,
        next_poll_at=now,
    )
    shown = user_code.shown(await _keep(code, server))
    page = f"{server.issuer}/oauth/device"
    return DeviceAuthorizationResponse(
        device_code=text,
        user_code=shown,
        verification_uri=page,
        verification_uri_complete=f"{page}?{urlencode({'user_code': shown})}",
        expires_in=settings.device_code_lifetime,
        interval=code.interval,
    )


async def _keep(code: DeviceCode, server: AuthorizationServer) -> str:
    """Keep the code; the user code it got, another one when that was in use."""
    for _ in range(_TRIES):
        try:
            await server.database.write(device_codes.add, code)
        except Conflict:
            code = msgspec.structs.replace(code, user_code=user_code.make())
        else:
            return code.user_code
    raise Unavailable("no user code was free")
