"""Downloads for other programs: a client's Postman collection."""

import re

import msgspec
from starlette.responses import Response

from gatewright.admin.clients import find
from gatewright.admin.postman import collection
from gatewright.console.visit import Visit


async def postman_of_client(visit: Visit) -> Response:
    """A collection of one client: its grants, and the services it may call."""
    client = await visit.read(find, visit.query("client_id"))
    made = await collection(visit.parts.database, client.client_id, visit.parts.server.issuer, visit.catalogue)
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", client.label).strip("-.") or "client"
    return Response(
        msgspec.json.format(msgspec.json.encode(made), indent=2),
        headers={"content-disposition": f'attachment; filename="{name}.postman_collection.json"'},
        media_type="application/json",
    )
