"""Signing in: user name and password, then a second factor where there is one. Plain forms; no JavaScript needed."""

from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import Route

from gatewright.admin.roles import roles
from gatewright.app.parts import Parts
from gatewright.console.templating import render
from gatewright.identity import second_factor
from gatewright.identity import sessions
from gatewright.identity.passkeys import PasskeyRefused
from gatewright.identity.passkeys import passkey_asked
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import verify_password
from gatewright.store import users
from gatewright.store.records import User
from gatewright.web.account_visit import ACCOUNT
from gatewright.web.brand import brand_of
from gatewright.web.forms import read_form
from gatewright.web.sessions import CONSOLE
from gatewright.web.sessions import CsrfRefused
from gatewright.web.sessions import address_of
from gatewright.web.sessions import browser_of
from gatewright.web.sessions import check_csrf
from gatewright.web.sessions import forget_pending
from gatewright.web.sessions import local_path
from gatewright.web.sessions import login_token
from gatewright.web.sessions import pending_cookie
from gatewright.web.sessions import remember_login_token
from gatewright.web.sessions import remember_pending
from gatewright.web.sessions import remember_session
from gatewright.web.sessions import with_target

_AGAIN: Final = "This page was open too long or came from elsewhere. Please try again."
LOGIN: Final = "/account/login"
_SECOND: Final = "/account/second-factor"
_WRONG: Final = "The user name or the password is wrong."
_WRONG_CODE: Final = "This is no valid code, or it was used already. Wait for the next one."
_TOO_LATE: Final = "Signing in took too long. Please begin again."
_log = structlog.get_logger("gatewright.account")


def sign_in_routes(parts: Parts) -> list[Route]:
    """The login page and the one for second factors."""
    pages = SignInPages(parts)
    return [
        Route(LOGIN, pages.login, methods=["GET", "POST"]),
        Route(_SECOND, pages.second, methods=["GET", "POST"]),
        Route("/account/passkey", pages.passkey, methods=["POST"]),
    ]


