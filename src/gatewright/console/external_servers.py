"""External Authorization Servers: the list, the form, deleting."""

import json
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import external_servers as operations
from gatewright.admin.external_servers import NEW
from gatewright.admin.external_servers import read_server
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.store import external_servers
from gatewright.store.database import Transaction
from gatewright.store.external_servers import ExternalServer

_LIST: Final = "/console/oauth/external"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("External Authorization Servers", _LIST)]


async def show_list(visit: Visit) -> Response:
    """The external authorization servers by name."""
    return visit.page("oauth/external_servers.html", rows=await visit.read(_rows))


async def add(visit: Visit) -> Response:
    """Add External Authorization Server: the form, and its answer."""
    if not visit.is_post:
        return _form(visit, None, _values(NEW, ""))
    try:
        new = read_server(_read(visit), NEW)
        user, secret = visit.field("user").strip(), visit.field("client_secret")
        saved = await visit.write(operations.create, visit.by, new, user=user, client_secret=secret)
    except Invalid as refused:
        return _form(visit, None, _typed(visit), refused)
    return visit.go(_LIST, f"{saved.name} added. Its tokens count from the next call on.")


async def edit(visit: Visit) -> Response:
    """The form of one, and its answer. An empty secret leaves the kept one as it is."""
    server = await visit.read(operations.find, visit.query("name"))
    if not visit.is_post:
        return _form(visit, server, _values(server, await visit.read(operations.user_name, server)))
    revision = visit.field("revision")
    base = msgspec.structs.replace(server, revision=int(revision) if revision.isdigit() else 0)
    try:
        changed = read_server(_read(visit) | {"name": server.name}, base)
        user, secret = visit.field("user").strip(), visit.field("client_secret")
        await visit.write(operations.update, visit.by, changed, user=user, client_secret=secret)
    except (Invalid, Conflict) as refused:
        return _form(visit, server, _typed(visit), refused)
    return visit.go(_LIST, f"{server.name} saved. In force from the next call on.")


async def delete(visit: Visit) -> Response:
    """Delete one, after saying what stops."""
    server = await visit.read(operations.find, visit.query("name"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, server.name)
        return visit.go(_LIST, f"{server.name} deleted. Its tokens open nothing.")
    return visit.ask(
        section="external",
        trail=_TRAIL,
        heading=f"Delete {server.name}?",
        sentences=[f"Tokens of {server.issuer} open nothing here from the next call on.", "This cannot be undone."],
        action=f"{_LIST}/delete?name={quote(server.name, safe='')}",
        button="Delete server",
        cancel=_LIST,
    )


def _rows(transaction: Transaction) -> list[dict[str, Any]]:
    return [
        {"server": server, "user": operations.user_name(transaction, server)}
        for server in external_servers.all_servers(transaction)
    ]


def _form(
    visit: Visit, server: ExternalServer | None, values: dict[str, str], refused: Invalid | Conflict | None = None
) -> Response:
    return visit.form_page("oauth/external_server_form.html", refused, server=server, values=values)


def _values(server: ExternalServer, user: str) -> dict[str, str]:
    return {
        "name": server.name,
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
        "jwks": json.dumps(server.jwks, indent=1) if server.jwks else "",
        "introspection_endpoint": server.introspection_endpoint,
        "client_id": server.client_id,
        "client_secret": "",
        "introspection_cache": str(server.introspection_cache),
        "audience": server.audience,
        "token_typ": server.token_typ,
        "user": user,
        "default_scope": " ".join(server.default_scope),
        "scope_mapping": "\n".join(f"{theirs} = {' '.join(ours)}" for theirs, ours in server.scope_mapping.items()),
        "enabled": str(server.enabled).lower(),
        "revision": str(server.revision),
    }


def _typed(visit: Visit) -> dict[str, str]:
    """The form as it was sent, without the secret."""
    return {name: visit.field(name) for name in _values(NEW, "")} | {"client_secret": ""}


def _read(visit: Visit) -> dict[str, Any]:
    """What the form means."""
    texts = ("name", "issuer", "jwks_uri", "jwks", "introspection_endpoint", "client_id", "audience", "token_typ")
    return {
        **{name: visit.field(name).strip() for name in texts},
        "introspection_cache": visit.field("introspection_cache"),
        "default_scope": visit.field("default_scope").split(),
        "scope_mapping": visit.field("scope_mapping"),
        "enabled": visit.field("enabled") == "true",
    }
