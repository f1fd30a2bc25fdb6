"""The person's side of a device's request (RFC 8628 §3.3): which request a typed code stands for, and the decision."""

from collections.abc import Sequence

import msgspec

from gatewright.identity import throttle
from gatewright.oauth import client_id_document
from gatewright.oauth import device_code
from gatewright.oauth import user_code
from gatewright.oauth.access_token import still_associated
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.server import AuthorizationServer
from gatewright.oauth.token import refuse_unless_allowed
from gatewright.store import device_codes
from gatewright.store.device_codes import DeviceCode
from gatewright.store.records import Client
from gatewright.store.records import User


class UnknownUserCode(InvalidRequest):
    """No request waits under what was typed."""


class DeviceRequest(msgspec.Struct, frozen=True):
    """A pending request of a device, the client it is of, and the scopes that this client may still have."""

    code: DeviceCode
    client: Client
    scope: tuple[str, ...]


async def find(typed: str, user: User, address: str, server: AuthorizationServer) -> DeviceRequest:
    """The pending request of a user code that `user`, who is signed in, typed.

    address: the peer's. Guesses are counted per user and address (§5.1).
    Raises UnknownUserCode, UnauthorizedClient, TooManyFailures.
    """
    settings, now = await server.directory.settings(), server.clock()
    attempt = throttle.Attempt(kind="user_code", name=user.id, address=address)
    async with throttle.in_turn(attempt):
        await throttle.refuse_if_blocked(server.database, settings, attempt, now)
        wanted = user_code.typed(typed)
        code = await server.database.read(device_codes.find_typed, wanted) if wanted else None
        if code is not None and code.state == "pending" and code.expires_at > now:
            return await _request(code, server)
        await throttle.count_failure(server.database, settings, attempt, now)
    raise UnknownUserCode(
        "No device waits under this code. Check it, or let the device show a new one.", rule="user_code"
    )


async def approve(
    request: DeviceRequest, user: User, authenticated_at: int, allowed: Sequence[str], server: AuthorizationServer
) -> bool:
    """Grant scopes `allowed`, a part of the request's; none of them: deny. Whether it was granted.

    Raises UnknownUserCode when somebody decided already.
    """
    granted = tuple(name for name in request.scope if name in allowed)
    if not granted:
        await deny(request, server)
        return False
    code, now = request.code, server.clock()
    if not await server.database.write(device_codes.approve, code.digest, user.id, authenticated_at, granted, now):
        raise UnknownUserCode("This request was answered already, or expired.", rule="user_code")
    return True


async def deny(request: DeviceRequest, server: AuthorizationServer) -> None:
    """Refuse. Raises UnknownUserCode when somebody decided already."""
    if not await server.database.write(device_codes.deny, request.code.digest, server.clock()):
        raise UnknownUserCode("This request was answered already, or expired.", rule="user_code")


async def _request(code: DeviceCode, server: AuthorizationServer) -> DeviceRequest:
    registered = await client_id_document.find(code.client_id, server)
    if registered is None or not registered.client.enabled:
        raise InvalidRequest(
            "The application that asks is disabled or was deleted.",
            rule="client_enabled",
            found="disabled or deleted",
            wanted="enabled",
        )
    refuse_unless_allowed(device_code.GRANT_TYPE, registered.client)
    return DeviceRequest(code, registered.client, still_associated(code.scope, registered))
