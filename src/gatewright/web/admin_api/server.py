"""Global settings, signing keys and the audit log over the Admin API."""

from typing import Annotated
from typing import Final

import msgspec
from msgspec import Meta

from gatewright.admin import audit
from gatewright.admin import keys as key_operations
from gatewright.admin import settings as setting_operations
from gatewright.admin.keys import KeyLine
from gatewright.kernel.settings import GlobalSettings
from gatewright.store.daily_sums import Sum
from gatewright.store.database import Transaction
from gatewright.store.records import AuditRow
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import change_of
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of


class KeyList(msgspec.Struct, frozen=True):
    """The signing keys that count, the newest first. Times are seconds since the epoch."""

    items: tuple[KeyLine, ...]


class Rotated(msgspec.Struct, frozen=True):
    """The `kid` of the key that signs from now on."""

    id: str


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the audit log."""

    cursor: Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="The most items to give.")] = 50
    actor: Annotated[str, Meta(max_length=200, description="What the actor's name contains.")] = ""
    action: Annotated[str, Meta(max_length=100, description="What the action begins with, such as `client.`.")] = ""
    target: Annotated[str, Meta(max_length=200, description="What the target contains.")] = ""
    since: Annotated[int, Meta(ge=0, le=2**53, description="From this time on, in seconds since the epoch.")] = 0
    until: Annotated[int, Meta(ge=0, le=2**53, description="Before this time; 0: without end.")] = 0


class AuditPage(msgspec.Struct, frozen=True):
    """Audit rows, the newest first; before and after are JSON. next_cursor: null on the last page."""

    items: tuple[AuditRow, ...]
    next_cursor: str | None


class SumsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days."""

    since: Annotated[
        int, Meta(ge=0, le=2**53, description="From the day of this time on, in seconds since the epoch.")
    ] = 0
    until: Annotated[int, Meta(ge=0, le=2**53, description="Days that began before this time; 0: without end.")] = 0
    days: Annotated[int, Meta(ge=1, le=400, description="The most days to give, the newest.")] = 31


class SumList(msgspec.Struct, frozen=True):
    """How often things happened on each day (UTC), the newest day first: tokens issued by grant, refusals by error code,
    sign-ins and consents by the audit log's action. day: when it began, in seconds since the epoch.
    """

    items: tuple[Sum, ...]


SettingsChange: Final = change_of(
    "SettingsChange", GlobalSettings, setting_operations.FIELDS, "The settings to change; the others stay as they are."
)


def _settings(transaction: Transaction, call: AdminCall) -> GlobalSettings:
    return setting_operations.load(transaction)


def _change(transaction: Transaction, call: AdminCall) -> None:
    changed = setting_operations.read_settings(call.given, setting_operations.load(transaction))
    setting_operations.change(transaction, call.by, changed)


def _keys(transaction: Transaction, call: AdminCall) -> KeyList:
    return KeyList(tuple(key_operations.page(transaction, call.by.now)))


async def _rotate(call: AdminCall) -> Rotated:
    return Rotated(await key_operations.rotate(call.parts.database, call.by, call.parts.sealer))


async def _retire(call: AdminCall) -> None:
    await key_operations.retire(call.parts.database, call.by, call.parts.sealer, call.variables["id"])


def _audit(transaction: Transaction, call: AdminCall) -> AuditPage:
    (before,) = key_of(call.query.cursor, 1)
    query = call.query
    found = audit.page(
        transaction,
        before or None,
        query.limit + 1,
        actor=query.actor,
        action=query.action,
        target=query.target,
        since=query.since,
        until=query.until,
    )
    shown = found[: call.query.limit]
    return AuditPage(tuple(shown), cursor(shown[-1].id) if len(found) > len(shown) else None)


def _sums(transaction: Transaction, call: AdminCall) -> SumList:
    query = call.query
    return SumList(tuple(audit.sums(transaction, query.since, query.until, query.days)))


OPERATIONS: Final = (
    Operation(
        name="settings:get",
        method="GET",
        path="/settings",
        summary="Show the global settings",
        action="read",
        verb=_settings,
        resource=_settings,
        answer=GlobalSettings,
    ),
    Operation(
        name="settings:update",
        method="PATCH",
        path="/settings",
        summary="Change global settings, in force from the next request on",
        action="settings.update",
        verb=_change,
        resource=_settings,
        body=SettingsChange,
        answer=GlobalSettings,
    ),
    Operation(
        name="keys:list",
        method="GET",
        path="/keys",
        summary="List the signing keys",
        action="read",
        verb=_keys,
        answer=KeyList,
    ),
    Operation(
        name="keys:rotate",
        method="POST",
        path="/keys/rotations",
        summary="Sign with another key from now on",
        action="key.rotate",
        alone=_rotate,
        answer=Rotated,
        status=201,
    ),
    Operation(
        name="keys:retire",
        method="DELETE",
        path="/keys/{id}",
        summary="End a key that leaked: what it signed is refused from now on",
        action="key.retire",
        alone=_retire,
        status=204,
    ),
    Operation(
        name="audit:list",
        method="GET",
        path="/audit",
        summary="List who changed what, the newest first",
        action="read",
        verb=_audit,
        query=AuditQuery,
        answer=AuditPage,
    ),
    Operation(
        name="audit:sums",
        method="GET",
        path="/audit/sums",
        summary="List what happened on each day in sum",
        action="read",
        verb=_sums,
        query=SumsQuery,
        answer=SumList,
    ),
)
