"""Get New Access Token: what Postman's dialog does, against this server, and Use Token."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright.console import browser_grant
from gatewright.console import device_grant
from gatewright.console import token_dialog
from gatewright.console.use_token import use_token
from gatewright.console.visit import Visit
from gatewright.oauth import jwt_bearer
from gatewright.oauth import token_exchange

_TOKEN: Final = ("token_name", "access_token", "token_type", "refresh_token", "expires_in", "scope", "access_token_url")


async def show(visit: Visit) -> Response:
    """The dialog."""
    values = token_dialog.values_with(client_id=visit.query("client_id"), service=visit.query("service"))
    return await token_dialog.page(visit, values)


async def request(visit: Visit) -> Response:
    """Request Token: at once, or by way of the browser."""
    values = token_dialog.typed(visit)
    if values["grant_type"] in ("authorization_code", "implicit"):
        return await browser_grant.begin(visit, values)
    if values["grant_type"] == "device_code":
        return await device_grant.begin(visit, values)
    parameters = {"grant_type": values["grant_type"], "scope": values["scope"], **_of_grant(visit, values)}
    return await token_dialog.request(visit, values, parameters)


def _of_grant(visit: Visit, values: dict[str, str]) -> dict[str, str]:
    """What a token request has beside `scope`."""
    match values["grant_type"]:
        case "password":
            return {"username": values["username"], "password": visit.field("password")}
        case "refresh_token":
            return {"refresh_token": visit.field("refresh_token").strip()}
        case "jwt_bearer":
            return {"grant_type": jwt_bearer.GRANT_TYPE, "assertion": visit.field("assertion").strip()}
        case "token_exchange":
            subject = visit.field("subject_token").strip()
            given = {"grant_type": token_exchange.GRANT_TYPE, "subject_token": subject}
            return given | {"subject_token_type": token_exchange.ACCESS_TOKEN}
        case _:
            return {}


async def use(visit: Visit) -> Response:
    """Use Token: call a service with it and show the answer."""
    token: dict[str, Any] = {name: visit.field(name) for name in _TOKEN}
    lifetime = token["expires_in"]
    token["expires_in"] = int(lifetime) if lifetime.isdigit() else None
    call = await use_token(visit, token["access_token"], visit.field("request"), visit.field("body"))
    values = token_dialog.values_with(
        token_name=token["token_name"],
        scope=token["scope"],
        **{name: visit.field(name) for name in ("grant_type", "client_id", "service")},
    )
    return await token_dialog.page(visit, values, token=token, call=call)
