"""Errors of a running flow: the standard's types as problem details (RFC 9457)."""

import re
from collections.abc import Mapping
from typing import Any
from typing import Literal

ADDRESS = "https://open-workflow-specification.org/spec/1.0.0/errors/"
"""Under which the standard's own types are given out; they are accepted under its older addresses too."""

STATUS = {
    "configuration": 400,
    "validation": 400,
    "expression": 400,
    "authentication": 401,
    "authorization": 403,
    "timeout": 408,
    "communication": 500,
    "runtime": 500,
}
_TITLES = {
    "configuration": "Configuration Error",
    "validation": "Validation Error",
    "expression": "Expression Error",
    "authentication": "Authentication Error",
    "authorization": "Authorization Error",
    "timeout": "Timeout",
    "communication": "Communication Error",
    "runtime": "Runtime Error",
}
_STANDARD = re.compile(
    r"https?://(?:www\.)?(?:serverlessworkflow\.io|open-workflow-specification\.org)"
    rf"/(?:spec/\d+\.\d+\.\d+/errors|dsl/errors/types)/({'|'.join(STATUS)})/?\Z"
)

Origin = Literal["flow", "raise", "call"]


def canonical_type(address: str) -> str:
    """An error type's one address: a standard type is recognised under every address the standard has had."""
    match = _STANDARD.match(address)
    return ADDRESS + match[1] if match else address


class FlowError(Exception):
    """An error that `catch` can see; uncaught, it is the flow's answer.

    `origin` tells a `raise` (which alone picks the answer's status) and a failed outgoing call from the rest.
    """

    def __init__(
        self,
        type: str,  # noqa: A002 - RFC 9457's word
        status: int,
        title: str,
        detail: str = "",
        instance: str = "",
        extensions: Mapping[str, Any] | None = None,
        origin: Origin = "flow",
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.type, self.status, self.title, self.detail = canonical_type(type), status, title, detail
        self.instance = instance
        self.extensions = dict(extensions or {})
        self.origin = origin

    @property
    def http_status(self) -> int:
        """The status of the HTTP answer: 502 or 504 when another server is to blame, so that nobody takes its 401 for ours."""
        if self.origin == "call":
            return 504 if self.type == ADDRESS + "timeout" else 502
        return self.status

    def value(self) -> dict[str, Any]:
        """The error as a flow's own expressions see it, with the remote's status."""
        members = {"type": self.type, "status": self.status, "title": self.title}
        if self.detail:
            members["detail"] = self.detail
        return self.extensions | members | {"instance": self.instance}

    def problem(self) -> dict[str, Any]:
        """The problem details object (RFC 9457 §3) of the HTTP answer; its `status` is `http_status`."""
        return self.value() | {"status": self.http_status}


class LimitReached(FlowError):
    """The flow used up its time, steps, depth or size: no `catch` sees it, so nothing can run on."""


def standard_error(
    kind: str,
    detail: str,
    *,
    status: int | None = None,
    title: str | None = None,
    extensions: Mapping[str, Any] | None = None,
    origin: Origin = "flow",
) -> FlowError:
    """An error of one of the standard's types (`kind` without its address), with that type's default status."""
    return FlowError(ADDRESS + kind, status or STATUS[kind], title or _TITLES[kind], detail, "", extensions, origin)


def limit_reached(kind: str, detail: str) -> LimitReached:
    """The refusal to go on past a limit; `kind` as in `standard_error`."""
    return LimitReached(ADDRESS + kind, STATUS[kind], _TITLES[kind], detail)
