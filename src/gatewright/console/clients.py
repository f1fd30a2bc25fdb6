"""Client Registration: the list, the form, secrets, enabling and deleting."""

from typing import Any
from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.admin import clients as operations
from gatewright.admin.client_rules import read_client
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import errors_by_field
from gatewright.console.visit import lines
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_LIST: Final = "/console/oauth/clients"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Client Registration", _LIST)]
_NEW: Final = Client(client_id="", name="")


async def show_list(visit: Visit) -> Response:
    """The clients by name."""
    q, cursor = visit.query("q"), visit.query("cursor")
    name, _, version = cursor.partition("\x1f")
    rows = await visit.read(_rows, (name, version), q, visit.now)
    shown, more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
    last = shown[-1]["client"] if shown else _NEW
    return visit.page(
        "oauth/clients.html",
        q=q,
        next_cursor=f"{last.name}\x1f{last.version}" if more else "",
        is_first=not cursor,
        rows=shown,
        any_clients=bool(shown or q or cursor),
    )


async def register(visit: Visit) -> Response:
    """The form for a new client, and its answer with the secret."""
    if not visit.is_post:
        return await _form(visit, None, _values(_NEW))
    try:
        client = read_client(_read(visit), _NEW)
        saved = await visit.write(operations.create, visit.by, client)
    except Invalid as error:
        return await _form(visit, None, _typed(visit), errors_by_field(error), 422)
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
    except Invalid as error:
        return await _form(visit, client, _typed(visit), errors_by_field(error), 422)
    if saved.secret:
        return await _credentials(visit, saved, is_new=False)
    return visit.go(_LIST, f"{saved.client.label} saved. In force from the next request on.")


async def new_secret(visit: Visit) -> Response:
    """Generate New Secret: how long the old one goes on, then the new one."""
    client = await visit.read(operations.find, visit.query("client_id"))
    keep = visit.field("keep") or "86400"
    if visit.is_post:
        try:
            seconds = int(keep) if keep.isdigit() else -1
            saved = await visit.write(operations.new_secret, visit.by, client.client_id, seconds)
            return await _credentials(visit, saved, is_new=False, old_until=visit.now + seconds)
        except Invalid as error:
            return visit.page(
                "oauth/client_secret_new.html", 422, client=client, errors=errors_by_field(error), keep=keep
            )
    return visit.page("oauth/client_secret_new.html", client=client, errors={}, keep=keep)


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
    live = await visit.read(tokens.count_of_client, client.client_id, visit.now)
    return visit.ask(
        section="clients",
        trail=_TRAIL,
        heading=f"Delete {client.label}?",
        sentences=[f"{_live(live)} The client ID {client.client_id} cannot be used again.", "This cannot be undone."],
        action=f"{_LIST}/delete?client_id={client.client_id}",
        button="Delete client",
        cancel=_LIST,
    )


async def _switch(visit: Visit, enabled: bool) -> Response:
    client = await visit.read(operations.find, visit.query("client_id"))
    word = "Enable" if enabled else "Disable"
    if visit.is_post:
        await visit.write(operations.set_enabled, visit.by, client.client_id, enabled)
        return visit.go(_LIST, f"{client.label} {word.lower()}d.")
    live = await visit.read(tokens.count_of_client, client.client_id, visit.now)
    sentence = (
        "Its live tokens work again, and it can get new ones."
        if enabled
        else f"{_live(live)} It gets no new ones until it is enabled again."
    )
    return visit.ask(
        section="clients",
        trail=_TRAIL,
        heading=f"{word} {client.label}?",
        sentences=[sentence],
        action=f"{_LIST}/{word.lower()}?client_id={client.client_id}",
        button=f"{word} client",
        danger=not enabled,
        cancel=_LIST,
    )


def _live(live: int) -> str:
    count = "1,000 or more" if live >= 1000 else str(live)
    return f"It has {count} live access token{'' if live == 1 else 's'}, which stop{'s' if live == 1 else ''} working."


def _rows(transaction: Transaction, after: tuple[str, str], q: str, now: int) -> list[dict[str, Any]]:
    return [
        {
            "client": client,
            "scopes": clients.scopes(transaction, client.client_id),
            "live_tokens": tokens.count_of_client(transaction, client.client_id, now),
        }
        for client in clients.page(transaction, after, PAGE_SIZE + 1, q)
    ]


async def _form(
    visit: Visit, client: Client | None, values: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    settings = await visit.parts.directory.settings()
    found = await visit.read(clients.registered, client.client_id) if client else None
    return visit.page(
        "oauth/client_form.html",
        status,
        client=client,
        values=values,
        errors=_named_as_the_form(errors or {}),
        defaults=_defaults(settings),
        scopes=found.scopes if found else [],
        secrets=[s for s in found.secrets if s.expires_at is None or s.expires_at > visit.now] if found else [],
        live_tokens=await visit.read(tokens.count_of_client, client.client_id, visit.now) if client else 0,
    )


def _defaults(settings: GlobalSettings) -> dict[str, str]:
    lifetime = settings.access_token_lifetime
    return {
        "pkce_confidential": "true" if settings.require_pkce else "false",
        "pkce_public": "true",
        "lifetime": "never expires" if lifetime == "never" else f"{lifetime} seconds",
    }


def _values(client: Client) -> dict[str, Any]:
    """A client as the form shows it."""
    lifetime, limit = client.access_token_lifetime, client.refresh_limit
    return {
        "name": client.name,
        "version": client.version,
        "type": client.type,
        "description": client.description,
        "redirect_uris": "\n".join(client.redirect_uris),
        "allowed_grants": client.allowed_grants,
        "require_pkce": str(client.require_pkce).lower(),
        "access_token_lifetime": "seconds" if isinstance(lifetime, int) else lifetime,
        "access_token_lifetime_seconds": str(lifetime) if isinstance(lifetime, int) else "",
        "refresh_limit": "limited" if isinstance(limit, int) else limit,
        "refresh_limit_count": str(limit) if isinstance(limit, int) else "",
    }


def _typed(visit: Visit) -> dict[str, Any]:
    """The form as it was sent, to be shown again."""
    values: dict[str, Any] = {name: visit.field(name) for name in _values(_NEW)}
    return values | {"allowed_grants": visit.fields("allowed_grants")}


def _read(visit: Visit) -> dict[str, Any]:
    """What the form means. Grants it does not show stay as they are."""
    lifetime, limit = visit.field("access_token_lifetime"), visit.field("refresh_limit")
    pkce = visit.field("require_pkce")
    return {
        "name": visit.field("name"),
        "version": visit.field("version"),
        "type": visit.field("type"),
        "description": visit.field("description"),
        "redirect_uris": lines(visit.field("redirect_uris")),
        "allowed_grants": visit.fields("allowed_grants"),
        "require_pkce": {"true": True, "false": False}.get(pkce, pkce),
        "access_token_lifetime": visit.field("access_token_lifetime_seconds") if lifetime == "seconds" else lifetime,
        "refresh_limit": visit.field("refresh_limit_count") if limit == "limited" else limit,
    }


def _named_as_the_form(errors: dict[str, str]) -> dict[str, str]:
    shown = _values(_NEW)
    return {name if name in shown else "": sentence for name, sentence in errors.items()}


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
    if "client_credentials" not in client.allowed_grants or not secret:
        return ""
    address = f"{visit.parts.server.issuer}/oauth/token"
    return f"curl -u '{client.client_id}:{secret}' -d grant_type=client_credentials {address}"
