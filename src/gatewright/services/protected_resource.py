"""Protected resource metadata (RFC 9728), computed from the catalogue and the scopes that the guard enforces."""

from typing import Final
from urllib.parse import urlsplit

from gatewright.oauth import dpop
from gatewright.oauth.resource import path_of
from gatewright.services.catalogue import Catalogue
from gatewright.services.coverage import Openings
from gatewright.services.names import invoke_path
from gatewright.services.resource import Place
from gatewright.services.resource import begins_with
from gatewright.services.resource import covers
from gatewright.services.resource import place
from gatewright.services.resource import served

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
_MOST_IN_NAME: Final = 200


def metadata_address(path: str, issuer: str, catalogue: Catalogue) -> str:
    """Where the metadata of a path stands: the well-known part goes between host and path (§3.1).

    Of a path that is no resource: where that of the whole server stands.
    """
    parts = urlsplit(issuer)
    known = path if path_of(issuer + path, issuer) is not None and served(path, catalogue) else ""
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}{known}"


def described_path(raw_path: str, issuer: str) -> str:
    """The path below the issuer that a metadata address is about. A proxy may have taken the issuer's own path away."""
    rest, own = raw_path[len(WELL_KNOWN) :], urlsplit(issuer).path
    return rest[len(own) :] if own and (rest == own or rest.startswith(own + "/")) else rest


def metadata(path: str, issuer: str, catalogue: Catalogue, openings: Openings) -> dict[str, object] | None:
    """The metadata document (§2) of the resource at a path below the issuer, or None when nothing is served there."""
    resource = issuer + path
    found = served(path, catalogue) if path_of(resource, issuer) is not None and path != "/" else None
    if found is None:
        return None
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": sorted(_scopes(found, catalogue, openings)),
        "bearer_methods_supported": ["header", "body"],
        "resource_name": _name(found, catalogue),
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    }


def _scopes(found: Place, catalogue: Catalogue, openings: Openings) -> set[str]:
    """The scopes that open something at or below a place."""
    scopes: set[str] = set()
    for name in catalogue.services:
        if covers([found], place(invoke_path(name).encode())):
            scopes |= openings.scopes_for(name)
    for template in catalogue.templates.by_text.values():
        if begins_with(template, found):
            scopes |= openings.scopes_for(template.service, template)
    return scopes


def _name(found: Place, catalogue: Catalogue) -> str:
    """What people may call it."""
    if found[:1] != ("invoke",):
        return f"Gatewright: /{'/'.join(found)}"[:_MOST_IN_NAME] if found else "Gatewright"
    if found[-1].startswith(":"):
        service = catalogue.services[".".join(found[1:-1]) + found[-1]]
        return service.title or service.name
    return f"Gatewright: {'.'.join(found[1:]) or 'all services'}"
