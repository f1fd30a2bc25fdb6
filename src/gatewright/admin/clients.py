"""Client Registration."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatewright.admin import audit
from gatewright.admin import key_sources
from gatewright.admin import token_format
from gatewright.admin.actor import By
from gatewright.admin.client_rules import needs_readable_secret
from gatewright.admin.client_rules import needs_secret
from gatewright.admin.client_rules import problems
from gatewright.admin.client_rules import with_defaults
from gatewright.admin.groups import check_groups
from gatewright.admin.roles import refuse_beyond
from gatewright.admin.scopes import check_scopes
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.ids import client_id as make_client_id
from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import CLIENT_SECRET
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.oauth.client_assertion import seal_context
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret

LONGEST_OVERLAP = 7_776_000
"""Seconds (90 days) an old secret may go on working beside a new one."""


class SavedClient(msgspec.Struct, frozen=True):
    """A client as kept. `secret`: one that was made just now and is told only here."""

    client: Client
    secret: str | None = None


def create(
    transaction: Transaction,
    by: By,
    client: Client,
    *,
    scopes: Sequence[str] = (),
    groups: Sequence[str] = (),
    secret_hash: str | None = None,
) -> SavedClient:
    """Register a client. Its `client_id` is made when empty; so is its secret when it authenticates by one.

    secret_hash: the argon2id hash of a secret that was chosen.  Raises Invalid, Forbidden.
    """
    refuse_beyond(by, groups, client.label)
    new = with_defaults(
        msgspec.structs.replace(
            client,
            client_id=client.client_id or make_client_id(),
            created_at=by.now,
            updated_at=by.now,
            revision=1,
        )
    )
    errors = [*problems(new), *_clashes(transaction, new), *_default_scopes(new, scopes)]
    errors += token_format.of_client(transaction, new)
    errors += key_sources.insecure(transaction, "jwks_uri", new.jwks_uri)
    errors += _chosen_secret(new, secret_hash)
    if clients.find(transaction, new.client_id):
        errors.append(FieldError("client_id", f"The client_id {new.client_id} is taken."))
    errors += [*check_scopes(transaction, scopes), *check_groups(transaction, groups)]
    if errors:
        raise Invalid(errors)
    clients.insert(transaction, new)
    clients.set_scopes(transaction, new.client_id, scopes, by.now)
    access.set_groups(transaction, "client", new.client_id, groups, by.now)
    secret = _add_secret(transaction, by, new, secret_hash) if needs_secret(new) else None
    after = _audited(new) | {"scopes": list(scopes), "groups": list(groups)}
    audit.record(transaction, by, "client.create", new.label, None, after)
    return SavedClient(new, secret)


def update(transaction: Transaction, by: By, client: Client) -> SavedClient:
    """Change a client if its revision is still `client.revision`. Raises Invalid, NotFound, Conflict, Forbidden.

    One that comes to need a secret, or one that we can read, gets it; one that needs none any more loses its secrets.
    When answers may go to further places, what people told us to remember is forgotten: they did not agree to these.
    """
    before = find(transaction, client.client_id)
    refuse_beyond(by, clients.groups(transaction, client.client_id), before.label)
    associated = clients.scopes(transaction, client.client_id)
    new = with_defaults(msgspec.structs.replace(client, created_at=before.created_at, updated_at=before.updated_at))
    if new == before:
        return SavedClient(before)
    errors = [*problems(new), *_clashes(transaction, new), *_default_scopes(new, associated)]
    errors += token_format.of_client(transaction, new)
    errors += key_sources.insecure(transaction, "jwks_uri", new.jwks_uri)
    if errors:
        raise Invalid(errors)
    if not clients.update(transaction, msgspec.structs.replace(new, updated_at=by.now)):
        raise Conflict(f"{before.label} was changed meanwhile. Load it again and repeat your change.")
    if not set(new.redirect_uris) <= set(before.redirect_uris):
        users.forget_consents_for(transaction, client.client_id)
    secret = _follow_methods(transaction, by, before, new)
    audit.record(transaction, by, "client.update", new.label, _audited(before), _audited(new))
    return SavedClient(find(transaction, client.client_id), secret)


def set_enabled(transaction: Transaction, by: By, client_id: str, enabled: bool) -> Client:
    """Enable a client, or disable it: then its tokens are inactive and it gets no new ones. Raises NotFound."""
    before = find(transaction, client_id)
    if before.enabled != enabled:
        clients.update(transaction, msgspec.structs.replace(before, enabled=enabled, updated_at=by.now))
        audit.record(transaction, by, "client.enable" if enabled else "client.disable", before.label)
    return find(transaction, client_id)


def set_groups(transaction: Transaction, by: By, client_id: str, groups: Sequence[str]) -> None:
    """Make the client, a principal too, a member of just these groups. Raises NotFound, Invalid (field `groups`)."""
    client = find(transaction, client_id)
    before, after = sorted(clients.groups(transaction, client_id)), sorted(set(groups))
    if before == after:
        return
    if errors := check_groups(transaction, after):
        raise Invalid(errors)
    access.set_groups(transaction, "client", client_id, after, by.now)
    audit.record(transaction, by, "client.groups", client.label, {"groups": before}, {"groups": after})


def new_secret(
    transaction: Transaction, by: By, client_id: str, keep_old_for: int = 0, secret_hash: str | None = None
) -> SavedClient:
    """Give a confidential client a new secret. Raises NotFound, Invalid, Forbidden.

    keep_old_for: seconds in which the old ones still work.  secret_hash: as in `create`.
    """
    client = find(transaction, client_id)
    refuse_beyond(by, clients.groups(transaction, client_id), client.label)
    if client.type == "public":
        raise Invalid([FieldError("type", f"{client.label} is public; only a confidential client has a secret.")])
    if errors := _chosen_secret(client, secret_hash):
        raise Invalid(errors)
    if not needs_secret(client):
        raise Invalid([FieldError("client_authentication", f"{client.label} authenticates by no secret.")])
    if not 0 <= keep_old_for <= LONGEST_OVERLAP:
        raise Invalid([FieldError("keep_old_for", f"An old secret may go on for 0 to {LONGEST_OVERLAP} seconds.")])
    secret = _add_secret(transaction, by, client, secret_hash, keep_old_for)
    audit.record(transaction, by, "client.secret", client.label, None, {"old_secrets_work_for_seconds": keep_old_for})
    return SavedClient(client, secret)


def delete(transaction: Transaction, by: By, client_id: str) -> None:
    """Remove a client; its tokens, pending codes and remembered consents die with it. Raises NotFound.

    Tokens past the first thousands are removed when they expire: none of a client that is gone is active.
    """
    before = find(transaction, client_id)
    tokens.revoke_client(transaction, client_id, by.now)
    clients.delete(transaction, client_id, by.now)
    audit.record(transaction, by, "client.delete", before.label, _audited(before))


def find(transaction: Transaction, client_id: str) -> Client:
    """The client of that id. Raises NotFound."""
    client = clients.find(transaction, client_id)
    if client is None:
        raise NotFound(f"There is no client with the client_id {client_id}.")
    return client


def _clashes(transaction: Transaction, client: Client) -> list[FieldError]:
    other = clients.find_named(transaction, client.name, client.version)
    if other is None or other.client_id == client.client_id:
        return []
    return [FieldError("name", f"Another client is named {client.label}; name and version together must be unique.")]


def _default_scopes(client: Client, associated: Sequence[str]) -> list[FieldError]:
    missing = [name for name in client.default_scopes if name not in associated]
    return [FieldError("default_scopes", f"The scope {name!r} is not associated with the client.") for name in missing]


def _chosen_secret(client: Client, secret_hash: str | None) -> list[FieldError]:
    if secret_hash is None or (needs_secret(client) and not needs_readable_secret(client)):
        return []
    if needs_secret(client):
        return [FieldError("secret", "client_secret_jwt needs a secret that the server makes; leave this one out.")]
    return [FieldError("secret", "This client authenticates by no secret; leave it out.")]


def _follow_methods(transaction: Transaction, by: By, before: Client, new: Client) -> str | None:
    """Make and remove secrets as the methods of authentication ask; the secret that was made."""
    if needs_secret(before) and not needs_secret(new):
        clients.remove_secrets(transaction, new.client_id, by.now)
    elif needs_readable_secret(before) and not needs_readable_secret(new):
        clients.forget_sealed(transaction, new.client_id, by.now)
    if needs_secret(new) and not needs_secret(before):
        return _add_secret(transaction, by, new, None)
    if needs_readable_secret(new) and not needs_readable_secret(before):
        return _add_secret(transaction, by, new, None, keep_old_for=LONGEST_OVERLAP)
    return None


def _add_secret(
    transaction: Transaction, by: By, client: Client, secret_hash: str | None, keep_old_for: int = 0
) -> str | None:
    made = make_secret(CLIENT_SECRET) if secret_hash is None else None
    readable = made is not None and needs_readable_secret(client)
    kept = ClientSecret(
        id=row_id(),
        client_id=client.client_id,
        digest=digest(made) if made else None,
        hash=secret_hash,
        created_at=by.now,
        sealed=by.seal(made, seal_context(client.client_id)) if made and readable else None,
    )
    clients.add_secret(transaction, kept, by.now + keep_old_for, by.now)
    return made


def _audited(client: Client) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(client)
    del document["revision"], document["updated_at"]
    return document
