"""Downloads for other programs: Postman collections."""

import msgspec
from starlette.responses import Response

from gatewright.admin import clients as postman
from gatewright.console.visit import Visit
from gatewright.kernel.errors import NotFound


async def postman_of_client(visit: Visit) -> Response:
    """A collection of one client: its grants, and the services it may call."""
    collection = await visit.read(
        postman.of_client, visit.query("client_id"), visit.catalogue, visit.parts.server.issuer
    )
    return _download(collection, "gatewright.postman_collection.json")


async def postman_of_service(visit: Visit) -> Response:
    """A collection of one service."""
    name = visit.query("name")
    if not visit.catalogue.has_service(name):
        raise NotFound(f"There is no service {name}.")
    collection = await visit.read(postman.of_service, name, visit.catalogue, visit.parts.server.issuer)
    return _download(collection, f"{name.replace(':', '.')}.postman_collection.json")


def _download(collection: object, filename: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(msgspec.json.format(msgspec.json.encode(collection), indent=2), 200, headers, "application/json")
