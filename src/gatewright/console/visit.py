"""One administrator's request to the console: who it is, what was sent, and how to answer."""

import hashlib
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import Literal
from typing import TypeVar
from urllib.parse import quote
from urllib.parse import unquote
from urllib.parse import urlencode

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.roles import roles
from gatewright.app.parts import Parts
from gatewright.console.templating import Flash
from gatewright.console.templating import Frame
from gatewright.console.templating import Theme
from gatewright.console.templating import render
from gatewright.identity.sessions import SignedIn
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.secrets import holds_secret
from gatewright.services.catalogue import Catalogue
from gatewright.store.database import P
from gatewright.store.database import Verb
from gatewright.web.sessions import CsrfRefused
from gatewright.web.sessions import check_csrf

T = TypeVar("T")
V = TypeVar("V", bound="Visit")

THEME_COOKIE: Final = "gatewright_theme"
FLASH_COOKIE: Final = "gatewright_flash"
PAGE_SIZE: Final = 50
MOST_FORM_BYTES: Final = 4_194_304
_CODES: Final = frozenset({"code", "state"})
"""How an authorization response comes back (RFC 6749 §4.1.2): what it carries is used up at once."""
_SECRET_LEFT_OUT: Final = (
    "A token or secret was in the address and was left out: addresses are kept in histories and logs. Paste it into the "
    "search box or the Token Inspector, which send it without keeping it; if others could read the address, revoke it."
)
_NO_PAGES: Final[Mapping[str, str]] = {
    "/console/services": "/console/packages",
    "/console/users/factors": "/console/users",
    "/account/factors/passkeys": "/account/factors",
}
"""Addresses above pages that are none, and the page to go to instead."""
_THEMES: Final[Mapping[str, Theme]] = {"light": "light", "dark": "dark"}


class Visit:
    """A request of a signed-in administrator, its form read and its CSRF token checked."""

    area: Literal["console", "account"] = "console"

    def __init__(self, request: Request, parts: Parts, found: SignedIn, form: FormData) -> None:
        self.request = request
        self.parts = parts
        self.found = found
        self.form = form
        self.now = parts.clock()
        self.nonce = ""
        self.missing = ""  # the group without which the page is only looked at

    @property
    def by(self) -> By:
        """Who acts, for the audit log."""
        user = self.found.user
        return By(Actor(user.user.name), self.now, lambda: self.parts.sealer, roles(user.groups))

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
            response.delete_cookie(FLASH_COOKIE, path=f"/{self.area}")
        return response

    def form_page(self, template: str, refused: "Invalid | Conflict | None", **context: Any) -> Response:
        """A form: empty, or as it was sent, with what is wrong with it."""
        if refused is None:
            return self.page(template, errors={}, **context)
        return self.page(
            template, 422 if isinstance(refused, Invalid) else 409, errors=errors_by_field(refused), **context
        )

    def go(self, path: str, done: str = "", *links: tuple[str, str]) -> Response:
        """Send the browser on; `done` says on the next page what happened, `links` what comes next."""
        return self._go(path, Flash("done", done, links) if done else None)

    def warn(self, path: str, failed: str) -> Response:
        """Send the browser on; the next page says what was not done."""
        return self._go(path, Flash("failed", failed))

    def _go(self, path: str, flash: Flash | None) -> Response:
        response = RedirectResponse(path, status_code=303)
        if flash is not None:
            said = quote(msgspec.json.encode(flash).decode())
            self.remember(response, FLASH_COOKIE, said, seconds=60, path=f"/{self.area}")
        return response

    def remember(self, response: Response, name: str, value: str, *, seconds: int, path: str = "/console") -> None:
        """Give the browser a cookie that scripts do not see; Secure over HTTPS."""
        secure = self.request.scope["scheme"] == "https"
        response.set_cookie(name, value, max_age=seconds, path=path, httponly=True, samesite="lax", secure=secure)

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
            links=links or (("Return", self._above()), ("Home", "/console/")),
        )

    def _above(self) -> str:
        """The address of the page that leads to this one."""
        path, service = self.request.url.path, self.query("name")
        if path.startswith("/console/services/") and self.catalogue.service(service):
            return f"/console/services?name={quote(service, safe='')}"
        above = path.rpartition("/")[0]
        return _NO_PAGES.get(above, above)

    def _frame(self) -> Frame:
        return Frame(
            area=self.area,
            console=bool(roles(self.found.user.groups)),
            missing=self.missing,
            user=self.found.user.user.name,
            csrf=self.found.session.csrf,
            now=self.now,
            theme=_THEMES.get(self.request.cookies.get(THEME_COOKIE, ""), "system"),
            flashes=_flashes(self.request.cookies.get(FLASH_COOKIE, "")),
            nonce=self.nonce,
        )


Page = Callable[[Visit], Awaitable[Response]]


async def answer(page: Callable[[V], Awaitable[Response]], visit: V) -> Response:
    """The page's answer, its form's CSRF token checked; a page that says why when it refuses."""
    try:
        if visit.is_post:
            check_csrf(visit.form, visit.found.session.csrf)
        if cleaned := _without_secrets(visit.request):
            return visit.warn(cleaned, _SECRET_LEFT_OUT)
        return await page(visit)
    except CsrfRefused:
        return visit.refused(403, "Not saved", "The page was open too long or came from elsewhere. Load it again.")
    except NotFound as error:
        return visit.refused(404, "Not found", str(error))
    except Conflict as error:
        return visit.refused(409, "Not saved", str(error))
    except Invalid as error:
        return visit.refused(422, "Not saved", " ".join(each.message for each in error.errors))
    except Forbidden as error:
        return visit.refused(403, "Not for your role", str(error))
    except Unavailable as error:
        return visit.refused(503, "Not available now", str(error))
    except GatewrightError as error:
        return visit.refused(400, "Refused", str(error))


def _without_secrets(request: Request) -> str:
    """The address without what looks like a token or a secret, which addresses are no place for; empty when all is well."""
    given = request.query_params.multi_items()
    kept = [(name, value) for name, value in given if name in _CODES or not holds_secret(value)]
    if len(kept) == len(given):
        return ""
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def errors_by_field(error: Invalid | Conflict) -> dict[str, str]:
    """A form's errors: the sentences of each field; under "" what concerns the whole form."""
    if isinstance(error, Conflict):
        return {"": str(error)}
    found: dict[str, str] = {}
    for each in error.errors:
        found[each.field] = f"{found[each.field]} {each.message}" if each.field in found else each.message
    return found


def revision_of(*state: object) -> str:
    """What a form carries of the state it shows, so that a change on top of another's is noticed."""
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()[:32]


def refuse_if_changed(revision: str, *state: object) -> None:
    """Raise Conflict unless the state is what the form was made from."""
    if revision != revision_of(*state):
        raise Conflict("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def changed_members(visit: Visit, before: Iterable[str]) -> list[str]:
    """The members after what was ticked and unticked on the page; what others changed meanwhile stays."""
    ticked, was = set(visit.fields("member")), set(visit.fields("was"))
    return sorted((set(before) - (was - ticked)) | (ticked - was))


def counted(number: int, word: str, most: int | None = None) -> str:
    """A number with its word: "1 token", "1,500 tokens"; "1,000 or more tokens" when counting stopped at `most`."""
    shown = f"{number:,}" if most is None or number < most else f"{most:,} or more"
    return f"{shown} {word}{'' if number == 1 else 's'}"


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
