"""The consent page: who asks, for what in words, what that opens, and where the answer goes."""

from typing import Any
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import Response

from gatewright.app.parts import Parts
from gatewright.console.templating import render
from gatewright.identity.sessions import SignedIn
from gatewright.oauth import client_id_document
from gatewright.oauth.redirect_uri import is_native
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.names import covers
from gatewright.store.records import Client
from gatewright.store.records import Scope
from gatewright.web.brand import brand_of
from gatewright.web.sessions import here

NOTHING_TICKED: Final = "Nothing is ticked, so there is nothing to approve. Tick at least one permission, or deny."
_MOST_SHOWN: Final = 50


async def consent_page(
    request: Request,
    parts: Parts,
    found: SignedIn,
    client: Client,
    scope: tuple[str, ...],
    *,
    resource: tuple[str, ...],
    redirect_uri: str = "",
    user_code: str = "",
    nothing_ticked: bool = False,
) -> Response:
    """The page. redirect_uri: "" for a device, whose `user_code` is shown instead.

    nothing_ticked: it was sent with Approve and no scope.
    """
    known, settings = await parts.directory.scopes(), await parts.directory.settings()
    page = render(
        "consent.html",
        brand=brand_of(settings),
        heading=settings.consent_heading.replace("{client}", client.name),
        csrf=found.session.csrf,
        action=here(request),
        request_id=request.scope.get("gatewright.request_id", ""),
        client={"name": client.name, "version": client.version, "description": client.description},
        described_at=client_id_document.host(client),
        leads_elsewhere=bool(redirect_uri) and client_id_document.leads_elsewhere(client, redirect_uri),
        user=found.user.user.name,
        scopes=[in_words(known[name], parts.catalogue) for name in scope if name in known],
        ticked=not nothing_ticked,
        resource=resource,
        host=host_of(redirect_uri),
        is_here=bool(redirect_uri)
        and is_native(redirect_uri)
        and not redirect_uri.startswith(f"{parts.server.issuer}/"),
        user_code=user_code,
        error=NOTHING_TICKED if nothing_ticked else "",
    )
    return HTMLResponse(page, 422 if nothing_ticked else 200)


def host_of(redirect_uri: str) -> str:
    """Where a redirect URI leads, as people know it: a host, or a program's own scheme; empty for none."""
    target = urlsplit(redirect_uri)
    return target.netloc or (f"{target.scheme}:" if target.scheme else "")


def in_words(scope: Scope, catalogue: Catalogue) -> dict[str, Any]:
    """A scope as people read it: what it is for, and every service and address that it opens."""
    opened = [
        service
        for name, service in sorted(catalogue.services.items())
        if name in scope.services or any(covers(folder, name) for folder in scope.folders)
    ]
    lines = [{"name": service.name, "about": _about(service)} for service in opened]
    lines += [{"name": template, "about": ""} for template in scope.url_templates]
    return {
        "name": scope.name,
        "description": scope.description,
        "opens": lines[:_MOST_SHOWN],
        "more": max(0, len(lines) - _MOST_SHOWN),
    }


def _about(service: Service) -> str:
    """What the service says of itself; one that has no title has its own name there."""
    return service.title if service.title != service.name.rpartition(":")[2] else service.description
