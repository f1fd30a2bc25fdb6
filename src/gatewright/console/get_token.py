"""Get New Access Token: what Postman's dialog does, against this server, and Use Token."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright.console import browser_grant
from gatewright.console import token_dialog
from gatewright.console.use_token import use_token
from gatewright.console.visit import Visit

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
    parameters = {"grant_type": values["grant_type"], "scope": values["scope"]}
    if values["grant_type"] == "password":
        parameters |= {"username": values["username"], "password": visit.field("password")}
    return await token_dialog.request(visit, values, parameters)


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
