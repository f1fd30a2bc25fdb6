"""Which scopes a request gets (RFC 6749 §3.3)."""

from collections.abc import Sequence

from gatewright.oauth.errors import InvalidScope
from gatewright.store.clients import RegisteredClient


def resolve(requested: str | None, registered: RegisteredClient) -> tuple[str, ...]:
    """The scopes to grant: those requested, each associated with the client, in the order asked.

    Asking for none gives the client's default scopes, else its sole associated scope (DESIGN, promise 6).
    Raises InvalidScope.
    """
    if requested is None:
        return _default(registered)
    scope = _named(requested)
    missing = [name for name in scope if name not in registered.scopes]
    if missing:
        raise InvalidScope(
            f"The scope {missing[0]} is not associated with this client; an administrator can associate it in Scope Management.",
            rule="scope",
            found=" ".join(scope),
            wanted=" ".join(registered.scopes),
        )
    return scope


def narrow(requested: str | None, granted: Sequence[str], registered: RegisteredClient) -> tuple[str, ...]:
    """Scopes at refresh: equal or less than what was granted (RFC 6749 §6), and still associated. Raises InvalidScope."""
    still = tuple(name for name in granted if name in registered.scopes)
    if requested is None:
        if not still:
            raise InvalidScope(
                "None of the granted scopes is associated with this client any more.",
                rule="scope",
                found=" ".join(granted),
                wanted=" ".join(registered.scopes) or "an associated scope",
            )
        return still
    scope = _named(requested)
    exceeding = [name for name in scope if name not in still]
    if exceeding:
        raise InvalidScope(
            f"The scope {exceeding[0]} was not granted by the resource owner.",
            rule="scope",
            found=" ".join(scope),
            wanted=" ".join(still),
        )
    return scope


def _named(requested: str) -> tuple[str, ...]:
    """The scopes of a `scope` parameter, each once (RFC 6749 §3.3: `scope-token *( SP scope-token )`)."""
    scope = tuple(dict.fromkeys(requested.split()))
    if not scope:
        raise InvalidScope("The parameter scope names no scope; name one, or leave the parameter out.")
    return scope


def _default(registered: RegisteredClient) -> tuple[str, ...]:
    default = tuple(name for name in registered.client.default_scopes if name in registered.scopes)
    if default:
        return default
    if len(registered.scopes) == 1:
        return registered.scopes
    if not registered.scopes:
        raise InvalidScope(
            "No scope is associated with this client; an administrator can associate one in Scope Management.",
            rule="scope",
            found="no associated scope",
        )
    raise InvalidScope(
        "Name the scope: this client has several and no default.",
        rule="scope",
        found="none named",
        wanted=" or ".join(registered.scopes),
    )
