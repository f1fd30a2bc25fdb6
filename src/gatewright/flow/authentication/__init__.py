"""How an outgoing call proves who it is: one module per scheme."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.authentication.basic import Basic
from gatewright.flow.authentication.bearer import Bearer
from gatewright.flow.authentication.connected import Connected
from gatewright.flow.authentication.digest import Digest
from gatewright.flow.authentication.oauth2 import OAuth2
from gatewright.flow.authentication.scheme import Authentication
from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.problems import join
from gatewright.flow.scope import Scope

_NEEDED = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "digest": ("username", "password"),
    "oauth2": ("authority", "grant"),
    "oidc": ("authority", "grant"),
}


def compile_authentication(policy: str | Mapping[str, Any], at: str, scope: Scope) -> Authentication | None:
    """A policy; None, and a problem, when it cannot be.

    It is given inline, or by a name: of one in `use.authentications`, else of a connection of the server.
    """
    if isinstance(policy, str):
        name, place = policy, at
    elif "use" in policy:
        name, place = policy["use"], join(at, "use")
    else:
        return _compile(policy, at, scope)
    declared = scope.book.use.get("authentications") or {}
    if name not in declared:
        return Connected(name) if scope.book.connection(name, place, declared) else None
    found = declared[name]
    if "use" in found:
        scope.problems.value(place, f"the authentication {name!r} only refers to another", "name that one")
        return None
    return _compile(found, join("/use/authentications", name), scope)


def _compile(policy: Mapping[str, Any], at: str, scope: Scope) -> Authentication | None:
    scheme, given = next(iter(policy.items()))
    place = join(at, scheme)
    if "use" not in given:
        missing = [key for key in _NEEDED[scheme] if key not in given]
        if missing:
            scope.problems.key(place, f"{', '.join(map(repr, missing))} missing", "or name a secret with 'use'")
            return None
    elif given["use"] not in (scope.book.use.get("secrets") or []):
        scope.problems.value(
            join(place, "use"), f"the secret {given['use']!r} is not declared", "add it to use.secrets"
        )
        return None
    credentials = Credentials(given, place, scope)
    if scheme == "basic":
        return Basic(credentials)
    if scheme == "bearer":
        return Bearer(credentials)
    if scheme == "digest":
        return Digest(credentials)
    return OAuth2(credentials, discover=scheme == "oidc")


__all__ = ["Authentication", "compile_authentication"]
