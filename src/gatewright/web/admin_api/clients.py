"""Clients over the Admin API: Client Registration."""

from typing import Annotated
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Meta

from gatewright.admin import associations
from gatewright.admin import clients as operations
from gatewright.admin import tokens
from gatewright.admin.client_rules import FIELDS
from gatewright.admin.client_rules import NEW
from gatewright.admin.client_rules import read_client
from gatewright.admin.postman import collection
from gatewright.store import clients
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import PageQuery
from gatewright.web.admin_api.operation import change_of
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of

Names = tuple[str, ...]


class ClientView(Client, frozen=True, kw_only=True):
    """A client, with the scopes it may ask for and the groups it is in. Times are seconds since the epoch."""

    scopes: Names
    groups: Names


class ClientPage(msgspec.Struct, frozen=True):
    """Clients by name and version. next_cursor: null on the last page."""

    items: tuple[Client, ...]
    next_cursor: str | None


class NewClientView(ClientView, frozen=True, kw_only=True):
    """A client as it was registered or changed. client_secret: one that was made just now; told only here."""

    client_secret: str | None = None


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """A client's secret, not itself: kind says whether the server made it or somebody chose it."""

    id: str
    kind: str
    created_at: int
    expires_at: int | None


class SecretList(msgspec.Struct, frozen=True):
    """A client's secrets that work."""

    items: tuple[SecretView, ...]


class NewSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """keep_old_for: seconds for which the present secrets go on working."""

    keep_old_for: Annotated[int, Meta(ge=0, le=operations.LONGEST_OVERLAP)] = 0


class SecretMade(msgspec.Struct, frozen=True):
    """A new secret, told only here."""

    client_id: str
    client_secret: str


