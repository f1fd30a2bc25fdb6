"""Clients that a document at their `client_id` describes: kept from the first time that somebody lets one act."""

from typing import Final

import msgspec

from gatewright.admin import clients
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.kernel.secrets import REGISTRATION_ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.oauth.client_id_document import is_changed
from gatewright.store import clients as store
from gatewright.store import registrations
from gatewright.store import users
from gatewright.store.clients import RegisteredClient
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.registrations import Registration

ACTOR: Final = Actor("client metadata document", "server")


def keep(transaction: Transaction, by: By, described: RegisteredClient) -> None:
    """Keep the client as its document describes it now. Raises Invalid.

    Once it is not used any more it goes as self-registered ones do. When the document changed in what people trust it
    for, what they told us to remember is forgotten.
    """
    client = described.client
    before = store.find(transaction, client.client_id)
    if before is None:
        clients.create(transaction, by, _named(transaction, client), scopes=described.scopes)
        unknown = digest(make_secret(REGISTRATION_ACCESS_TOKEN))  # nobody manages it by a token (RFC 7592)
        registrations.insert(transaction, client.client_id, unknown, Registration(), by.now)
        return
    if is_changed(client, before):
        users.forget_consents_for(transaction, client.client_id)
    clients.update(transaction, by, msgspec.structs.replace(client, revision=before.revision, enabled=before.enabled))


def _named(transaction: Transaction, client: Client) -> Client:
    """Several documents of one host may name their clients alike; the version tells them apart."""
    if store.find_named(transaction, client.name, client.version) is None:
        return client
    number = digest(client.client_id).hex()[:8]
    return msgspec.structs.replace(client, version=f"{client.version} {number}")
