"""Administrators' roles: predefined groups, and which of them an operation needs.

The console's routes and the Admin API ask here; a shell on the server's machine needs no role.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Final
from typing import Literal

import msgspec

from gatewright.admin.actor import By
from gatewright.admin.administrators import ADMINISTRATORS
from gatewright.identity import administrative
from gatewright.kernel.errors import Forbidden

Role = Literal["read", "clients", "everything"]

CLIENT_ADMINISTRATORS: Final = administrative.CLIENT_ADMINISTRATORS
"""The predefined group whose members change clients, scopes and tokens, and look at everything else."""
READ_ONLY_ADMINISTRATORS: Final = administrative.READ_ONLY_ADMINISTRATORS
"""The predefined group whose members look at everything and change nothing."""

GROUP: Final[Mapping[Role, str]] = {
    "read": READ_ONLY_ADMINISTRATORS,
    "clients": CLIENT_ADMINISTRATORS,
    "everything": ADMINISTRATORS,
}
"""The least group that gives each role."""

_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    READ_ONLY_ADMINISTRATORS: frozenset({"read"}),
    CLIENT_ADMINISTRATORS: frozenset({"read", "clients"}),
    ADMINISTRATORS: frozenset({"read", "clients", "everything"}),
}


ADMIN_API: Final = "gatewright.admin"
"""The folder whose services the Admin API's operations are: what a scope must list to open them."""


class Need(msgspec.Struct, frozen=True):
    """What an operation needs: a role, and, if `fresh`, that its actor has lately proved who he or she is."""

    role: Role
    fresh: bool = False


_READ: Final = Need("read")
_CLIENTS: Final = Need("clients")
_CLIENT_SECRETS: Final = Need("clients", fresh=True)
_EVERYTHING: Final = Need("everything")
_SENSITIVE: Final = Need("everything", fresh=True)

OPERATIONS: Final[Mapping[str, Need]] = {
    "read": _READ,
    "flow.check": _READ,
    "token.get": _CLIENTS,
    "client.create": _CLIENT_SECRETS,
    "client.update": _CLIENTS,
    "client.secret": _CLIENT_SECRETS,
    "client.enable": _CLIENTS,
    "client.disable": _CLIENTS,
    "client.delete": _CLIENTS,
    "client.scopes": _CLIENTS,
    "scope.create": _CLIENTS,
    "scope.update": _CLIENTS,
    "scope.delete": _CLIENTS,
    "scope.clients": _CLIENTS,
    "token.revoke": _CLIENTS,
    "token.revoke_client": _CLIENTS,
    "token.revoke_user": _CLIENTS,
    "token.end_access": _CLIENTS,
    "token.remove_expired": _CLIENTS,
    "client.groups": _SENSITIVE,
    "registration_token.create": _SENSITIVE,
    "settings.update": _SENSITIVE,
    "key.rotate": _SENSITIVE,
    "key.retire": _SENSITIVE,
    "external_server.create": _SENSITIVE,
    "external_server.update": _SENSITIVE,
    "external_server.delete": _EVERYTHING,
    "trusted_issuer.create": _SENSITIVE,
    "trusted_issuer.update": _SENSITIVE,
    "trusted_issuer.delete": _EVERYTHING,
    "user.create": _SENSITIVE,
    "user.update": _SENSITIVE,
    "user.password": _SENSITIVE,
    "user.groups": _SENSITIVE,
    "user.enable": _EVERYTHING,
    "user.disable": _EVERYTHING,
    "user.delete": _SENSITIVE,
    "user.end_sessions": _EVERYTHING,
    "user.reset_factors": _SENSITIVE,
    "group.create": _EVERYTHING,
    "group.update": _SENSITIVE,
    "group.members": _SENSITIVE,
    "group.delete": _EVERYTHING,
    "acl.save": _EVERYTHING,
    "acl.delete": _EVERYTHING,
    "package.install": _EVERYTHING,  # its page asks for proof before the file is chosen, for a question would lose it
    "package.remove": _SENSITIVE,
    "package.enable": _EVERYTHING,
    "package.disable": _EVERYTHING,
    "connection.create": _SENSITIVE,
    "connection.update": _SENSITIVE,
    "connection.delete": _EVERYTHING,
    "connection.test": _EVERYTHING,
    "service.enable": _EVERYTHING,
    "service.disable": _EVERYTHING,
    "service.save": _EVERYTHING,
    "service.rename": _EVERYTHING,
    "service.delete": _EVERYTHING,
    "service.run": _EVERYTHING,
}
"""Each operation, named as the audit log names it, and what it needs."""


def roles(groups: Iterable[str]) -> frozenset[Role]:
    """The roles that a member of these groups has; empty: none of an administrator's."""
    return frozenset(role for group in groups for role in _ROLES.get(group, ()))


def refuse_beyond(by: By, groups: Iterable[str], label: str) -> None:
    """Raise Forbidden when members of these groups may do more than `by`: whoever can make a client's secret acts as it."""
    beyond = roles(groups) - by.roles if by.roles is not None else frozenset()
    if beyond:
        needed = next(role for role in ("everything", "clients", "read") if role in beyond)
        raise Forbidden(f"{label} is an administrator itself; changing it takes a member of the group {GROUP[needed]}.")


def need(operation: str) -> Need:
    """What an operation needs; one that is not listed needs most."""
    return OPERATIONS.get(operation, _SENSITIVE)


def may(groups: Iterable[str], operation: str) -> bool:
    """Whether a member of these groups has the role that the operation needs."""
    return need(operation).role in roles(groups)
