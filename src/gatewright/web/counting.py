"""Counting the requests to the authorization server's addresses: how many, how they ended, how long they took."""

from time import perf_counter

from gatewright.app.parts import Parts
from gatewright.kernel.telemetry import Activity
from gatewright.web.http import Message
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import Send
from gatewright.web.oauth_endpoints import Handler


def counted(path: str, handler: Handler) -> Handler:
    """The handler of an address, counted by its path."""

    async def handle(request: Request, parts: Parts) -> Response:
        status, began = 500, perf_counter()
        try:
            response = await (handler if parts.spans is None else traced)(request, parts)
            status = response.status
            return response
        finally:
            _count(parts.activity, path, status, began)

    async def traced(request: Request, parts: Parts) -> Response:
        assert parts.spans is not None
        with parts.spans.request(request.method, path, request.headers, request.id) as span:
            response = await handler(request, parts)
            span.answered(response.status)
            return response

    return handle


def counting(path: str, send: Send, activity: Activity) -> Send:
    """A page's `send`, which counts the request by its path when the answer begins."""
    began = perf_counter()

    async def send_and_count(message: Message) -> None:
        if message["type"] == "http.response.start":
            _count(activity, path, message["status"], began)
        await send(message)

    return send_and_count


def _count(activity: Activity, path: str, status: int, began: float) -> None:
    activity.add("endpoint", path, "" if status < 400 else str(status), perf_counter() - began)
