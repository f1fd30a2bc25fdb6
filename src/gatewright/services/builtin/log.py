"""Lines in the server's log, which say whose they are."""

from typing import Any
from typing import Literal

import msgspec
import structlog

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal
from gatewright.services.call import Call

_log = structlog.get_logger("gatewright.services.log")
_LONGEST = 4_000


@service(inline=True)
def write(
    call: Call,
    message: str,
    level: Literal["debug", "info", "warning", "error"] = "info",
    data: dict[str, Any] = {},  # noqa: B006  never changed
) -> None:
    """Write a line; `data` goes with it as JSON. Both are cut at 4,000 characters. Do not log secrets or people's data."""
    if not message.strip():
        raise refusal("the message is empty")
    more = {"data": _cut(msgspec.json.encode(data).decode())} if data else {}
    caller = call.caller
    getattr(_log, level)(
        "message of a service",
        message=_cut(message),
        package=call.package,
        request=call.request or None,
        subject=caller.subject or None,
        client=caller.client_id,
        **more,
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
