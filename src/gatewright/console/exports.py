"""Downloads for other programs, and code that calls a service as a client: Postman, Bruno, shell, Python, JavaScript."""

import io
import re
import zipfile
from typing import Any

import msgspec
from starlette.responses import Response

from gatewright.admin import bruno
from gatewright.admin import postman
from gatewright.admin.clients import find
from gatewright.admin.reachable import Reachable
from gatewright.admin.reachable import reachable_by
from gatewright.admin.snippets import request_of
from gatewright.admin.snippets import snippets
from gatewright.console.visit import Visit
from gatewright.services.names import invoke_path
from gatewright.services.template import UrlTemplate
from gatewright.store import clients
from gatewright.store.records import Client

_MOST_CLIENTS = 500
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of the zip format: the same collection gives the same file


async def postman_of_client(visit: Visit) -> Response:
    """A Postman collection of one client: its grants, and the services it may call."""
    client = await visit.read(find, visit.query("client_id"))
    made = await postman.collection(visit.parts.database, client.client_id, visit.parts.server.issuer, visit.catalogue)
    text = msgspec.json.format(msgspec.json.encode(made), indent=2)
    return _download(text, f"{_file_name(client)}.postman_collection.json", "application/json")


async def bruno_of_client(visit: Visit) -> Response:
    """A Bruno collection of one client, as a zip of its folder."""
    client = await visit.read(find, visit.query("client_id"))
    files = await bruno.collection(visit.parts.database, client.client_id, visit.parts.server.issuer, visit.catalogue)
    folder, packed = f"{_file_name(client)}-bruno", io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{path}", _EARLIEST), text, zipfile.ZIP_DEFLATED)
    return _download(packed.getvalue(), f"{folder}.zip", "application/zip")


async def examples(visit: Visit) -> Response:
    """Code that gets a token as one client and calls one service."""
    found = [client for client in await visit.read(clients.page, ("", ""), _MOST_CLIENTS) if client.enabled]
    wanted = visit.query("client_id") or next((client.client_id for client in found), "")
    context: dict[str, Any] = {"client": None, "code": None, "requests": [], "values": {}}
    if wanted:
        registered, reachable = await reachable_by(visit.parts.database, wanted, visit.catalogue)
        if registered.client not in found:
            found.append(registered.client)
        requests = _requests(reachable)
        chosen = _chosen(requests, visit.query("request"), visit.query("service"))
        context = {
            "client": registered.client,
            "requests": [(text, text) for text in requests],
            "values": {"client_id": wanted, "request": chosen},
            "code": None,
        }
        if chosen:
            each, template = requests[chosen]
            issuer = visit.parts.server.issuer
            context["code"] = snippets(registered, issuer, request_of(each.service, template, issuer))
            context["service"] = each.service.name
    return visit.page("oauth/examples.html", clients=[(each.client_id, each.label) for each in found], **context)


def _requests(reachable: list[Reachable]) -> dict[str, tuple[Reachable, UrlTemplate | None]]:
    """What the client may call, by the words people choose from."""
    requests: dict[str, tuple[Reachable, UrlTemplate | None]] = {}
    for each in reachable:
        for template in each.templates:
            requests[template.text] = (each, template)
        if each.by_name:
            requests[f"POST {invoke_path(each.service.name)}"] = (each, None)
    return requests


def _chosen(requests: dict[str, tuple[Reachable, UrlTemplate | None]], request: str, service: str) -> str:
    if request in requests:
        return request
    of_service = [text for text, (each, _) in requests.items() if each.service.name == service]
    return next(iter([*of_service, *requests]), "")


def _download(content: bytes, name: str, kind: str) -> Response:
    return Response(content, headers={"content-disposition": f'attachment; filename="{name}"'}, media_type=kind)


def _file_name(client: Client) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", client.label).strip("-.") or "client"
