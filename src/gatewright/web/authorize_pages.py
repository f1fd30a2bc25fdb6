"""The authorization endpoint's pages: sign in, consent, and the way back to the client (RFC 6749 §4.1.1, §4.2.1)."""

from urllib.parse import urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import Route

from gatewright.app.parts import Parts
from gatewright.console.templating import render
from gatewright.identity.sessions import SignedIn
from gatewright.oauth import authorize
from gatewright.oauth.authorize import AuthorizationRequest
from gatewright.oauth.authorize import RedirectedError
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import OAuthError
from gatewright.store import users
from gatewright.store.records import Consent
from gatewright.web.brand import BRAND
from gatewright.web.http import Request as SmallRequest
from gatewright.web.parameters import query_parameters
from gatewright.web.sessions import CsrfRefused
from gatewright.web.sessions import check_csrf
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login
from gatewright.web.transport import refuse_plain_http

_log = structlog.get_logger("gatewright.authorize")
_AUTHORIZE = ("/oauth/authorize", "/invoke/pub.oauth/authorize", "/invoke/pub.oauth:authorize")
_APPROVE = ("/invoke/wm.server.oauth/approve", "/invoke/wm.server.oauth:approve")


def authorize_routes(parts: Parts) -> list[Route]:
    """The authorization endpoint at its addresses."""
    pages = AuthorizePages(parts)
    return [
        *(Route(path, pages.authorize, methods=["GET", "POST"]) for path in _AUTHORIZE),
        *(Route(path, pages.approve, methods=["POST"]) for path in _APPROVE),
    ]


class AuthorizePages:
    """Handlers over the parts of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def authorize(self, request: Request) -> Response:
        """Show what is asked (GET, or POST from the client per RFC 6749 §3.1), or take the decision."""
        form = await request.form() if request.method == "POST" else FormData()
        decided = "decision" in form
        try:
            small = await self._refuse_plain_http(request)
            parameters = query_parameters(small) if decided or not form else _form_parameters(form)
            asked = await authorize.check(parameters, self._parts.server)
            found = await signed_in(request, self._parts)
            if found is None:
                return self._to_login(request, form, decided)
            if decided:
                check_csrf(form, found.session.csrf)
                approved = form.get("decision") == "approve"
                return await self._decide(
                    asked, found, approved, [str(name) for name in form.getlist("scope")], "remember" in form
                )
            return await self._ask(request, asked, found)
        except CsrfRefused:
            return self._refusal(
                request, InvalidRequest("This page was open too long or came from elsewhere. Please start again.")
            )
        except RedirectedError as error:
            _log.info(
                "refused",
                request=request.scope.get("gatewright.request_id"),
                error=error.error.code,
                detail=error.error.detail,
            )
            return RedirectResponse(error.location, status_code=303)
        except OAuthError as error:
            return self._refusal(request, error)

    async def approve(self, request: Request) -> Response:
        """webMethods' approval address: the whole request and `approved=true|false` in one form, with our CSRF token."""
        form = await request.form()
        try:
            await self._refuse_plain_http(request)
            asked = await authorize.check(_form_parameters(form), self._parts.server)
            found = await signed_in(request, self._parts)
            if found is None:
                raise InvalidRequest("Sign in first: the approval needs a session.")
            check_csrf(form, found.session.csrf)
            return await self._decide(asked, found, form.get("approved") == "true", asked.scope, False)
        except CsrfRefused:
            return self._refusal(request, InvalidRequest("The field csrf is missing or is not this session's."))
        except RedirectedError as error:
            return RedirectResponse(error.location, status_code=303)
        except OAuthError as error:
            return self._refusal(request, error)

    async def _refuse_plain_http(self, request: Request) -> SmallRequest:
        small = SmallRequest(request.scope, request.receive)
        refuse_plain_http(small, await self._parts.directory.settings())
        return small

    def _to_login(self, request: Request, form: FormData, decided: bool) -> Response:
        if form and not decided:
            raise InvalidRequest("Sign in first, or send the authorization request as GET.")
        return to_login(request)

    async def _ask(self, request: Request, asked: AuthorizationRequest, found: SignedIn) -> Response:
        user = found.user.user
        if user.must_change_password:
            return RedirectResponse(
                to_login(request).headers["location"].replace("/login", "/password", 1), status_code=303
            )
        remembered = await authorize.remembered_scope(asked, user, self._parts.server)
        if authorize.may_skip_consent(asked, remembered):
            return await self._redirect(
                await authorize.approve(asked, user, found.session.authenticated_at, asked.scope, self._parts.server)
            )
        return await self._consent_page(request, asked, found)

    async def _decide(
        self,
        asked: AuthorizationRequest,
        found: SignedIn,
        approved: bool,
        allowed: list[str] | tuple[str, ...],
        remember: bool,
    ) -> Response:
        parts, user = self._parts, found.user.user
        granted = tuple(name for name in asked.scope if name in allowed)
        if not approved or not granted:
            return await self._redirect(authorize.deny(asked, parts.server))
        if remember:
            consent = Consent(
                user_id=user.id, client_id=asked.client.client_id, scope=granted, created_at=parts.clock()
            )
            await parts.database.write(users.remember_consent, consent)
        return await self._redirect(
            await authorize.approve(asked, user, found.session.authenticated_at, granted, parts.server)
        )

    async def _redirect(self, location: str) -> Response:
        response = RedirectResponse(location, status_code=303)
        # Starlette quotes the address; what was registered is sent letter for letter.
        response.headers["location"] = location
        return response

    async def _consent_page(self, request: Request, asked: AuthorizationRequest, found: SignedIn) -> Response:
        scopes = await self._parts.directory.scopes()
        target = urlsplit(asked.redirect_uri)
        return HTMLResponse(
            render(
                "consent.html",
                brand=BRAND,
                csrf=found.session.csrf,
                action=f"{request.url.path}?{request.url.query}",
                request_id=request.scope.get("gatewright.request_id", ""),
                client={"name": asked.client.name, "version": asked.client.version},
                user=found.user.user.name,
                scopes=[{"name": name, "description": scopes[name].description} for name in asked.scope],
                host=target.netloc or f"{target.scheme}: on this computer",
                error="",
            )
        )

    def _refusal(self, request: Request, error: OAuthError) -> Response:
        reference = request.scope.get("gatewright.request_id", "")
        _log.info("refused", request=reference, error=error.code, detail=error.detail)
        return HTMLResponse(
            render(
                "error.html",
                brand=BRAND,
                title="This request cannot continue",
                sentence=error.public,
                details=[("error", error.code)],
                reference=reference,
                links=[],
            ),
            400 if error.status == 500 else error.status,
        )


def _form_parameters(form: FormData) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in form.multi_items():
        if name in parameters:
            raise InvalidRequest(f"The parameter {name[:40]} is given twice.")
        parameters[name] = str(value)
    return {name: value for name, value in parameters.items() if value}
