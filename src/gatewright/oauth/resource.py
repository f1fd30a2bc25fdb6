"""Resource indicators (RFC 8707): which resources a token is for.

The resources there are: the issuer, and every address under it at or below which something is served. One covers all
addresses below it. A token that names none is for the whole of this server.
"""

import re
from collections.abc import Sequence
from typing import Final

from gatewright.oauth.errors import InvalidTarget
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.server import AuthorizationServer
from gatewright.oauth.server import Place

_MOST: Final = 20
_PATH: Final = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%-]*\Z")  # RFC 3986 §3.3; §2: no fragment, and no query is ours


def resolve(parameters: Parameters, server: AuthorizationServer) -> tuple[str, ...]:
    """The resources that a request names (§2.1), as it spells them. Raises InvalidTarget when one is not served here."""
    requested = parameters.get("resource")
    if requested is None:
        return ()
    resources = tuple(dict.fromkeys(requested.split()))  # a URI holds no blank; repeated ones come joined by one
    if not 0 < len(resources) <= _MOST:
        raise InvalidTarget(f"Name one resource in each parameter resource, {_MOST} at most.")
    for resource in resources:
        if _place(resource, server) is None:
            raise InvalidTarget(
                f"resource must be {server.issuer} or an address under it that leads to services, without query and fragment.",
                rule="resource",
                found=resource[:200],
                wanted=f"{server.issuer} or an address under it",
            )
    return resources


def narrow(parameters: Parameters, granted: Sequence[str], server: AuthorizationServer) -> tuple[str, ...]:
    """Resources of one access token: those the token request names, each within what was granted (§2.2); else all these.

    granted: empty stands for the whole of this server.  Raises InvalidTarget.
    """
    resources = resolve(parameters, server)
    if not resources or not granted:
        return resources or tuple(granted)
    outer = [place for each in granted if (place := _place(each, server)) is not None]
    for resource in resources:
        inner = _place(resource, server) or ()
        if resource not in granted and not any(inner[: len(place)] == place for place in outer):
            raise InvalidTarget(
                "A resource of this request is not within those that were granted.",
                rule="resource",
                found=resource[:200],
                wanted=" ".join(granted),
            )
    return resources


def path_of(resource: str, issuer: str) -> str | None:
    """The path of a resource below the issuer, "" for the issuer itself; None when it is elsewhere."""
    if not resource.startswith(issuer):
        return None
    path = resource[len(issuer) :]
    return path if path[:1] in ("", "/") and _PATH.match(path) else None


def audience(resource: Sequence[str], issuer: str) -> str | tuple[str, ...]:
    """What a token says in `aud` (RFC 9068 §3): its resources, else the default resource, which is the issuer."""
    if not resource:
        return issuer
    return resource[0] if len(resource) == 1 else tuple(resource)


def _place(resource: str, server: AuthorizationServer) -> Place | None:
    path = path_of(resource, server.issuer)
    return None if path is None else server.served(path)
