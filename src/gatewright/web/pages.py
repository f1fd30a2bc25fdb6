"""The pages, an ordinary Starlette application behind the hot paths: sign-in, consent, account, console."""

from collections.abc import Awaitable
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route

from gatewright.app.parts import Parts
from gatewright.web.account_pages import account_routes
from gatewright.web.authorize_pages import authorize_routes
from gatewright.web.device_pages import device_routes
from gatewright.web.page_errors import HANDLERS
from gatewright.web.security_headers import SecurityHeaders


def pages_for(parts: Parts) -> Starlette:
    """The pages over the parts of this process."""
    from gatewright.console.routes import console_routes

    routes: list[BaseRoute] = [
        Route("/", _home),
        *authorize_routes(parts),
        *device_routes(parts),
        *account_routes(parts),
        *console_routes(parts),
    ]
    application = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)], exception_handlers=HANDLERS)
    application.router.redirect_slashes = False  # its redirects would repeat whatever Host the request claims
    return application


async def _home(request: Request) -> Response:
    return RedirectResponse("/console/", status_code=303)


Endpoint = Callable[[Request], Awaitable[Response]]
