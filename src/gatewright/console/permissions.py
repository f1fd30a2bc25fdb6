"""Which operation each console address carries out; `admin.roles` says which role that needs."""

from collections.abc import Mapping
from typing import Final

_OPERATIONS: Final[Mapping[str, str]] = {
    "/packages/install": "package.install",
    "/packages/remove": "package.remove",
    "/packages/enable": "package.enable",
    "/packages/disable": "package.disable",
    "/services/new": "service.save",
    "/services/check": "flow.check",
    "/services/save": "service.save",
    "/services/restore": "service.save",
    "/services/tests": "service.run",
    "/services/tests/add": "service.save",
    "/services/rename": "service.rename",
    "/services/delete": "service.delete",
    "/services/conflict": "service.save",
    "/services/resume": "service.save",
    "/services/run": "service.run",
    "/services/example": "service.run",
    "/connections/new": "connection.create",
    "/connections/edit": "connection.update",
    "/connections/delete": "connection.delete",
    "/connections/test": "connection.test",
    "/oauth/clients/new": "client.create",
    "/oauth/clients/edit": "client.update",
    "/oauth/clients/secret": "client.secret",
    "/oauth/clients/enable": "client.enable",
    "/oauth/clients/disable": "client.disable",
    "/oauth/clients/delete": "client.delete",
    "/oauth/scopes/new": "scope.create",
    "/oauth/scopes/edit": "scope.update",
    "/oauth/scopes/delete": "scope.delete",
    "/oauth/associations": "client.scopes",
    "/oauth/tokens/revoke": "token.revoke",
    "/oauth/keys/rotate": "key.rotate",
    "/oauth/keys/retire": "key.retire",
    "/oauth/external/new": "external_server.create",
    "/oauth/external/edit": "external_server.update",
    "/oauth/external/delete": "external_server.delete",
    "/oauth/issuers/new": "trusted_issuer.create",
    "/oauth/issuers/edit": "trusted_issuer.update",
    "/oauth/issuers/delete": "trusted_issuer.delete",
    "/oauth/settings": "settings.update",
    "/users/new": "user.create",
    "/users/edit": "user.update",
    "/users/enable": "user.enable",
    "/users/disable": "user.disable",
    "/users/delete": "user.delete",
    "/users/factors/reset": "user.reset_factors",
    "/users/sessions/end": "user.end_sessions",
    "/users/access/end": "token.end_access",
    "/groups/new": "group.create",
    "/groups/edit": "group.members",
    "/groups/delete": "group.delete",
    "/acls/edit": "acl.save",
    "/acls/delete": "acl.delete",
    "/inspector": "read",
    "/search": "read",
    "/get-token": "token.get",
    "/get-token/callback": "token.get",
    "/get-token/use": "token.get",
    "/get-token/device": "token.get",
    "/rehearsal": "read",
}

VIEWED: Final = frozenset(
    {
        "/connections/edit",
        "/services/tests",
        "/oauth/clients/edit",
        "/oauth/scopes/edit",
        "/oauth/associations",
        "/oauth/external/edit",
        "/oauth/issuers/edit",
        "/oauth/settings",
        "/users/edit",
        "/groups/edit",
        "/acls/edit",
        "/get-token",
    }
)
"""Forms that also tell how things are: whoever may not change them looks at them with every field off."""


def operation(path: str, *, changes: bool) -> str:
    """The operation of a page. One that changes something and is not listed needs the highest role."""
    return _OPERATIONS.get(path, "undeclared" if changes else "read")


def is_declared(path: str) -> bool:
    """Whether the address is listed."""
    return path in _OPERATIONS
