"""The browser's side of sessions: cookies, the signed-in user, CSRF."""

from typing import Final
from urllib.parse import quote
from urllib.parse import unquote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.app.parts import Parts
from gatewright.identity import second_factor
from gatewright.identity import sessions
from gatewright.identity.sessions import Browser
from gatewright.identity.sessions import SignedIn
from gatewright.identity.sessions import StartedSession
from gatewright.kernel.secrets import BROWSER
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings

SESSION_COOKIE: Final = "gatewright_session"
LOGIN_COOKIE: Final = "gatewright_login"
BROWSER_COOKIE: Final = "gatewright_browser"
PENDING_COOKIE: Final = "gatewright_pending"
TARGET_COOKIE: Final = "gatewright_target"
CONSOLE: Final = "/console/"
"""Where people go who do not say where to; those who may not enter it go to their account."""
_QUERY: Final = "%&=+?/:;,@!$'()*"


class CsrfRefused(Exception):
    """A form came without the token of its page."""


async def signed_in(request: Request, parts: Parts) -> SignedIn | None:
    """Whose session the request's cookie stands for."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        return None
    found = await sessions.find_session(parts.database, cookie, parts.clock(), address_of(request))
    if found is None:
        return None
    if found.user.user.must_change_password:
        return SignedIn(found.session, found.user, "password")
    if not second_factor.is_required(await parts.directory.settings(), found.user.groups):
        return found
    has_one = await parts.database.read(second_factor.of_user, found.user.user.id)
    return found if has_one else SignedIn(found.session, found.user, "factor")


def address_of(request: Request) -> str:
    """The peer's address."""
    return request.client.host if request.client else ""


def browser_of(request: Request) -> Browser:
    """Whence the request comes."""
    return Browser(address_of(request), request.headers.get("user-agent", ""))


def to_login(request: Request) -> Response:
    """Send the browser to sign in, and back here afterwards."""
    return RedirectResponse(with_target("/account/login", here(request)), status_code=303)


def first_step(request: Request, found: SignedIn) -> Response | None:
    """Send the browser to what must be mended before anything else, and back here afterwards; None: nothing must."""
    if found.lacks == "password":
        return RedirectResponse(with_target("/account/password", here(request)), status_code=303)
    if found.lacks == "factor":
        response = RedirectResponse("/account/factors", status_code=303)
        _set(response, TARGET_COOKIE, quote(here(request)), request, 1800)
        return response
    return None


def remembered_target(request: Request, default: str) -> str:
    """Where the browser was on its way to when it was sent to set up a second factor."""
    return local_path(unquote(request.cookies.get(TARGET_COOKIE, "")), default)


def to_proof(request: Request) -> Response:
    """Send the browser to prove again who is there, and back here afterwards."""
    return RedirectResponse(with_target("/account/proof", here(request)), status_code=303)


def with_target(path: str, target: str) -> str:
    """The address of a page that leads to `target` afterwards."""
    return f"{path}?next={quote(target, safe='')}"


def here(request: Request) -> str:
    """The path and query that were asked for, whatever the Host header says."""
    query = quote(request.scope["query_string"], safe=_QUERY)
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


def local_path(text: str, default: str = CONSOLE) -> str:
    """`text` if it is a path on this server, else `default`: no open redirect."""
    if (
        not text.startswith("/")
        or text.startswith(("//", "/\\"))
        or any(ord(letter) < 0x21 or letter == "\\" for letter in text)
    ):
        return default
    return text


def check_csrf(form: FormData, expected: str) -> None:
    """Raise CsrfRefused unless the form carries the session's token."""
    if not sessions.csrf_matches(expected, str(form.get("csrf", ""))):
        raise CsrfRefused


def remember_session(response: Response, started: StartedSession, request: Request, settings: GlobalSettings) -> None:
    """Give the browser the session's cookie; Secure over HTTPS."""
    _set(response, SESSION_COOKIE, started.cookie, request, settings.session_lifetime)
    response.delete_cookie(LOGIN_COOKIE, path="/")


def login_token(request: Request) -> str:
    """The double-submit token of the login form: the cookie's, or a new one."""
    return request.cookies.get(LOGIN_COOKIE) or sessions.make_csrf_token()


def remember_login_token(response: Response, token: str, request: Request) -> None:
    """Give the browser the login form's token."""
    _set(response, LOGIN_COOKIE, token, request, 3600)


def pending_cookie(request: Request) -> str:
    """What a sign-in waits under for its second factor; empty when none does."""
    return request.cookies.get(PENDING_COOKIE, "")


def remember_pending(response: Response, cookie: str, request: Request, seconds: int) -> None:
    """Give the browser what its sign-in waits under."""
    _set(response, PENDING_COOKIE, cookie, request, seconds)


def forget_pending(response: Response) -> None:
    """Take that cookie away."""
    response.delete_cookie(PENDING_COOKIE, path="/")


def browser_token(request: Request) -> str:
    """What tells this browser from others before anybody signs in: its cookie's value, or a new one."""
    cookie = request.cookies.get(BROWSER_COOKIE, "")
    return cookie if is_well_formed(cookie, BROWSER) else make_secret(BROWSER)


def remember_browser(response: Response, token: str, request: Request) -> None:
    """Give the browser that token."""
    _set(response, BROWSER_COOKIE, token, request, 3600)


def forget_session(response: Response) -> None:
    """Take the session's cookie away."""
    response.delete_cookie(SESSION_COOKIE, path="/")


def _set(response: Response, name: str, value: str, request: Request, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=request.scope["scheme"] == "https"
    )
