"""The page where a person connects a device (RFC 8628 §3.3): type its code, sign in, decide. No JavaScript needed."""

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import Response
from starlette.routing import Route

from gatewright.app.parts import Parts
from gatewright.console.templating import render
from gatewright.identity import own_access
from gatewright.identity.sessions import SignedIn
from gatewright.identity.throttle import TooManyFailures
from gatewright.oauth import device_verification
from gatewright.oauth import user_code
from gatewright.oauth.device_verification import DeviceRequest
from gatewright.oauth.device_verification import UnknownUserCode
from gatewright.oauth.errors import OAuthError
from gatewright.web.brand import brand_of
from gatewright.web.consent_page import consent_page
from gatewright.web.described_clients import keep
from gatewright.web.forms import read_form
from gatewright.web.http import Request as SmallRequest
from gatewright.web.page_errors import error_page
from gatewright.web.parameters import query_parameters
from gatewright.web.refusals import note_page_refusal
from gatewright.web.refusals import note_page_slowed_down
from gatewright.web.sessions import check_csrf
from gatewright.web.sessions import first_step
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login
from gatewright.web.transport import refuse_plain_http

_log = structlog.get_logger("gatewright.device")


def device_routes(parts: Parts) -> list[Route]:
    """The verification address."""
    return [Route("/oauth/device", DevicePages(parts).device, methods=["GET", "POST"])]


class DevicePages:
    """Handlers over the parts of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def device(self, request: Request) -> Response:
        """Ask for the code; with one in the address, show what the device asks (GET), or take the decision (POST)."""
        typed = ""
        try:
            small = SmallRequest(request.scope, request.receive)
            refuse_plain_http(small, await self._parts.directory.settings())
            typed = query_parameters(small).get("user_code", "")
            return await self._for_code(request, typed) if typed else await self._code_page()
        except UnknownUserCode as error:
            self._note(request, error)
            return await self._code_page(typed, error.public, error.status)
        except TooManyFailures as error:
            note_page_slowed_down("device", error, request, self._parts)
            page = await self._code_page(typed, str(error), 429)
            page.headers["retry-after"] = str(error.retry_after)
            return page
        except OAuthError as error:
            self._note(request, error)
            return error_page(request, error.status, error.public, error=error.code)

    def _note(self, request: Request, error: OAuthError) -> None:
        _log.info("refused", request=request.scope.get("gatewright.request_id"), error=error.code, detail=error.detail)
        note_page_refusal("device", error, request, self._parts)

    async def _for_code(self, request: Request, typed: str) -> Response:
        found = await signed_in(request, self._parts)
        # Before anything is told of the code: whoever guesses codes needs an account, and is counted under it.
        if found is None:
            return to_login(request)
        if first := first_step(request, found):
            return first
        address = request.client.host if request.client else ""
        if request.method != "POST":
            asked = await device_verification.find(typed, found.user.user, address, self._parts.server)
            return await self._consent_page(request, asked, found)
        form = await read_form(request)
        check_csrf(form, found.session.csrf)
        asked = await device_verification.find(typed, found.user.user, address, self._parts.server)
        allowed = [str(name) for name in form.getlist("scope")] if form.get("decision") == "approve" else []
        if form.get("decision") == "approve" and not set(allowed) & set(asked.scope):
            return await self._consent_page(request, asked, found, nothing_ticked=True)
        if allowed:
            await keep(asked.client, self._parts)
        approved = await device_verification.approve(
            asked, found.user.user, found.session.authenticated_at, allowed, self._parts.server
        )
        granted = [name for name in asked.scope if name in allowed]
        decided = asked.client, asked.scope, granted
        await self._parts.database.write(own_access.note_decision, found.user.user, *decided, self._parts.clock())
        return HTMLResponse(
            render(
                "device_done.html",
                brand=brand_of(await self._parts.directory.settings()),
                client=asked.client.name,
                approved=approved,
            )
        )

    async def _consent_page(
        self, request: Request, asked: DeviceRequest, found: SignedIn, *, nothing_ticked: bool = False
    ) -> Response:
        return await consent_page(
            request,
            self._parts,
            found,
            asked.client,
            asked.scope,
            resource=asked.code.resource,
            user_code=user_code.shown(asked.code.user_code),
            nothing_ticked=nothing_ticked,
        )

    async def _code_page(self, typed: str = "", error: str = "", status: int = 200) -> Response:
        brand = brand_of(await self._parts.directory.settings())
        return HTMLResponse(render("device.html", brand=brand, user_code=typed, error=error), status)
