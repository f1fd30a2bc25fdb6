"""Client Registration: the list, the form, secrets, enabling and deleting."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.admin import clients as operations
from gatewright.admin.client_rules import NEW
from gatewright.admin.client_rules import read_client
from gatewright.admin.lifetimes import as_lines
from gatewright.admin.widening import Concerned
from gatewright.console.sorting import sorting
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.console.visit import lines
from gatewright.console.widening import foreseen
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store import keyset
from gatewright.store import tokens
from gatewright.store.database import Transaction
from gatewright.store.keyset import Order
from gatewright.store.records import Client

_LIST: Final = "/console/oauth/clients"
_COLUMNS: Final = {"Client Application": "name", "Client ID": "id", "Last used": "-used"}
_ORDERS: Final = {"name": clients.BY_NAME, "id": clients.BY_ID, "used": clients.BY_USE}
_NEW_SECRET: Final = "oauth/client_secret_new.html"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Client Registration", _LIST)]


async def show_list(visit: Visit) -> Response:
    """The clients by name, by id, or by when they last got a token."""
    q, cursor = visit.query("q"), visit.query("cursor")
    sort = sorting(visit, _COLUMNS, "name", q=q)
    order = sort.order(_ORDERS)
    rows = await visit.read(_rows, order, order.place(cursor), q, visit.now)
    shown, more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
    return visit.page(
        "oauth/clients.html",
        q=q,
        sort=sort,
        next_cursor=_cursor(sort.key, shown[-1]) if more else "",
        is_first=not cursor,
        rows=shown,
        any_clients=bool(shown or q or cursor),
    )


async def register(visit: Visit) -> Response:
    """The form for a new client, and its answer with the secret."""
    if not visit.is_post:
        return await _form(visit, None, _values(NEW))
    try:
        saved = await visit.write(operations.create, visit.by, read_client(_read(visit), NEW))
    except Invalid as refused:
        return await _form(visit, None, _typed(visit), refused)
    return await _credentials(visit, saved, is_new=True)


async def edit(visit: Visit) -> Response:
    """The form of a client, and its answer."""
    client = await visit.read(operations.find, visit.query("client_id"))
    if not visit.is_post:
        return await _form(visit, client, _values(client))
    revision = visit.field("revision")
    base = msgspec.structs.replace(client, revision=int(revision) if revision.isdigit() else 0)
    try:
        saved = await visit.write(operations.update, visit.by, read_client(_read(visit), base))
    except (Invalid, Conflict) as refused:
        return await _form(visit, client, _typed(visit), refused)
    if saved.secret:
        return await _credentials(visit, saved, is_new=False)
    return visit.go(_LIST, f"{saved.client.label} saved. In force from the next request on.")


async def new_secret(visit: Visit) -> Response:
    """Generate New Secret: how long the old one goes on, then the new one."""
    client = await visit.read(operations.find, visit.query("client_id"))
    if not visit.is_post:
        return visit.form_page(_NEW_SECRET, None, client=client, keep="86400")
    keep = visit.field("keep")
    try:
        seconds = int(keep) if keep.isdigit() else -1
        saved = await visit.write(operations.new_secret, visit.by, client.client_id, seconds)
    except Invalid as refused:
        return visit.form_page(_NEW_SECRET, refused, client=client, keep=keep)
    return await _credentials(visit, saved, is_new=False, old_until=visit.now + seconds)


async def enable(visit: Visit) -> Response:
    """Enable a client, after asking."""
    return await _switch(visit, True)


async def disable(visit: Visit) -> Response:
    """Disable a client, after asking."""
    return await _switch(visit, False)


async def delete(visit: Visit) -> Response:
    """Delete a client, after saying what dies with it."""
    client = await visit.read(operations.find, visit.query("client_id"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, client.client_id)
        return visit.go(_LIST, f"{client.label} deleted, and its tokens with it.")
    gone = f"The client ID {client.client_id} cannot be used again."
    return _ask(visit, client, "Delete", [await _what_stops(visit, client), gone, "This cannot be undone."])


async def _switch(visit: Visit, enabled: bool) -> Response:
    client = await visit.read(operations.find, visit.query("client_id"))
    word = "Enable" if enabled else "Disable"
    if visit.is_post:
        await visit.write(operations.set_enabled, visit.by, client.client_id, enabled)
        return visit.go(_LIST, f"{client.label} {word.lower()}d. In force from the next request on.")
    change = partial(operations.set_enabled, by=visit.by, client_id=client.client_id, enabled=enabled)
    difference, items = await foreseen(visit, Concerned((client.client_id,)), change)
    told = ["Its live tokens work again, and it can get new ones."]
    if not enabled:
        told = [await _what_stops(visit, client), "It gets no new ones until it is enabled again."]
    return _ask(visit, client, word, [*told, *difference], items, danger=not enabled)


def _ask(
    visit: Visit, client: Client, word: str, sentences: list[str], items: Sequence[str] = (), *, danger: bool = True
) -> Response:
    return visit.ask(
        section="clients",
        trail=_TRAIL,
        heading=f"{word} {client.label}?",
        sentences=sentences,
        items=items,
        action=f"{_LIST}/{word.lower()}?client_id={client.client_id}",
        button=f"{word} client",
        danger=danger,
        cancel=_LIST,
    )


async def _what_stops(visit: Visit, client: Client) -> str:
    live = await visit.read(tokens.count_of_client, client.client_id, visit.now)
    if not live:
        return "It has no live access tokens."
    return f"It has {counted(live, 'live access token', 1000)}; {'it stops' if live == 1 else 'they stop'} working from the next request on."


def _rows(transaction: Transaction, order: Order, after: tuple[object, ...], q: str, now: int) -> list[dict[str, Any]]:
    found = clients.page(transaction, after, PAGE_SIZE + 1, q, order)
    used = client_use.used(transaction, [client.client_id for client in found])
    return [
        {
            "client": client,
            "scopes": clients.scopes(transaction, client.client_id),
            "live_tokens": tokens.count_of_client(transaction, client.client_id, now),
            "seen_at": used.get(client.client_id, client.created_at),
            "used_at": at if (at := used.get(client.client_id, 0)) > client.created_at else None,
        }
        for client in found
    ]


def _cursor(key: str, row: dict[str, Any]) -> str:
    client = row["client"]
    match key:
        case "id":
            return keyset.cursor(client.client_id)
        case "used":
            return keyset.cursor(row["seen_at"], client.client_id)
    return keyset.cursor(client.name, client.version)


async def _form(
    visit: Visit, client: Client | None, values: dict[str, Any], refused: Invalid | Conflict | None = None
) -> Response:
    settings = await visit.parts.directory.settings()
    found = await visit.read(clients.registered, client.client_id) if client else None
    return visit.form_page(
        "oauth/client_form.html",
        _named_as_the_form(refused),
        client=client,
        values=values,
        defaults=_defaults(settings),
        scopes=found.scopes if found else [],
        secrets=[s for s in found.secrets if s.expires_at is None or s.expires_at > visit.now] if found else [],
        live_tokens=await visit.read(tokens.count_of_client, client.client_id, visit.now) if client else 0,
    )


def _defaults(settings: GlobalSettings) -> dict[str, str]:
    lifetime, refresh = settings.access_token_lifetime, settings.refresh_token_lifetime
    family = settings.token_family_lifetime
    return {
        "pkce_confidential": "true" if settings.require_pkce else "false",
        "pkce_public": "true",
        "lifetime": "never expires" if lifetime == "never" else f"{lifetime} seconds",
        "format": settings.access_token_format,
        "family_lifetime": "never" if family == "never" else f"{family} seconds",
        "refresh_lifetime": "never expires" if refresh == "never" else f"{refresh} seconds",
    }


def _values(client: Client) -> dict[str, Any]:
    """A client as the form shows it."""
    lifetime, limit, refresh = client.access_token_lifetime, client.refresh_limit, client.refresh_token_lifetime
    family = client.token_family_lifetime
    return {
        "name": client.name,
        "version": client.version,
        "type": client.type,
        "description": client.description,
        "redirect_uris": "\n".join(client.redirect_uris),
        "allowed_grants": client.allowed_grants,
        "require_pkce": str(client.require_pkce).lower(),
        "require_pushed_authorization_requests": str(client.require_pushed_authorization_requests).lower(),
        "access_token_lifetime": "seconds" if isinstance(lifetime, int) else lifetime,
        "access_token_lifetime_seconds": str(lifetime) if isinstance(lifetime, int) else "",
        "access_token_format": client.access_token_format,
        "refresh_rotation": str(client.refresh_rotation).lower(),
        "introspect": client.introspect,
        "default_scopes": "\n".join(client.default_scopes),
        "access_token_lifetime_by_grant": as_lines(client.access_token_lifetime_by_grant),
        "refresh_limit": "limited" if isinstance(limit, int) else limit,
        "refresh_limit_count": str(limit) if isinstance(limit, int) else "",
        "refresh_token_lifetime": "seconds" if isinstance(refresh, int) else refresh,
        "refresh_token_lifetime_seconds": str(refresh) if isinstance(refresh, int) else "",
        "token_family_lifetime": "seconds" if isinstance(family, int) else family,
        "token_family_lifetime_seconds": str(family) if isinstance(family, int) else "",
        "dpop_bound_access_tokens": str(client.dpop_bound_access_tokens).lower(),
        "may_act": client.may_act,
        **_limit("rate_limit", client.rate_limit),
        **_limit("daily_quota", client.daily_quota),
        "client_authentication": client.client_authentication,
        "jwks_uri": client.jwks_uri,
        "jwks": json.dumps(client.jwks, indent=1) if client.jwks else "",
        "token_endpoint_auth_signing_alg": client.token_endpoint_auth_signing_alg,
        "revision": str(client.revision),
    }


def _limit(name: str, value: int | str) -> dict[str, str]:
    limited = isinstance(value, int)
    return {name: "limited" if limited else "unlimited", f"{name}_requests": str(value) if limited else ""}


def _typed(visit: Visit) -> dict[str, Any]:
    """The form as it was sent, to be shown again."""
    values: dict[str, Any] = {name: visit.field(name) for name in _values(NEW)}
    return values | {name: visit.fields(name) for name in ("allowed_grants", "client_authentication")}


def _read(visit: Visit) -> dict[str, Any]:
    """What the form means. Grants it does not show stay as they are."""
    lifetime, limit = visit.field("access_token_lifetime"), visit.field("refresh_limit")
    refresh, pkce = visit.field("refresh_token_lifetime"), visit.field("require_pkce")
    family = visit.field("token_family_lifetime")
    # A public client cannot authenticate, always rotates, and asks about no tokens, whatever is ticked.
    confidential = visit.field("type") == "confidential"
    methods = {"client_authentication": visit.fields("client_authentication")} if confidential else {}
    return {
        **methods,
        "refresh_rotation": visit.field("refresh_rotation") == "true" or not confidential,
        "introspect": visit.field("introspect") if confidential else "own",
        "access_token_format": visit.field("access_token_format"),
        "default_scopes": lines(visit.field("default_scopes")),
        **{name: visit.field(name) for name in ("jwks_uri", "jwks", "token_endpoint_auth_signing_alg")},
        "name": visit.field("name"),
        "version": visit.field("version"),
        "type": visit.field("type"),
        "description": visit.field("description"),
        "redirect_uris": lines(visit.field("redirect_uris")),
        "allowed_grants": visit.fields("allowed_grants"),
        "require_pkce": {"true": True, "false": False}.get(pkce, pkce),
        "require_pushed_authorization_requests": visit.field("require_pushed_authorization_requests") == "true",
        "access_token_lifetime": visit.field("access_token_lifetime_seconds") if lifetime == "seconds" else lifetime,
        "access_token_lifetime_by_grant": visit.field("access_token_lifetime_by_grant"),
        "refresh_limit": visit.field("refresh_limit_count") if limit == "limited" else limit,
        "refresh_token_lifetime": visit.field("refresh_token_lifetime_seconds") if refresh == "seconds" else refresh,
        "token_family_lifetime": visit.field("token_family_lifetime_seconds") if family == "seconds" else family,
        "dpop_bound_access_tokens": visit.field("dpop_bound_access_tokens") == "true",
        "may_act": visit.field("may_act"),
        **{
            name: visit.field(f"{name}_requests") if visit.field(name) == "limited" else "unlimited"
            for name in ("rate_limit", "daily_quota")
        },
    }


def _named_as_the_form(refused: Invalid | Conflict | None) -> Invalid | Conflict | None:
    """The refusal, with what no field of the form stands for told of the whole form."""
    if not isinstance(refused, Invalid):
        return refused
    shown = _values(NEW)
    return Invalid([FieldError(each.field if each.field in shown else "", each.message) for each in refused.errors])


async def _credentials(
    visit: Visit, saved: operations.SavedClient, *, is_new: bool, old_until: int | None = None
) -> Response:
    client, secret = saved.client, saved.secret or ""
    return visit.page(
        "oauth/client_secret.html",
        client=client,
        secret=secret,
        is_new_client=is_new,
        old_until=old_until,
        curl=_curl(visit, client, secret),
        scopes=await visit.read(clients.scopes, client.client_id),
    )


def _curl(visit: Visit, client: Client, secret: str) -> str:
    methods = client.client_authentication
    if "client_credentials" not in client.allowed_grants or not secret or "client_secret_basic" not in methods:
        return ""
    address = f"{visit.parts.server.issuer}/oauth/token"
    return f"curl -u '{client.client_id}:{secret}' -d grant_type=client_credentials {address}"
