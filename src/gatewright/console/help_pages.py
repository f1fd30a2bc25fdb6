"""Help: what things are for and when not to use them. Each page's English stands in its template."""

from typing import Final

from starlette.responses import Response

from gatewright.console.visit import Visit
from gatewright.kernel.errors import NotFound

TOPICS: Final = {
    "grants": ("Grants", "What each grant is for, and when not to use it"),
    "clients": ("Clients", "Confidential and public, ways to authenticate, redirect URIs, PKCE"),
    "scopes": ("Scopes and access control lists", "What a token opens, and who may execute"),
    "tokens": ("Tokens", "Opaque and JWT, lifetimes, refresh, revoking, binding to a key"),
    "refusals": ("Refused requests", "From a caller's reference to the page that mends it"),
    "doctor": ("The doctor", "What it looks at, and how to read its findings"),
}
"""The pages, with their titles and what they tell."""


async def index(visit: Visit) -> Response:
    """All pages."""
    return visit.page("help/index.html", topics=TOPICS)


async def show(visit: Visit) -> Response:
    """One page."""
    topic = visit.request.path_params["topic"]
    if topic not in TOPICS:
        raise NotFound("There is no help page of this name.")
    return visit.page(f"help/{topic}.html", topics=TOPICS, topic=topic)
