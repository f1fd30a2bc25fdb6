"""Connections over the Admin API: stored credentials for calling out. Secrets go in and never come out."""

from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec

from gatewright.admin import connections as operations
from gatewright.services.connections import Secrets
from gatewright.store import connections
from gatewright.store.connections import Connection
from gatewright.store.database import Transaction
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import change_of

_FIELDS: Final = operations.FIELDS
_SECRETS: Final = {"secret": str, "refresh_token": str}

ConnectionView: Final = msgspec.defstruct(
    "ConnectionView",
    [(field.name, field.type) for field in msgspec.structs.fields(Connection) if field.name != "sealed"]
    + [("has_secret", bool)],
    namespace={"__doc__": "A connection, without its secrets."},
    frozen=True,
    kw_only=True,
)
ConnectionList: Final = msgspec.defstruct(
    "ConnectionList",
    [("items", tuple[ConnectionView, ...])],  # type: ignore[valid-type]
    namespace={"__doc__": "Every connection, by name."},
    frozen=True,
)
NewConnection: Final = change_of(
    "NewConnection",
    Connection,
    _FIELDS,
    "A new connection. Its secrets are kept sealed and never given back.",
    _SECRETS,
)
ConnectionChange: Final = change_of(
    "ConnectionChange",
    Connection,
    [field for field in _FIELDS if field != "name"],
    "The fields to change; the others, and secrets that are left out, stay as they are.",
    _SECRETS,
)


def _shown(connection: Connection) -> Any:
    values = msgspec.structs.asdict(connection)
    return ConnectionView(has_secret=values.pop("sealed") is not None, **values)


def _list(transaction: Transaction, call: AdminCall) -> Any:
    return ConnectionList(tuple(_shown(each) for each in connections.all_connections(transaction)))


def _get(transaction: Transaction, call: AdminCall) -> Any:
    return _shown(operations.find(transaction, call.variables["name"]))


def _create(transaction: Transaction, call: AdminCall) -> Any:
    values, secrets = _parted(call)
    new = operations.read_connection(values, operations.NEW)
    return _shown(operations.create(transaction, call.by, new, secrets))


def _update(transaction: Transaction, call: AdminCall) -> Any:
    values, secrets = _parted(call)
    changed = operations.read_connection(values, operations.find(transaction, call.variables["name"]))
    return _shown(operations.update(transaction, call.by, changed, secrets))


def _delete(transaction: Transaction, call: AdminCall) -> None:
    operations.delete(transaction, call.by, call.variables["name"])


def _parted(call: AdminCall) -> tuple[dict[str, Any], Secrets]:
    values = call.given
    return values, Secrets(values.pop("secret", ""), values.pop("refresh_token", ""))


def _own_path(connection: Any) -> str:
    return f"/connections/{quote(connection.name, safe='')}"


_ONE: Final = "/connections/{name}"

OPERATIONS: Final = (
    Operation(
        name="connections:list",
        method="GET",
        path="/connections",
        summary="List connections, without their secrets",
        action="read",
        verb=_list,
        answer=ConnectionList,
    ),
    Operation(
        name="connections:create",
        method="POST",
        path="/connections",
        summary="Keep credentials for calling out",
        action="connection.create",
        verb=_create,
        body=NewConnection,
        answer=ConnectionView,
        status=201,
        location=_own_path,
    ),
    Operation(
        name="connections:get",
        method="GET",
        path=_ONE,
        summary="Show a connection, without its secrets",
        action="read",
        verb=_get,
        resource=_get,
        answer=ConnectionView,
    ),
    Operation(
        name="connections:update",
        method="PATCH",
        path=_ONE,
        summary="Change a connection, or its secrets",
        action="connection.update",
        verb=_update,
        resource=_get,
        body=ConnectionChange,
        answer=ConnectionView,
    ),
    Operation(
        name="connections:delete",
        method="DELETE",
        path=_ONE,
        summary="Delete a connection: calls that name it fail from the next on",
        action="connection.delete",
        verb=_delete,
        resource=_get,
        status=204,
    ),
)
