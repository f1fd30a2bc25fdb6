"""Every operation of the Admin API, and finding the one that a request asks for."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from gatewright.services.call import Call
from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.web.admin_api import access
from gatewright.web.admin_api import activity
from gatewright.web.admin_api import clients
from gatewright.web.admin_api import connections
from gatewright.web.admin_api import packages
from gatewright.web.admin_api import people
from gatewright.web.admin_api import refusals
from gatewright.web.admin_api import scopes
from gatewright.web.admin_api import server
from gatewright.web.admin_api import tokens
from gatewright.web.admin_api import trust
from gatewright.web.admin_api.operation import Operation

ROOT: Final = "/admin/v1"
OPERATIONS: Final[tuple[Operation, ...]] = (
    *clients.OPERATIONS,
    *scopes.OPERATIONS,
    *tokens.OPERATIONS,
    *people.OPERATIONS,
    *access.OPERATIONS,
    *server.OPERATIONS,
    *trust.OPERATIONS,
    *connections.OPERATIONS,
    *refusals.OPERATIONS,
    *packages.OPERATIONS,
    *activity.OPERATIONS,
)
_MOST_BYTES: Final = 8192


def segments(raw_path: bytes) -> tuple[str, ...] | None:
    """The segments below `/admin/v1`, each decoded once: a name may hold `/` as `%2F`. None when it is no such path."""
    prefix = ROOT.encode() + b"/"
    if not raw_path.startswith(prefix) or len(raw_path) > _MOST_BYTES:
        return None
    try:
        found = tuple(unquote_to_bytes(part).decode() for part in raw_path[len(prefix) :].split(b"/"))
    except UnicodeDecodeError:
        return None
    return found if all(part and part.isprintable() for part in found) else None


def find(method: str, raw_path: bytes) -> tuple[Operation, dict[str, str]] | list[str]:
    """The operation and its path's variables; else the methods that the path answers, none when there is no such path."""
    path = segments(raw_path)
    found = [] if path is None else [each for each in OPERATIONS if _fits(each.segments, path)]
    literal = max((_literals(each) for each in found), default=0)
    found = [each for each in found if _literals(each) == literal]
    for operation in found:
        if operation.method == method and path is not None:
            return operation, _variables(operation, path)
    return sorted({each.method for each in found})


def services() -> Iterable[Service]:
    """The operations as services, for scopes and ACLs to list. They run at their own addresses only."""
    return [
        Service(
            name=operation.service,
            kind="builtin",
            package="",
            file="",
            title=operation.summary,
            description=f"{operation.method} {ROOT}{operation.path}",
            run=_elsewhere,
        )
        for operation in OPERATIONS
    ]


async def _elsewhere(values: dict[str, object], call: Call) -> object:
    raise ServiceError(404, "Not served here", f"call it below {ROOT}; {ROOT}/openapi.json describes it")


def _fits(template: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(template) == len(path) and all(
        _is_variable(part) or part == given for part, given in zip(template, path, strict=True)
    )


def _literals(operation: Operation) -> int:
    return sum(not _is_variable(part) for part in operation.segments)


def _variables(operation: Operation, path: tuple[str, ...]) -> dict[str, str]:
    pairs = zip(operation.segments, path, strict=True)
    return {part[1:-1]: given for part, given in pairs if _is_variable(part)}


def _is_variable(part: str) -> bool:
    return part.startswith("{")
