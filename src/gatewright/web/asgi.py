"""The raw ASGI application: hot paths first, pages behind them."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.oauth.metadata import well_known_paths
from gatewright.services.protected_resource import WELL_KNOWN
from gatewright.web import cors
from gatewright.web.admin_api.endpoint import answer as administer
from gatewright.web.counting import counted
from gatewright.web.counting import counting
from gatewright.web.draining import CLOSE
from gatewright.web.expired_tokens import EXPIRED_TOKENS
from gatewright.web.http import JSON
from gatewright.web.http import Disconnected
from gatewright.web.http import Receive
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import Scope
from gatewright.web.http import Send
from gatewright.web.metrics_endpoint import metrics
from gatewright.web.oauth_endpoints import COMPATIBLE_ENDPOINTS
from gatewright.web.oauth_endpoints import ENDPOINTS
from gatewright.web.oauth_endpoints import Handler
from gatewright.web.oauth_endpoints import describe
from gatewright.web.openapi_endpoint import PATH as OPENAPI
from gatewright.web.openapi_endpoint import describe_services
from gatewright.web.registration_endpoint import PATH as REGISTRATION
from gatewright.web.registration_endpoint import register
from gatewright.web.resource_endpoint import describe_resource
from gatewright.web.service_endpoints import invoke
from gatewright.web.service_endpoints import route
from gatewright.web.transport import Proxies

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
PagesFor = Callable[[Parts], Application]

PAGES: Final = frozenset({
    "/", "/oauth/authorize", "/oauth/device", "/invoke/pub.oauth/authorize", "/invoke/pub.oauth:authorize",
    "/invoke/wm.server.oauth/approve", "/invoke/wm.server.oauth:approve",
})  # fmt: skip
"""Single addresses that pages answer."""
ADMIN_API: Final = "/admin/"
PAGE_PREFIXES: Final = ("/console", "/account", "/static")
_log = structlog.get_logger("gatewright.web")


class Gatewright:
    """One process's application: built from its parts, which start and stop with the server's lifespan."""

    def __init__(self, start: Callable[[], Awaitable[Parts]], pages: PagesFor) -> None:
        self._start = start
        self._pages_for = pages
        self.parts: Parts
        self._pages: asyncio.Future[Application] | None = None
        self._handlers: dict[str, Handler] = {}
        self._proxies = Proxies(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._lifespan(receive, send)
            return
        path: str = scope["path"]
        handler = self._handlers.get(path)
        if handler is None and (path in PAGES or (path.startswith(PAGE_PREFIXES) and _is_page(path))):
            await self._page(path, scope, receive, send)
            return
        request = Request(scope, receive)
        self._proxies.apply(request)
        try:
            response = await self._answer(request, handler or _handler_of(path))
        except asyncio.CancelledError:
            raise
        except Disconnected:
            return
        except Exception:
            _log.exception("failed", request=request.id, method=request.method, path=path)
            response = Response(
                500, b'{"error":"server_error","error_description":"The server failed; it has been logged."}', [JSON]
            )
        if self.parts.draining:
            response.headers = [*response.headers, CLOSE]
        await response.send(request, send)

    async def startup(self) -> None:
        """Build the parts and the tables of handlers."""
        self.parts = await self._start()
        self._proxies = Proxies(self.parts.settings.trusted_proxies)
        endpoints = {
            **ENDPOINTS,
            **COMPATIBLE_ENDPOINTS,
            **dict.fromkeys(well_known_paths(self.parts.server.issuer), describe),
            REGISTRATION: register,
        }
        self._handlers = {
            **{path: counted(path, handler) for path, handler in endpoints.items()},
            **EXPIRED_TOKENS,
            "/metrics": metrics,
            OPENAPI: describe_services,
            "/health/live": _alive,
            "/health/ready": _ready,
        }

    async def _page(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._forward(scope)
        pages = await self._loaded_pages()
        await pages(scope, receive, counting(path, send, self.parts.activity) if path in PAGES else send)

    async def _loaded_pages(self) -> Application:
        """The pages: loaded when the first is asked for, in a thread, since other requests would wait for long."""
        if self._pages is None:
            self._pages = asyncio.ensure_future(asyncio.to_thread(self._pages_for, self.parts))
        return await asyncio.shield(self._pages)

    async def _answer(self, request: Request, handler: Handler) -> Response:
        if request.method == "OPTIONS" and not self._is_templates(request):
            narrower = cors.origins_of(request, self.parts.catalogue)
            return cors.preflight(request, await self.parts.directory.settings(), narrower)
        response = await handler(request, self.parts)
        if b"origin" in request.headers:
            narrower = cors.origins_of(request, self.parts.catalogue)
            granted = cors.allowed(request, await self.parts.directory.settings(), narrower)
            response.headers = cors.joined(response.headers, granted)
        return response

    def _is_templates(self, request: Request) -> bool:
        """Whether an OPTIONS request is a URL template's, and not a browser's question (the Fetch standard's preflight)."""
        if b"access-control-request-method" in request.headers:
            return False
        return self.parts.catalogue.match("OPTIONS", request.raw_path) is not None

    def _forward(self, scope: Scope) -> None:
        """Let pages see the address and scheme that a trusted proxy vouches for."""
        request = Request(scope, _no_body)
        self._proxies.apply(request)
        scope["scheme"] = request.scheme
        scope["client"] = (request.address, 0)
        scope["gatewright.request_id"] = request.id

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.startup()
        except Exception as error:
            _log.error("cannot start", reason=str(error))
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.parts.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _is_page(path: str) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in PAGE_PREFIXES)


def _handler_of(path: str) -> Handler:
    """The handler of an address that is not served as a whole."""
    if path.startswith("/invoke/"):
        return invoke
    if path.startswith(WELL_KNOWN):
        return describe_resource
    if path.startswith(ADMIN_API):
        return administer
    return register if path.startswith(f"{REGISTRATION}/") else _routed


async def _routed(request: Request, parts: Parts) -> Response:
    response = await route(request, parts)
    if response is None:
        body = b'{"error":"not_found","error_description":"Nothing is served at this address."}'
        response = Response(404, body, [JSON])
    return response


async def _alive(request: Request, parts: Parts) -> Response:
    return Response(200, b'{"status":"live"}', [JSON])


async def _ready(request: Request, parts: Parts) -> Response:
    """Whether a load balancer should send requests here: the store answers, and the server is not about to stop."""
    if parts.draining:
        return Response(503, b'{"status":"stopping"}', [JSON, (b"retry-after", b"1")])
    try:
        await parts.directory.settings()
    except Unavailable:
        return Response(503, b'{"status":"the store does not answer"}', [JSON, (b"retry-after", b"1")])
    if parts.database.trouble:
        return Response(503, msgspec.json.encode({"status": parts.database.trouble}), [JSON, (b"retry-after", b"1")])
    return Response(200, b'{"status":"ready"}', [JSON])


async def _no_body() -> dict[str, object]:
    return {"type": "http.disconnect"}
