"""Keeping a client that a document describes when somebody lets it act."""

from gatewright.admin import described_clients
from gatewright.admin.actor import By
from gatewright.app.parts import Parts
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.oauth import client_id_document
from gatewright.oauth.errors import InvalidRequest
from gatewright.store.records import Client


async def keep(client: Client, parts: Parts) -> None:
    """Keep the client if a document describes it. Raises OAuthError."""
    if not client.described_by_document:
        return
    described = await client_id_document.find(client.client_id, parts.server)
    if described is None:
        raise InvalidRequest("No client has this client_id any more.")
    by = By(described_clients.ACTOR, parts.clock())
    try:
        await parts.database.write(described_clients.keep, by, described)
    except Conflict:  # somebody else let it act at the same time
        await parts.database.write(described_clients.keep, by, described)
    except Invalid as invalid:
        message = f"The document at this client_id cannot be used: {invalid.errors[0].message}"
        raise InvalidRequest(message) from invalid