class SignInPages:
    """Handlers over the parts of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def login(self, request: Request) -> Response:
        """The login form, and its answer."""
        if request.method == "GET":
            return await self._login_page(request, local_path(request.query_params.get("next", "")))
        form = await read_form(request)
        target, username = local_path(str(form.get("next", ""))), str(form.get("username", ""))
        try:
            check_csrf(form, login_token(request))
            return await self._password(request, username, str(form.get("password", "")), target)
        except CsrfRefused:
            return await self._login_page(request, target, username=username, error=_AGAIN, status=403)
        except TooManyFailures as error:
            page = await self._login_page(request, target, username=username, error=str(error), status=429)
            page.headers["retry-after"] = str(error.retry_after)
            return page

    async def second(self, request: Request) -> Response:
        """The form for the second factor, and its answer."""
        parts, form = self._parts, await read_form(request) if request.method == "POST" else None
        target = local_path(str(form.get("next", "")) if form else request.query_params.get("next", ""))
        user = await second_factor.waiting_user(parts.database, pending_cookie(request), parts.clock())
        if user is None:
            return await self._login_page(request, target, error=_TOO_LATE, status=403 if form else 200)
        if form is None:
            return await self._second_page(request, user, target)
        try:
            check_csrf(form, login_token(request))
            if credential := str(form.get("credential", "")):
                return await self._passkey_after_password(request, user, credential, target)
            return await self._code(request, user, str(form.get("code", "")), target)
        except CsrfRefused:
            return await self._second_page(request, user, target, _AGAIN, 403)
        except PasskeyRefused as error:
            return await self._second_page(request, user, target, str(error), 401)
        except TooManyFailures as error:
            page = await self._second_page(request, user, target, str(error), 429)
            page.headers["retry-after"] = str(error.retry_after)
            return page

    async def passkey(self, request: Request) -> Response:
        """Sign in with a passkey alone, which says who it is."""
        parts, form, token = self._parts, await read_form(request), login_token(request)
        target = local_path(str(form.get("next", "")))
        try:
            check_csrf(form, token)
            if parts.passkeys is None:
                raise PasskeyRefused("There are no passkeys at this server's address.")
            user = await parts.passkeys.recognise(str(form.get("credential", "")), "sign in", token, parts.clock())
        except CsrfRefused:
            return await self._login_page(request, target, error=_AGAIN, status=403)
        except PasskeyRefused as error:
            _log.info("passkey refused", address=address_of(request))
            return await self._login_page(request, target, error=str(error), status=401)
        response = await self._begin(request, user, "passkey", target)
        forget_pending(response)
        return response

    async def _password(self, request: Request, username: str, password: str, target: str) -> Response:
        parts, settings, address = self._parts, await self._parts.directory.settings(), address_of(request)
        user = await verify_password(parts.database, settings, username, password, address, parts.clock())
        if user is None:
            _log.info("sign-in refused", address=address)
            return await self._login_page(request, target, username=username, error=_WRONG, status=401)
        if not await parts.database.read(second_factor.of_user, user.id):
            return await self._begin(request, user, "password", target)
        response = RedirectResponse(with_target(_SECOND, target), status_code=303)
        waiting = await second_factor.wait_for_factor(parts.database, user.id, parts.clock())
        remember_pending(response, waiting, request, second_factor.PENDING_SECONDS)
        return response

    async def _code(self, request: Request, user: User, code: str, target: str) -> Response:
        parts, settings, address = self._parts, await self._parts.directory.settings(), address_of(request)
        used = await second_factor.use_code(parts.database, settings, parts.sealer, user, code, address, parts.clock())
        if used is None:
            _log.info("second factor refused", address=address)
            return await self._second_page(request, user, target, _WRONG_CODE, 401)
        return await self._finish(request, user, f"password and {used}", target)

    async def _passkey_after_password(self, request: Request, user: User, credential: str, target: str) -> Response:
        parts, holder = self._parts, pending_cookie(request)
        if parts.passkeys is None:
            raise PasskeyRefused("There are no passkeys at this server's address.")
        await parts.passkeys.recognise(credential, "second factor", holder, parts.clock(), user)
        return await self._finish(request, user, "password and passkey", target)

    async def _finish(self, request: Request, user: User, method: str, target: str) -> Response:
        """The second factor was right: end the waiting, once, and begin the session."""
        if not await second_factor.end_waiting(self._parts.database, pending_cookie(request)):
            return await self._login_page(request, target, error=_TOO_LATE, status=403)
        response = await self._begin(request, user, method, target)
        forget_pending(response)
        return response

    async def _begin(self, request: Request, user: User, method: str, target: str) -> Response:
        parts, settings = self._parts, await self._parts.directory.settings()
        started = await sessions.start_session(
            parts.database, settings, user.id, parts.clock(), method=method, browser=browser_of(request)
        )
        if target == CONSOLE and not await self._may_enter_console(user):
            target = ACCOUNT
        response = RedirectResponse(target, status_code=303)
        remember_session(response, started, request, settings)
        return response

    async def _may_enter_console(self, user: User) -> bool:
        return bool(roles(await self._parts.database.read(users.groups, user.id)))

    async def _login_page(
        self, request: Request, target: str, *, username: str = "", error: str = "", status: int = 200
    ) -> Response:
        token = login_token(request)
        page = HTMLResponse(
            render(
                "login.html",
                brand=brand_of(await self._parts.directory.settings()),
                csrf=token,
                action=LOGIN,
                hidden={"next": target},
                client=_continues_to(target),
                username=username,
                passkey=passkey_asked(self._parts.passkeys, "sign in", token),
                error=error,
            ),
            status,
        )
        remember_login_token(page, token, request)
        return page

    async def _second_page(
        self, request: Request, user: User, target: str, error: str = "", status: int = 200
    ) -> Response:
        token, waiting = login_token(request), pending_cookie(request)
        found = await self._parts.database.read(second_factor.of_user, user.id)
        passkeys = self._parts.passkeys if found.passkeys else None
        page = HTMLResponse(
            render(
                "second_factor.html",
                brand=brand_of(await self._parts.directory.settings()),
                csrf=token,
                action=_SECOND,
                hidden={"next": target},
                has_app=found.app is not None,
                passkey=passkey_asked(passkeys, "second factor", waiting, found.passkeys),
                error=error,
            ),
            status,
        )
        remember_login_token(page, token, request)
        return page


def _continues_to(target: str) -> str:
    """What signing in leads to, in words; empty for the console."""
    if target.startswith("/console"):
        return ""
    return "your account" if target.startswith("/account") else "the application"
