"""The one error a call of a service ends with, as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus


class ServiceError(Exception):
    """A refusal or failure that the caller is told. Services raise it themselves: `raise ServiceError(404, "No such airport")`.

    status: the HTTP status, 400 to 599.
    title: a short sentence that is the same for every occurrence; default: the status' own words.
    detail: what happened this time and what to change.
    type: a URI that names the kind of problem (RFC 9457 §3.1.1).
    extensions: further members of the problem, JSON values (§3.2).
    fault: whether something is broken, so that the run is kept for whoever mends it; default: a status from 500.
    reason: what happened, for whoever mends it alone; default: detail.
    """

    def __init__(
        self,
        status: int,
        title: str = "",
        detail: str = "",
        *,
        type: str = "about:blank",  # noqa: A002  the name RFC 9457 gives it
        extensions: Mapping[str, object] | None = None,
        fault: bool | None = None,
        reason: str = "",
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"a problem has a status from 400 to 599, not {status}")
        self.status, self.title, self.detail, self.type = status, title or _phrase(status), detail, type
        self.extensions = dict(extensions or {})
        self.reason = reason or detail
        self.fault = status >= 500 if fault is None else fault
        super().__init__(f"{status} {self.title}" + (f": {detail}" if detail else ""))

    def problem(self) -> dict[str, object]:
        """The body of the answer, `application/problem+json` (RFC 9457 §3)."""
        members: dict[str, object] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            members["detail"] = self.detail
        return self.extensions | members


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused" if status < 500 else "Failed"


class FileProblem(Exception):
    """Something in a package's file that cannot be used. Line and column count from 1; 0 where no place is known."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        self.file, self.line, self.column, self.message = file, line, column, message
        place = f":{line}:{column}" if line else ""
        super().__init__(f"{file}{place}: {message}")
