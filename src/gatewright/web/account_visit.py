"""One's own account: who is asking, what was sent, and how to answer. Any signed-in user may."""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from gatewright.app.parts import Parts
from gatewright.console.proof import ask_for_proof
from gatewright.console.visit import Visit
from gatewright.console.visit import answer
from gatewright.identity.sessions import Browser
from gatewright.store.records import User
from gatewright.web.forms import read_form
from gatewright.web.sessions import browser_of
from gatewright.web.sessions import first_step
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login

ACCOUNT: Final = "/account"


class AccountVisit(Visit):
    """A request of a signed-in user to a page of his or her own account."""

    area = "account"

    @property
    def user(self) -> User:
        """Whose account it is."""
        return self.found.user.user

    @property
    def browser(self) -> Browser:
        """Whence the request comes."""
        return browser_of(self.request)


Page = Callable[[AccountVisit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def own_account(page: Page, parts: Parts, *, proven: bool = False, mends: str = "") -> Endpoint:
    """An endpoint for whoever is signed in; it checks a form's CSRF token, and turns errors into pages.

    proven: before a form is taken, its sender gives proof of who is there, unless he or she did so lately.
    mends: what its user may lack (`SignedIn.lacks`), because here it is mended.
    """

    async def asking(visit: AccountVisit) -> Response:
        return (await ask_for_proof(visit) if proven and visit.is_post else None) or await page(visit)

    async def endpoint(request: Request) -> Response:
        found = await signed_in(request, parts)
        if found is None:
            return to_login(request)
        if found.lacks != mends and (first := first_step(request, found)):
            return first
        form = await read_form(request) if request.method == "POST" else FormData()
        return await answer(asking, AccountVisit(request, parts, found, form))

    return endpoint
