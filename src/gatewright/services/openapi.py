"""The OpenAPI 3.1 description of all that is served, computed from the catalogue and the scopes that the guard enforces."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright import __version__
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import is_open
from gatewright.services.coverage import nearest_acl
from gatewright.services.names import invoke_path
from gatewright.services.openapi_operation import RESPONSES
from gatewright.services.openapi_operation import SCHEMAS
from gatewright.services.openapi_operation import component_name
from gatewright.services.openapi_operation import embedded
from gatewright.services.openapi_operation import is_sayable
from gatewright.services.openapi_operation import operation
from gatewright.services.openapi_operation import shown_path
from gatewright.services.template import UrlTemplate
from gatewright.store.records import Scope

Json = dict[str, Any]
Visible = Callable[[str, UrlTemplate | None], bool]
"""Whether a service, at its own address or by a template, is described."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What the description is made from. scopes: by name; acls: groups by target."""

    issuer: str
    catalogue: Catalogue
    scopes: Mapping[str, Scope]
    openings: Openings
    acls: Mapping[str, tuple[str, ...]]


def document(sources: Sources, visible: Visible, package: str | None = None) -> Json:
    """The document. package: the name of the only one that is described."""
    paths: Json = {}
    schemas: Json = dict(SCHEMAS)
    used: set[str] = set()
    tags: set[str] = set()
    for service, method, template in _routes(sources.catalogue, package):
        if not visible(service.name, template) or not is_sayable(service, method, template):
            continue
        found = sources.openings.scopes_for(service.name, template)
        if service.kind == "builtin" and not found:
            continue  # it opens to a scope that names it, and to nothing else
        used |= found
        tags.add(service.folder)
        path = shown_path(template) if template else invoke_path(service.name)
        described = operation(service, method, template)
        described["security"] = _security(found, is_open=is_open(nearest_acl(sources.acls, service.name)))
        paths.setdefault(path, {})[method.lower()] = described
        schemas |= _components(service)
    return {
        "openapi": "3.1.0",
        "info": _info(sources.catalogue, package),
        "servers": [{"url": sources.issuer}],
        "tags": [{"name": name} for name in sorted(tags)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "responses": RESPONSES,
            "securitySchemes": {
                "oauth2": _oauth2(sources.issuer, {name: sources.scopes[name] for name in sorted(used)})
            },
        },
    }


def _routes(catalogue: Catalogue, package: str | None) -> Iterator[tuple[Service, str, UrlTemplate | None]]:
    """Every address of the enabled services: at their own ones GET and POST, and by URL templates.

    Built-in services without a schema, the Admin API's operations, run at addresses of their own alone.
    """
    for name in sorted(catalogue.services):
        service = catalogue.services[name]
        is_elsewhere = service.kind == "builtin" and service.input_schema is None
        if is_elsewhere or not service.enabled or package not in (None, service.package):
            continue
        yield service, "GET", None
        yield service, "POST", None
        for template in catalogue.templates_of(name):
            yield service, template.method, template


def _components(service: Service) -> Json:
    found: Json = {}
    for part, schema in (("input", service.input_schema), ("output", service.output_schema)):
        if schema is not None:
            name = component_name(service, part)
            found[name] = embedded(schema, name)
    return found


def _info(catalogue: Catalogue, package: str | None) -> Json:
    loaded = catalogue.packages.get(package) if package else None
    described = loaded.package if loaded else None
    if described is None:
        return {"title": "Services", "version": __version__}
    more = {"description": described.description} if described.description else {}
    return {"title": described.name, "version": described.version, **more}


def _security(scopes: frozenset[str], *, is_open: bool) -> list[Json]:
    """Any one of the scopes does; without one that opens it, no token would."""
    needed: list[Json] = [{"oauth2": [name]} for name in sorted(scopes)] or [{"oauth2": []}]
    return [{}, *needed] if is_open else needed


def _oauth2(issuer: str, scopes: Mapping[str, Scope]) -> Json:
    listed = {name: scope.description for name, scope in scopes.items()}
    token = f"{issuer}/oauth/token"
    return {
        "type": "oauth2",
        "description": f"Metadata (RFC 8414): {issuer}/.well-known/oauth-authorization-server",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{issuer}/oauth/authorize",
                "tokenUrl": token,
                "refreshUrl": token,
                "scopes": listed,
            },
            "clientCredentials": {"tokenUrl": token, "scopes": listed},
        },
    }
