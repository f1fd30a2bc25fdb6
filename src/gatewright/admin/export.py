"""`gatewright export --config`: what is kept, as a file that `apply` reads. Secrets and passwords are not in it."""

from typing import Any

import msgspec
import yaml

from gatewright.admin import connections
from gatewright.admin import external_servers
from gatewright.admin.client_rules import FIELDS
from gatewright.admin.listing import all_clients
from gatewright.admin.listing import all_users
from gatewright.kernel.yaml import YamlProblem
from gatewright.kernel.yaml import load
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import connections as connection_store
from gatewright.store import external_servers as external_store
from gatewright.store import scopes
from gatewright.store import settings
from gatewright.store import trusted_issuers
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.external_servers import ExternalServer
from gatewright.store.records import Client
from gatewright.store.records import User


def configuration(transaction: Transaction) -> dict[str, Any]:
    """Everything that is configured as `gatewright.yaml` has it, every field written out."""
    groups = [group for group in access.all_groups(transaction) if not group.predefined]
    acls = access.all_acls(transaction).items()
    return {
        "settings": msgspec.to_builtins(settings.load(transaction)),
        "scopes": [_without(scope, "revision") for scope in scopes.all_scopes(transaction)],
        "groups": [{"name": group.name, "description": group.description} for group in groups],
        "clients": [_client(transaction, client) for client in all_clients(transaction)],
        "users": [_user(transaction, user) for user in all_users(transaction)],
        "acls": [{"target": target, "execute": list(execute)} for target, execute in acls],
        "trusted_issuers": [_without(issuer, "revision") for issuer in trusted_issuers.all_issuers(transaction)],
        "external_authorization_servers": [
            _external(transaction, server) for server in external_store.all_servers(transaction)
        ],
        "connections": [connections.document(each) for each in connection_store.all_connections(transaction)],
    }


def as_yaml(document: dict[str, Any]) -> str:
    """A document as YAML that reads back as the same by the 1.2 core schema."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that YAML 1.2 would read as something else."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _reads_as_text(text) else '"')


_Dumper.add_representer(str, _represent_text)


def _reads_as_text(text: str) -> bool:
    try:
        return isinstance(load(text).value, str)
    except YamlProblem:
        return True  # not plain in any case: the library quotes it


def _client(transaction: Transaction, client: Client) -> dict[str, Any]:
    document = msgspec.to_builtins(client)
    chosen = {name: document[name] for name in FIELDS}
    return {
        "client_id": client.client_id,
        **chosen,
        "scopes": list(clients.scopes(transaction, client.client_id)),
        "groups": sorted(clients.groups(transaction, client.client_id)),
    }


def _user(transaction: Transaction, user: User) -> dict[str, Any]:
    return {"name": user.name, "groups": sorted(users.groups(transaction, user.id)), "enabled": user.enabled}


def _external(transaction: Transaction, server: ExternalServer) -> dict[str, Any]:
    document = msgspec.to_builtins(server)
    chosen = {name: document[name] for name in external_servers.FIELDS}
    return {**chosen, "user": external_servers.user_name(transaction, server)}


def _without(value: object, field: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(value)
    del document[field]
    return document
