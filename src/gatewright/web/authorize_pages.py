"""The authorization endpoint's pages: sign in, consent, and the way back to the client (RFC 6749 §4.1.1, §4.2.1)."""

from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatewright.app.parts import Parts
from gatewright.identity import own_access
from gatewright.identity.sessions import SignedIn
from gatewright.oauth import authorize
from gatewright.oauth.authorize import AuthorizationRequest
from gatewright.oauth.authorize import RedirectedError
from gatewright.oauth.errors import ConsentRequired
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import LoginRequired
from gatewright.oauth.errors import OAuthError
from gatewright.store.records import Consent
from gatewright.store.records import User
from gatewright.web.authorization_response import redirect
from gatewright.web.authorization_response import respond
from gatewright.web.authorization_response import with_reference
from gatewright.web.consent_page import consent_page
from gatewright.web.described_clients import keep
from gatewright.web.forms import read_form
from gatewright.web.http import Request as SmallRequest
from gatewright.web.page_errors import error_page
from gatewright.web.parameters import each_once
from gatewright.web.parameters import query_parameters
from gatewright.web.refusals import note_page_refusal
from gatewright.web.sessions import browser_token
from gatewright.web.sessions import check_csrf
from gatewright.web.sessions import first_step
from gatewright.web.sessions import here
from gatewright.web.sessions import remember_browser
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login
from gatewright.web.sessions import to_proof
from gatewright.web.transport import refuse_plain_http