class NameList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names, all of them: what is not listed is taken away."""

    items: Names


class Ended(msgspec.Struct, frozen=True):
    """How many tokens ended."""

    ended: int


ClientChange: Final = change_of("ClientChange", Client, FIELDS, "The fields to change; the others stay as they are.")
ClientRegistration: Final = change_of(
    "ClientRegistration",
    Client,
    FIELDS,
    "A new client. What is left out has the form's default; client_id is made unless it is given.",
    {"client_id": str, "scopes": Names, "groups": Names},
)


def _page(transaction: Transaction, call: AdminCall) -> ClientPage:
    name, version = key_of(call.query.cursor, 2)
    found = clients.page(transaction, (name, version), call.query.limit + 1, call.query.q)
    shown = found[: call.query.limit]
    more = cursor(shown[-1].name, shown[-1].version) if len(found) > len(shown) else None
    return ClientPage(tuple(shown), more)


def _view(transaction: Transaction, call: AdminCall) -> ClientView:
    return ClientView(**_all_of(transaction, operations.find(transaction, call.variables["client_id"])))


def _all_of(transaction: Transaction, client: Client) -> dict[str, Any]:
    groups = tuple(sorted(clients.groups(transaction, client.client_id)))
    return msgspec.structs.asdict(client) | {
        "scopes": clients.scopes(transaction, client.client_id),
        "groups": groups,
    }


def _create(transaction: Transaction, call: AdminCall) -> NewClientView:
    values = call.given
    scopes, groups = values.pop("scopes", ()), values.pop("groups", ())
    if groups:
        call.require("client.groups")
    base = msgspec.structs.replace(NEW, client_id=values.pop("client_id", ""))
    saved = operations.create(transaction, call.by, read_client(values, base), scopes=scopes, groups=groups)
    return NewClientView(**_all_of(transaction, saved.client), client_secret=saved.secret)


def _update(transaction: Transaction, call: AdminCall) -> NewClientView:
    base = operations.find(transaction, call.variables["client_id"])
    saved = operations.update(transaction, call.by, read_client(call.given, base))
    return NewClientView(**_all_of(transaction, saved.client), client_secret=saved.secret)


def _delete(transaction: Transaction, call: AdminCall) -> None:
    operations.delete(transaction, call.by, call.variables["client_id"])


def _secrets(transaction: Transaction, call: AdminCall) -> SecretList:
    client = operations.find(transaction, call.variables["client_id"])
    found = [
        SecretView(
            id=each.id,
            kind="made" if each.digest else "chosen",
            created_at=each.created_at,
            expires_at=each.expires_at,
        )
        for each in clients.secrets(transaction, client.client_id)
        if each.expires_at is None or each.expires_at > call.by.now
    ]
    return SecretList(tuple(found))


def _new_secret(transaction: Transaction, call: AdminCall) -> SecretMade:
    client_id = call.variables["client_id"]
    saved = operations.new_secret(transaction, call.by, client_id, call.body.keep_old_for)
    return SecretMade(client_id, saved.secret or "")


def _scopes(transaction: Transaction, call: AdminCall) -> NameList:
    client = operations.find(transaction, call.variables["client_id"])
    return NameList(clients.scopes(transaction, client.client_id))


def _set_scopes(transaction: Transaction, call: AdminCall) -> None:
    associations.set_client_scopes(transaction, call.by, call.variables["client_id"], call.body.items)


def _groups(transaction: Transaction, call: AdminCall) -> NameList:
    client = operations.find(transaction, call.variables["client_id"])
    return NameList(tuple(sorted(clients.groups(transaction, client.client_id))))


def _set_groups(transaction: Transaction, call: AdminCall) -> None:
    operations.set_groups(transaction, call.by, call.variables["client_id"], call.body.items)


def _revoke(transaction: Transaction, call: AdminCall) -> Ended:
    return Ended(tokens.revoke_client(transaction, call.by, call.variables["client_id"]))


async def _postman(call: AdminCall) -> dict[str, Any]:
    parts = call.parts
    return await collection(parts.database, call.variables["client_id"], parts.server.issuer, parts.catalogue)


_ONE: Final = "/clients/{client_id}"


def _own_path(client: ClientView) -> str:
    return f"/clients/{quote(client.client_id, safe='')}"


OPERATIONS: Final = (
    Operation(
        name="clients:list",
        method="GET",
        path="/clients",
        summary="List clients by name and version",
        action="read",
        verb=_page,
        query=PageQuery,
        answer=ClientPage,
    ),
    Operation(
        name="clients:create",
        method="POST",
        path="/clients",
        summary="Register a client",
        action="client.create",
        verb=_create,
        body=ClientRegistration,
        answer=NewClientView,
        status=201,
        location=_own_path,
    ),
    Operation(
        name="clients:get",
        method="GET",
        path=_ONE,
        summary="Show a client",
        action="read",
        verb=_view,
        resource=_view,
        answer=ClientView,
    ),
    Operation(
        name="clients:update",
        method="PATCH",
        path=_ONE,
        summary="Change a client; enabled: false disables it",
        action="client.update",
        verb=_update,
        resource=_view,
        body=ClientChange,
        answer=NewClientView,
    ),
    Operation(
        name="clients:delete",
        method="DELETE",
        path=_ONE,
        summary="Delete a client; its tokens die with it",
        action="client.delete",
        verb=_delete,
        resource=_view,
        status=204,
    ),
    Operation(
        name="clients:list_secrets",
        method="GET",
        path=f"{_ONE}/secrets",
        summary="List a client's secrets, without their texts",
        action="read",
        verb=_secrets,
        answer=SecretList,
    ),
    Operation(
        name="clients:make_secret",
        method="POST",
        path=f"{_ONE}/secrets",
        summary="Make a new secret; the old ones go on working for a time",
        action="client.secret",
        verb=_new_secret,
        body=NewSecret,
        answer=SecretMade,
        status=201,
    ),
    Operation(
        name="clients:get_scopes",
        method="GET",
        path=f"{_ONE}/scopes",
        summary="List the scopes that are associated with a client",
        action="read",
        verb=_scopes,
        resource=_scopes,
        answer=NameList,
    ),
    Operation(
        name="clients:set_scopes",
        method="PUT",
        path=f"{_ONE}/scopes",
        summary="Associate a client with just these scopes",
        action="client.scopes",
        verb=_set_scopes,
        resource=_scopes,
        body=NameList,
        answer=NameList,
    ),
    Operation(
        name="clients:get_groups",
        method="GET",
        path=f"{_ONE}/groups",
        summary="List the groups that a client is in",
        action="read",
        verb=_groups,
        resource=_groups,
        answer=NameList,
    ),
    Operation(
        name="clients:set_groups",
        method="PUT",
        path=f"{_ONE}/groups",
        summary="Make a client a member of just these groups",
        action="client.groups",
        verb=_set_groups,
        resource=_groups,
        body=NameList,
        answer=NameList,
    ),
    Operation(
        name="clients:revoke_tokens",
        method="DELETE",
        path=f"{_ONE}/tokens",
        summary="End a client's tokens, some thousands a call; repeat until ended is 0",
        action="token.revoke_client",
        verb=_revoke,
        answer=Ended,
    ),
    Operation(
        name="clients:export_postman",
        method="GET",
        path=f"{_ONE}/postman",
        summary="Export a Postman collection (v2.1) of what a client may call",
        action="read",
        alone=_postman,
        answer=dict[str, Any],
    ),
)
