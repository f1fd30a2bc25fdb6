"""What pages answer when they cannot do what was asked: one small page with one sentence that helps."""

from collections.abc import Awaitable
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import Response

from gatewright.console.templating import render
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.web.brand import BRAND
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Disconnected
from gatewright.web.parameters import Unreadable
from gatewright.web.sessions import CsrfRefused

Handler = Callable[[Request, Exception], Awaitable[Response]]

CSRF_SENTENCE: Final = "This page was open too long or came from elsewhere. Go back, reload it and try again."
_log = structlog.get_logger("gatewright.pages")


def error_page(
    request: Request, status: int, sentence: str, *, title: str = "This request cannot continue", error: str = ""
) -> Response:
    """The page. error: an OAuth error code, if there is one."""
    page = render(
        "error.html",
        brand=BRAND,
        title=title,
        sentence=sentence,
        details=[("error", error)] if error else [],
        reference=request.scope.get("gatewright.request_id", ""),
        links=[],
    )
    return HTMLResponse(page, status)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {
        404: "There is no page at this address; the console is at /console/.",
        405: f"This page does not answer {request.method[:20]}; open it from where it is linked.",
    }
    page = error_page(request, error.status_code, sentences.get(error.status_code, str(error.detail)))
    page.headers.update(error.headers or {})
    return page


async def _unreadable(request: Request, error: Exception) -> Response:
    return error_page(request, HTTPStatus.BAD_REQUEST, str(error))


async def _too_large(request: Request, error: Exception) -> Response:
    return error_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is larger than this page takes.")


async def _csrf(request: Request, error: Exception) -> Response:
    return error_page(request, HTTPStatus.FORBIDDEN, CSRF_SENTENCE)


async def _conflict(request: Request, error: Exception) -> Response:
    return error_page(request, HTTPStatus.CONFLICT, "What this page is about was changed or deleted meanwhile.")


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.error("unavailable", request=request.scope.get("gatewright.request_id"), detail=str(error))
    page = error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, "The server cannot do this now; try again shortly.")
    page.headers["retry-after"] = "1"
    return page


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)  # to nobody: the connection is closed


HANDLERS: Final[dict[type[Exception], Handler]] = {
    HTTPException: _http,
    Unreadable: _unreadable,
    BodyTooLarge: _too_large,
    CsrfRefused: _csrf,
    Conflict: _conflict,
    Unavailable: _unavailable,
    Disconnected: _gone,
}
"""For Starlette's `exception_handlers`."""
