"""Signing Keys: the list, rotating now, ending one that leaked."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import keys as operations
from gatewright.console.templating import duration
from gatewright.console.visit import Visit

_LIST: Final = "/console/oauth/keys"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Signing Keys", _LIST)]


async def show_list(visit: Visit) -> Response:
    """Every key that signs, signed or will sign."""
    settings = await visit.parts.directory.settings()
    return visit.page(
        "oauth/keys.html",
        rows=await visit.read(operations.page, visit.now),
        interval=duration(settings.key_rotation_interval),
        announcement=duration(settings.key_announcement),
        address=f"{visit.parts.server.issuer}/oauth/jwks",
    )


async def rotate(visit: Visit) -> Response:
    """Sign with another key from now on, after a question."""
    if visit.is_post:
        key_id = await operations.rotate(visit.parts.database, visit.by, visit.parts.sealer)
        return visit.go(_LIST, f"Key {key_id} signs from now on.")
    return visit.ask(
        section="keys",
        trail=_TRAIL,
        heading="Rotate the signing key now?",
        sentences=[
            "Another key signs from now on. What the present one signed counts until it expires.",
            "A resource server that keeps a copy of the keys must load them again when it meets the new one.",
        ],
        action=f"{_LIST}/rotate",
        button="Rotate now",
        cancel=_LIST,
        danger=False,
    )


async def retire(visit: Visit) -> Response:
    """End one key at once, after saying what stops working."""
    key = await visit.read(operations.find, visit.query("kid"), visit.now)
    if visit.is_post:
        await operations.retire(visit.parts.database, visit.by, visit.parts.sealer, key.id)
        return visit.go(_LIST, f"Key {key.id} retired. What it signed is refused.")
    return visit.ask(
        section="keys",
        trail=_TRAIL,
        heading=f"Retire the key {key.id}?",
        sentences=[
            "Do this when the key has leaked. Every token it signed is refused from the next request on.",
            "Resource servers that verify tokens by themselves refuse them once they load the keys again.",
        ],
        action=f"{_LIST}/retire?kid={quote(key.id, safe='')}",
        button="Retire key",
        cancel=_LIST,
    )
