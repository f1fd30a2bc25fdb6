"""`/account/password`: choosing another password, and the one that replaces a one-time password."""

from typing import Final

from starlette.responses import HTMLResponse
from starlette.responses import Response

from gatewright.console.templating import render
from gatewright.console.visit import errors_by_field
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import change_own_password
from gatewright.kernel.errors import Invalid
from gatewright.web.account_visit import AccountVisit
from gatewright.web.brand import brand_of
from gatewright.web.sessions import local_path

_PASSWORD: Final = "/account/password"


async def password(visit: AccountVisit) -> Response:
    """The form for another password, and its answer; `next` says where to go then."""
    required = visit.user.must_change_password
    given = visit.field("next") if visit.is_post else visit.query("next")
    target = local_path(given, "/console/" if required else _PASSWORD)
    if not visit.is_post:
        return await _page(visit, target, {})
    try:
        await change_own_password(
            visit.parts.database,
            await visit.parts.directory.settings(),
            visit.user,
            visit.field("current_password"),
            visit.field("new_password"),
            address=visit.browser.address,
            now=visit.now,
            session=visit.found.session.digest,
        )
    except Invalid as error:
        return await _page(visit, target, errors_by_field(error), 422)
    except TooManyFailures as error:
        page = await _page(visit, target, {"": str(error)}, 429)
        page.headers["retry-after"] = str(error.retry_after)
        return page
    return visit.go(target, "Password saved; sessions in other browsers have ended.")


async def _page(visit: AccountVisit, target: str, errors: dict[str, str], status: int = 200) -> Response:
    if not visit.user.must_change_password:
        return visit.page("account/password.html", status, errors=errors, next=target)
    page = render(
        "password.html",
        brand=brand_of(await visit.parts.directory.settings()),
        csrf=visit.found.session.csrf,
        action=_PASSWORD,
        hidden={"next": target},
        username=visit.user.name,
        errors=list(errors.values()),
    )
    return HTMLResponse(page, status)
