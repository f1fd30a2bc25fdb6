"""`apply --prune`: removal of what the file's lists do not name. Parts the file leaves out are left as they are."""

from gatewright.admin import acls
from gatewright.admin import clients
from gatewright.admin import connections
from gatewright.admin import external_servers
from gatewright.admin import groups
from gatewright.admin import scopes
from gatewright.admin import trusted_issuers
from gatewright.admin import users
from gatewright.admin.actor import By
from gatewright.admin.configuration import Configuration
from gatewright.admin.configuration import Refused
from gatewright.admin.listing import all_clients
from gatewright.admin.listing import all_users
from gatewright.admin.plan import Line
from gatewright.kernel.errors import GatewrightError
from gatewright.store import access
from gatewright.store import connections as connection_store
from gatewright.store import external_servers as external_store
from gatewright.store import scopes as scope_store
from gatewright.store import trusted_issuers as issuer_store
from gatewright.store.database import Transaction


def prune(transaction: Transaction, by: By, configuration: Configuration, client_ids: set[str]) -> list[Line]:
    """Remove what is kept but not named; a line for each. `client_ids`: the clients the file names. Raises Refused."""
    lines: list[Line] = []
    try:
        _acls(transaction, by, configuration, lines)
        _trusted_issuers(transaction, by, configuration, lines)
        _external_servers(transaction, by, configuration, lines)
        _connections(transaction, by, configuration, lines)
        _clients(transaction, by, configuration, client_ids, lines)
        _scopes(transaction, by, configuration, lines)
        _users(transaction, by, configuration, lines)
        _groups(transaction, by, configuration, lines)
    except GatewrightError as refusal:
        raise Refused([f"{configuration.file}: nothing was pruned: {refusal}"]) from None
    return lines


def _acls(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.acls is None:
        return
    named = {entry.target for entry in configuration.acls}
    for target in access.all_acls(transaction):
        if target not in named:
            acls.delete(transaction, by, target)
            lines.append(Line("-", "acl", target))


def _trusted_issuers(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.trusted_issuers is None:
        return
    named = {entry.issuer for entry in configuration.trusted_issuers}
    for issuer in issuer_store.all_issuers(transaction):
        if issuer.issuer not in named:
            trusted_issuers.delete(transaction, by, issuer.issuer)
            lines.append(Line("-", "trusted issuer", issuer.issuer))


def _external_servers(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.external_servers is None:
        return
    named = {entry.name for entry in configuration.external_servers}
    for server in external_store.all_servers(transaction):
        if server.name not in named:
            external_servers.delete(transaction, by, server.name)
            lines.append(Line("-", "external authorization server", server.name))


def _connections(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.connections is None:
        return
    named = {entry.name for entry in configuration.connections}
    for connection in connection_store.all_connections(transaction):
        if connection.name not in named:
            connections.delete(transaction, by, connection.name)
            lines.append(Line("-", "connection", connection.name))


def _clients(
    transaction: Transaction, by: By, configuration: Configuration, client_ids: set[str], lines: list[Line]
) -> None:
    if configuration.clients is None:
        return
    for client in list(all_clients(transaction)):
        if client.client_id not in client_ids:
            clients.delete(transaction, by, client.client_id)
            lines.append(Line("-", "client", f"{client.client_id} {client.label}"))


def _scopes(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.scopes is None:
        return
    named = {entry.name for entry in configuration.scopes}
    for scope in scope_store.all_scopes(transaction):
        if scope.name not in named:
            scopes.delete(transaction, by, scope.name)
            lines.append(Line("-", "scope", scope.name))


def _users(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.users is None:
        return
    named = {entry.name for entry in configuration.users}
    for user in list(all_users(transaction)):
        if user.name not in named:
            users.delete(transaction, by, user.id)
            lines.append(Line("-", "user", user.name))


def _groups(transaction: Transaction, by: By, configuration: Configuration, lines: list[Line]) -> None:
    if configuration.groups is None:
        return
    named = {entry.name for entry in configuration.groups}
    for group in access.all_groups(transaction):
        if group.name not in named and not group.predefined:
            groups.delete(transaction, by, group.name)
            lines.append(Line("-", "group", group.name))
