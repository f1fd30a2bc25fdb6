"""Trusted issuers and external authorization servers over the Admin API."""

from typing import Any
from typing import Final

import msgspec

from gatewright.admin import external_servers as servers
from gatewright.admin import trusted_issuers as issuers
from gatewright.store import external_servers as server_store
from gatewright.store import trusted_issuers as issuer_store
from gatewright.store.database import Transaction
from gatewright.store.external_servers import ExternalServer
from gatewright.store.trusted_issuers import TrustedIssuer
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import change_of

_SERVER_FIELDS: Final = servers.FIELDS
_SHOWN: Final = (*_SERVER_FIELDS, "revision")


class IssuerList(msgspec.Struct, frozen=True):
    """The trusted issuers."""

    items: tuple[TrustedIssuer, ...]


ServerView: Final = msgspec.defstruct(
    "ServerView",
    [
        *((field.name, field.type) for field in msgspec.structs.fields(ExternalServer) if field.name in _SHOWN),
        ("user", str),
        ("has_client_secret", bool),
    ],
    namespace={"__doc__": "An external authorization server. user: the name of the user that calls run as."},
    frozen=True,
    kw_only=True,
)
ServerList: Final = msgspec.defstruct(
    "ServerList",
    [("items", tuple[ServerView, ...])],  # type: ignore[valid-type]
    namespace={"__doc__": "The external authorization servers."},
    frozen=True,
)
NewServer: Final = change_of(
    "NewServer",
    ExternalServer,
    _SERVER_FIELDS,
    "A new external authorization server. client_secret is kept sealed and never given back.",
    {"user": str, "client_secret": str},
)
ServerChange: Final = change_of(
    "ServerChange",
    ExternalServer,
    [field for field in _SERVER_FIELDS if field != "name"],
    "The fields to change; the others stay as they are.",
    {"user": str, "client_secret": str},
)
NewIssuer: Final = change_of("NewIssuer", TrustedIssuer, issuers.FIELDS, "A new trusted issuer.")
IssuerChange: Final = change_of(
    "IssuerChange",
    TrustedIssuer,
    [field for field in issuers.FIELDS if field != "issuer"],
    "The fields to change; the others stay as they are.",
)


def _issuers(transaction: Transaction, call: AdminCall) -> IssuerList:
    return IssuerList(issuer_store.all_issuers(transaction))


def _issuer(transaction: Transaction, call: AdminCall) -> TrustedIssuer:
    return issuers.find(transaction, call.variables["issuer"])


def _trust(transaction: Transaction, call: AdminCall) -> TrustedIssuer:
    return issuers.create(transaction, call.by, issuers.read_issuer(call.given, issuers.NEW))


def _change_issuer(transaction: Transaction, call: AdminCall) -> TrustedIssuer:
    return issuers.update(transaction, call.by, issuers.read_issuer(call.given, _issuer(transaction, call)))


def _distrust(transaction: Transaction, call: AdminCall) -> None:
    issuers.delete(transaction, call.by, call.variables["issuer"])


def _servers(transaction: Transaction, call: AdminCall) -> Any:
    return ServerList(tuple(_shown(transaction, each) for each in server_store.all_servers(transaction)))


def _server(transaction: Transaction, call: AdminCall) -> Any:
    return _shown(transaction, servers.find(transaction, call.variables["name"]))


def _shown(transaction: Transaction, server: ExternalServer) -> Any:
    values = {name: getattr(server, name) for name in _SHOWN}
    return ServerView(
        **values, user=servers.user_name(transaction, server), has_client_secret=server.sealed_secret is not None
    )


def _add_server(transaction: Transaction, call: AdminCall) -> Any:
    values = call.given
    user, secret = values.pop("user", ""), values.pop("client_secret", "")
    new = servers.read_server(values, servers.NEW)
    return _shown(transaction, servers.create(transaction, call.by, new, user=user, client_secret=secret))


def _change_server(transaction: Transaction, call: AdminCall) -> Any:
    values = call.given
    user, secret = values.pop("user", None), values.pop("client_secret", "")
    changed = servers.read_server(values, servers.find(transaction, call.variables["name"]))
    return _shown(transaction, servers.update(transaction, call.by, changed, user=user, client_secret=secret))


def _remove_server(transaction: Transaction, call: AdminCall) -> None:
    servers.delete(transaction, call.by, call.variables["name"])


_SERVER: Final = "/external-authorization-servers/{name}"
_ISSUER: Final = "/trusted-issuers/{issuer}"

OPERATIONS: Final = (
    Operation(
        name="external_servers:list",
        method="GET",
        path="/external-authorization-servers",
        summary="List external authorization servers",
        action="read",
        verb=_servers,
        answer=ServerList,
    ),
    Operation(
        name="external_servers:create",
        method="POST",
        path="/external-authorization-servers",
        summary="Accept the tokens of an external authorization server",
        action="external_server.create",
        verb=_add_server,
        body=NewServer,
        answer=ServerView,
        status=201,
    ),
    Operation(
        name="external_servers:get",
        method="GET",
        path=_SERVER,
        summary="Show an external authorization server",
        action="read",
        verb=_server,
        resource=_server,
        answer=ServerView,
    ),
    Operation(
        name="external_servers:update",
        method="PATCH",
        path=_SERVER,
        summary="Change an external authorization server",
        action="external_server.update",
        verb=_change_server,
        resource=_server,
        body=ServerChange,
        answer=ServerView,
    ),
    Operation(
        name="external_servers:delete",
        method="DELETE",
        path=_SERVER,
        summary="Accept the tokens of an external authorization server no more",
        action="external_server.delete",
        verb=_remove_server,
        resource=_server,
        status=204,
    ),
    Operation(
        name="trusted_issuers:list",
        method="GET",
        path="/trusted-issuers",
        summary="List the issuers whose assertions are grants",
        action="read",
        verb=_issuers,
        answer=IssuerList,
    ),
    Operation(
        name="trusted_issuers:create",
        method="POST",
        path="/trusted-issuers",
        summary="Trust an issuer",
        action="trusted_issuer.create",
        verb=_trust,
        body=NewIssuer,
        answer=TrustedIssuer,
        status=201,
    ),
    Operation(
        name="trusted_issuers:get",
        method="GET",
        path=_ISSUER,
        summary="Show a trusted issuer, known by its iss in percent-encoding",
        action="read",
        verb=_issuer,
        resource=_issuer,
        answer=TrustedIssuer,
    ),
    Operation(
        name="trusted_issuers:update",
        method="PATCH",
        path=_ISSUER,
        summary="Change a trusted issuer",
        action="trusted_issuer.update",
        verb=_change_issuer,
        resource=_issuer,
        body=IssuerChange,
        answer=TrustedIssuer,
    ),
    Operation(
        name="trusted_issuers:delete",
        method="DELETE",
        path=_ISSUER,
        summary="Trust an issuer no more",
        action="trusted_issuer.delete",
        verb=_distrust,
        resource=_issuer,
        status=204,
    ),
)
