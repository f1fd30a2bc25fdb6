"""The routes under `/account`; signing out, the choice of colours, and proof of who is there."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import Route

from gatewright.app.parts import Parts
from gatewright.console.proof import ask_for_proof
from gatewright.console.visit import THEME_COOKIE
from gatewright.identity import sessions
from gatewright.web import account_access
from gatewright.web import account_factors
from gatewright.web import account_passkeys
from gatewright.web.account_password import password
from gatewright.web.account_visit import AccountVisit
from gatewright.web.account_visit import Page
from gatewright.web.account_visit import own_account
from gatewright.web.forms import read_form
from gatewright.web.sessions import check_csrf
from gatewright.web.sessions import forget_session
from gatewright.web.sessions import local_path
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login
from gatewright.web.sessions import with_target
from gatewright.web.sign_in_pages import LOGIN
from gatewright.web.sign_in_pages import sign_in_routes

_YEAR: Final = 31_536_000


async def prove(visit: AccountVisit) -> Response:
    """Ask who is there, however lately that was proved, and lead back to what wants to know (`prompt=login`)."""
    target = local_path(visit.query("next"), "/account")
    return await ask_for_proof(visit, always=True) or RedirectResponse(target, status_code=303)


_PAGES: Final[dict[str, Page]] = {
    "/account": account_access.show,
    "/account/": account_access.show,
    "/account/access": account_access.access,
    "/account/consents": account_access.consents,
    "/account/sessions": account_access.show_sessions,
    "/account/proof": prove,
}
_FACTORS: Final[dict[str, Page]] = {
    "/account/factors": account_factors.show,
    "/account/factors/app": account_factors.add_app,
    "/account/factors/passkeys/new": account_passkeys.add,
    "/account/factors/passkeys/rename": account_passkeys.rename,
}
"""Where second factors are set up: they open even to whoever needs one first."""
_PROVEN: Final[dict[str, Page]] = {
    "/account/factors/app/remove": account_factors.remove_app,
    "/account/factors/passkeys/remove": account_passkeys.remove,
    "/account/factors/recovery": account_factors.renew_codes,
}
"""What takes proof of who is there."""


def account_routes(parts: Parts) -> list[Route]:
    """The routes under `/account`."""
    pages = AccountPages(parts)
    return [
        *sign_in_routes(parts),
        Route("/account/logout", pages.logout, methods=["POST"]),
        Route("/account/password", own_account(password, parts, mends="password"), methods=["GET", "POST"]),
        Route("/account/theme", pages.theme, methods=["POST"]),
        *(Route(path, own_account(page, parts), methods=["GET", "POST"]) for path, page in _PAGES.items()),
        *(
            Route(path, own_account(page, parts, mends="factor", proven=proven), methods=["GET", "POST"])
            for proven, pages_of_kind in ((False, _FACTORS), (True, _PROVEN))
            for path, page in pages_of_kind.items()
        ),
    ]


class AccountPages:
    """Handlers over the parts of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def logout(self, request: Request) -> Response:
        """End the session."""
        found, form = await signed_in(request, self._parts), await read_form(request)
        if found is not None:
            check_csrf(form, found.session.csrf)
            await sessions.end_session(self._parts.database, found.session)
        target = local_path(str(form.get("next", "")), "")
        response = RedirectResponse(with_target(LOGIN, target) if target else LOGIN, status_code=303)
        forget_session(response)
        return response

    async def theme(self, request: Request) -> Response:
        """Remember the colours somebody chose."""
        found = await signed_in(request, self._parts)
        if found is None:
            return to_login(request)
        form = await read_form(request)
        check_csrf(form, found.session.csrf)
        response = RedirectResponse(local_path(str(form.get("next", ""))), status_code=303)
        # The page's script sets this cookie too, to show the choice at once: it is not hidden from scripts.
        secure = request.scope["scheme"] == "https"
        theme = str(form.get("theme", ""))
        response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, path="/", samesite="lax", secure=secure)
        return response