_LONGEST_ADDRESS: Final = 8000
_FRESH: Final = 60  # seconds for which a sign-in is one that `prompt=login` asked for
_DECIDING: Final = 600  # seconds more for reading the consent page
_NOBODY: Final = "Nobody is signed in, and prompt=none lets us ask nobody."
_NOT_REMEMBERED: Final = "The user must consent first, and prompt=none lets us ask nobody."
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
        browser = browser_token(request)
        response = await self._authorize(request, browser)
        if "request_uri" in request.query_params:
            remember_browser(response, browser, request)
        return response

    async def _authorize(self, request: Request, browser: str) -> Response:
        form = await read_form(request) if request.method == "POST" else FormData()
        try:
            small = await self._refuse_plain_http(request)
            if form and "decision" not in form:
                return _as_get(request, form)
            asked = await authorize.check(query_parameters(small), browser, self._parts.server)
            found = await signed_in(request, self._parts)
            first = to_login(request) if found is None else first_step(request, found)
            if found is None or first is not None:
                authorize.refuse_if_nobody_may_be_asked(asked, LoginRequired(_NOBODY), self._parts.server)
                return first or to_login(request)
            if not self._is_fresh_enough(asked, found, _DECIDING if form else 0):
                return to_proof(request)
            if not form:
                return await self._ask(request, asked, found)
            check_csrf(form, found.session.csrf)
            approved, allowed = form.get("decision") == "approve", [str(name) for name in form.getlist("scope")]
            if approved and not set(allowed) & set(asked.scope):
                return await self._consent_page(request, asked, found, nothing_ticked=True)
            return await self._decide(asked, found, approved, allowed, "remember" in form)
        except RedirectedError as error:
            return self._back(request, error)
        except OAuthError as error:
            return self._refusal(request, error)

    async def approve(self, request: Request) -> Response:
        """webMethods' approval address: the whole request and `approved=true|false` in one form, with our CSRF token."""
        form = await read_form(request)
        try:
            await self._refuse_plain_http(request)
            parameters = each_once([(name, str(text)) for name, text in form.multi_items()])
            asked = await authorize.check(parameters, browser_token(request), self._parts.server)
            found = await signed_in(request, self._parts)
            if found is None:
                raise InvalidRequest("Sign in first: the approval needs a session.", rule="session")
            if first := first_step(request, found):
                return first
            check_csrf(form, found.session.csrf)
            if not self._is_fresh_enough(asked, found, _DECIDING):
                raise InvalidRequest("Sign in again first: prompt=login asks for it.", rule="session")
            return await self._decide(asked, found, form.get("approved") == "true", asked.scope, False)
        except RedirectedError as error:
            return self._back(request, error)
        except OAuthError as error:
            return self._refusal(request, error)

    async def _refuse_plain_http(self, request: Request) -> SmallRequest:
        small = SmallRequest(request.scope, request.receive)
        refuse_plain_http(small, await self._parts.directory.settings())
        return small

    def _is_fresh_enough(self, asked: AuthorizationRequest, found: SignedIn, more: int) -> bool:
        """Whether the person has proved who is there as lately as `prompt=login` wants."""
        age = self._parts.clock() - found.session.authenticated_at
        return "login" not in asked.prompt or age <= _FRESH + more

    async def _ask(self, request: Request, asked: AuthorizationRequest, found: SignedIn) -> Response:
        user = found.user.user
        remembered = await authorize.remembered_scope(asked, user, self._parts.server)
        if authorize.may_skip_consent(asked, remembered):
            return respond(
                await authorize.approve(asked, user, found.session.authenticated_at, asked.scope, self._parts.server)
            )
        authorize.refuse_if_nobody_may_be_asked(asked, ConsentRequired(_NOT_REMEMBERED), self._parts.server)
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
        decided = asked.client, asked.scope, granted if approved else ()
        await parts.database.write(own_access.note_decision, user, *decided, parts.clock())
        if not approved or not granted:
            return respond(await authorize.deny(asked, parts.server))
        await keep(asked.client, parts)
        # What is remembered holds for the whole of this server, and this was asked for some of it alone.
        if remember and not asked.resource:
            await self._remember(asked, user, granted)
        return respond(await authorize.approve(asked, user, found.session.authenticated_at, granted, parts.server))

    async def _remember(self, asked: AuthorizationRequest, user: User, granted: tuple[str, ...]) -> None:
        """Remember what was granted now, and of what was remembered before all that this request did not ask again."""
        before = await authorize.remembered_scope(asked, user, self._parts.server)
        kept = [name for name in before if name not in asked.scope]
        consent = Consent(
            user_id=user.id,
            client_id=asked.client.client_id,
            scope=(*kept, *granted),
            created_at=self._parts.clock(),
        )
        await self._parts.database.write(own_access.remember_consent, user, consent)

    async def _consent_page(
        self, request: Request, asked: AuthorizationRequest, found: SignedIn, *, nothing_ticked: bool = False
    ) -> Response:
        return await consent_page(
            request,
            self._parts,
            found,
            asked.client,
            asked.scope,
            resource=asked.resource,
            redirect_uri=asked.redirect_uri,
            nothing_ticked=nothing_ticked,
        )

    def _back(self, request: Request, refused: RedirectedError) -> Response:
        self._note(request, refused.error)
        return respond(with_reference(refused.response, str(request.scope.get("gatewright.request_id", ""))))

    def _refusal(self, request: Request, error: OAuthError) -> Response:
        self._note(request, error)
        return error_page(request, error.status, error.public, error=error.code)

    def _note(self, request: Request, error: OAuthError) -> None:
        _log.info("refused", request=request.scope.get("gatewright.request_id"), error=error.code, detail=error.detail)
        note_page_refusal("authorize", error, request, self._parts)


def _as_get(request: Request, form: FormData) -> Response:
    """An authorization request by POST (RFC 6749 §3.1), sent on as the GET that login and consent lead back to."""
    query = urlencode([(name, str(value)) for name, value in form.multi_items()])
    address = here(request)
    if len(query) + len(address) > _LONGEST_ADDRESS:
        raise InvalidRequest(f"The authorization request is longer than {_LONGEST_ADDRESS} characters.")
    return redirect(f"{address}{'&' if '?' in address else '?'}{query}")
