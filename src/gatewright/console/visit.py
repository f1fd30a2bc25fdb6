"""One administrator's request to the console: who it is, what was sent, and how to answer."""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import TypeVar
from urllib.parse import quote
from urllib.parse import unquote

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.app.parts import Parts
from gatewright.console.templating import Flash
from gatewright.console.templating import Frame
from gatewright.console.templating import Theme
from gatewright.console.templating import render
from gatewright.identity import sessions
from gatewright.identity.sessions import SignedIn
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.errors import Unavailable
from gatewright.services.caller import ADMINISTRATORS
from gatewright.services.catalogue import Catalogue
from gatewright.store.database import P
from gatewright.store.database import Verb

T = TypeVar("T")

SESSION_COOKIE: Final = "gatewright_session"
THEME_COOKIE: Final = "gatewright_theme"
FLASH_COOKIE: Final = "gatewright_flash"
PAGE_SIZE: Final = 50
_THEMES: Final[Mapping[str, Theme]] = {"light": "light", "dark": "dark"}


class Visit:
    """A request of a signed-in administrator, its form read and its CSRF token checked."""

    def __init__(self, request: Request, parts: Parts, found: SignedIn, form: FormData) -> None:
        self.request = request
        self.parts = parts
        self.found = found
        self.form = form
        self.now = parts.clock()
        self.nonce = ""

    @property
    def by(self) -> By:
        """Who acts, for the audit log."""
        return By(Actor(self.found.user.user.name), self.now)

    @property
    def is_post(self) -> bool:
        """Whether a form was sent."""
        return self.request.method == "POST"

    @property
    def catalogue(self) -> Catalogue:
        """What can be called now."""
        return self.parts.catalogue

    @property
    def reference(self) -> str:
        """The request's id."""
        return str(self.request.scope.get("gatewright.request_id", ""))

    def query(self, name: str) -> str:
        """A query parameter, or empty."""
        return self.request.query_params.get(name, "")

    def field(self, name: str) -> str:
        """A text field of the form, or empty."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """Every value of a field, as ticked boxes send them."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that reads."""
        return await self.parts.database.read(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an administrator's operation."""
        return await self.parts.database.write(verb, *args, **kwargs)

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page, with what happened before it said once."""
        response = HTMLResponse(render(template, frame=self._frame(), **context), status)
        if FLASH_COOKIE in self.request.cookies:
            response.delete_cookie(FLASH_COOKIE, path="/console")
        return response

    def go(self, path: str, done: str = "", *links: tuple[str, str], failed: bool = False) -> Response:
        """Send the browser on; `done` says on the next page what happened, `links` what comes next."""
        response = RedirectResponse(path, status_code=303)
        if done:
            flash = msgspec.json.encode(Flash("failed" if failed else "done", done, links)).decode()
            secure = self.request.url.scheme == "https"
            response.set_cookie(
                FLASH_COOKIE, quote(flash), max_age=60, path="/console", httponly=True, samesite="lax", secure=secure
            )
        return response

    def ask(self, **context: Any) -> Response:
        """The question before a change that breaks or widens something (`confirm.html`)."""
        return self.page("confirm.html", **{"items": [], "hidden": {}, "danger": True, **context})

    def refused(self, status: int, heading: str, sentence: str, *links: tuple[str, str]) -> Response:
        """A page that says why not."""
        return self.page(
            "refused.html",
            status,
            heading=heading,
            sentence=sentence,
            reference=self.reference,
            links=links or (("Home", "/console/"),),
        )

    def _frame(self) -> Frame:
        return Frame(
            user=self.found.user.user.name,
            csrf=self.found.session.csrf,
            now=self.now,
            theme=_THEMES.get(self.request.cookies.get(THEME_COOKIE, ""), "system"),
            flashes=_flashes(self.request.cookies.get(FLASH_COOKIE, "")),
            nonce=self.nonce,
        )


Page = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def administrators_only(page: Page, parts: Parts) -> Endpoint:
    """An endpoint that lets administrators in, checks a form's CSRF token, and turns errors into pages."""

    async def endpoint(request: Request) -> Response:
        cookie = request.cookies.get(SESSION_COOKIE, "")
        found = await sessions.find_session(parts.database, cookie, parts.clock()) if cookie else None
        here = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="")
        if found is None:
            return RedirectResponse(f"/account/login?next={here}", status_code=303)
        if found.user.user.must_change_password:
            return RedirectResponse(f"/account/password?next={here}", status_code=303)
        form = await request.form() if request.method == "POST" else FormData()
        visit = Visit(request, parts, found, form)
        if ADMINISTRATORS not in found.user.groups:
            return visit.refused(
                403,
                "Not for this account",
                f"The console is for members of the group {ADMINISTRATORS}. Ask one of them to add {found.user.user.name}.",
            )
        if request.method == "POST" and not sessions.csrf_matches(found.session.csrf, visit.field("csrf")):
            return visit.refused(403, "Not saved", "The page was open too long or came from elsewhere. Load it again.")
        return await _answer(page, visit)

    return endpoint


async def _answer(page: Page, visit: Visit) -> Response:
    try:
        return await page(visit)
    except NotFound as error:
        return visit.refused(404, "Not found", str(error))
    except Conflict as error:
        return visit.refused(409, "Not saved", str(error))
    except Invalid as error:
        return visit.refused(422, "Not saved", " ".join(each.message for each in error.errors))
    except Unavailable as error:
        return visit.refused(503, "Not available now", str(error))
    except GatewrightError as error:
        return visit.refused(400, "Refused", str(error))


def errors_by_field(error: Invalid) -> dict[str, str]:
    """A form's errors: the sentences of each field."""
    found: dict[str, str] = {}
    for each in error.errors:
        found[each.field] = f"{found[each.field]} {each.message}" if each.field in found else each.message
    return found


def lines(text: str) -> list[str]:
    """The lines of a text field that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _flashes(cookie: str) -> tuple[Flash, ...]:
    if not cookie:
        return ()
    try:
        return (msgspec.json.decode(unquote(cookie), type=Flash),)
    except msgspec.MsgspecError:
        return ()
