"""What `apply` does before its transaction: secrets from the environment, compared with what is kept, and hashed.

Hashing takes tens of milliseconds each by design, and so has no place inside a transaction.
"""

import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

from gatewright.admin import client_rules
from gatewright.admin.configuration import ClientEntry
from gatewright.admin.configuration import Configuration
from gatewright.admin.configuration import FromEnvironment
from gatewright.admin.configuration import Refused
from gatewright.admin.users import hash_chosen_password
from gatewright.admin.users import make_password
from gatewright.kernel.errors import Invalid
from gatewright.kernel.passwords import hash_password
from gatewright.kernel.passwords import verify_password
from gatewright.kernel.secrets import digest
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret

_SHORTEST_SECRET: Final = 8
_LONGEST_SECRET: Final = 512


class Prepared(msgspec.Struct, frozen=True):
    """Hashes of what has changed, by the pointer of its client or user; passwords made for new users; and, by pointer
    and as they are, the secrets for external authorization servers and those of connections.
    """

    hashes: Mapping[str, str]
    made_passwords: Mapping[str, str]
    made_hashes: Mapping[str, str]
    secrets: Mapping[str, str]


async def prepare(database: Database, configuration: Configuration, environment: Mapping[str, str]) -> Prepared:
    """Read, compare and hash. Raises Refused when a variable is not set or its value will not do."""
    hashes: dict[str, str] = {}
    made: dict[str, str] = {}
    problems: list[str] = []
    for user in configuration.users or ():
        known = await database.read(users.find_named, user.name)
        if user.password is None:
            if known is None:
                made[user.pointer] = make_password()
            continue
        value = _value(user.password, configuration, environment, problems)
        if value and not (known and await verify_password(value, known.password_hash)):
            await _hash_password(value, user.password, user.pointer, configuration, hashes, problems)
    for client in configuration.clients or ():
        if client.secret and (value := _value(client.secret, configuration, environment, problems)):
            kept = await database.read(_secrets, client)
            if _is_secret(value, client.secret, configuration, problems) and not await _is_known(value, kept):
                hashes[client.pointer] = await hash_password(value)
    secrets = _secrets_of_external_servers(configuration, environment, problems)
    secrets |= _secrets_of_connections(configuration, environment, problems)
    if problems:
        raise Refused(problems)
    made_hashes = {pointer: await hash_password(password) for pointer, password in made.items()}
    return Prepared(hashes, made, made_hashes, secrets)


def _secrets_of_external_servers(
    configuration: Configuration, environment: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    values = {
        entry.pointer: _value(entry.client_secret, configuration, environment, problems)
        for entry in configuration.external_servers or ()
        if entry.client_secret
    }
    return {pointer: value for pointer, value in values.items() if value}


def _secrets_of_connections(
    configuration: Configuration, environment: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    values = {
        source.pointer: _value(source, configuration, environment, problems)
        for entry in configuration.connections or ()
        for source in (entry.secret, entry.refresh_token)
        if source
    }
    return {pointer: value for pointer, value in values.items() if value}


def find_client(transaction: Transaction, entry: ClientEntry) -> Client | None:
    """The client a file's entry means: by its client_id, else by name and version, which together are unique."""
    if entry.client_id:
        return clients.find(transaction, entry.client_id)
    name, version = entry.values.get("name"), entry.values.get("version", client_rules.NEW.version)
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    return clients.find_named(transaction, name.strip(), version.strip())


def _value(
    source: FromEnvironment, configuration: Configuration, environment: Mapping[str, str], problems: list[str]
) -> str | None:
    value = environment.get(source.variable)
    if not value:
        problems.append(configuration.problem(source.pointer, f"the environment variable {source.variable} is not set"))
    return value


async def _hash_password(
    value: str,
    source: FromEnvironment,
    pointer: str,
    configuration: Configuration,
    hashes: dict[str, str],
    problems: list[str],
) -> None:
    try:
        hashes[pointer] = await hash_chosen_password(value)
    except Invalid as refusal:
        message = f"the password in {source.variable} will not do: {refusal.errors[0].message}"
        problems.append(configuration.problem(source.pointer, message))


def _is_secret(value: str, source: FromEnvironment, configuration: Configuration, problems: list[str]) -> bool:
    # RFC 6749 §A.2: client-secret = *VSCHAR
    fits = _SHORTEST_SECRET <= len(value) <= _LONGEST_SECRET
    if fits and all(" " <= character <= "~" for character in value):
        return True
    message = (
        f"the secret in {source.variable} must have {_SHORTEST_SECRET} to {_LONGEST_SECRET} printable ASCII characters"
    )
    problems.append(configuration.problem(source.pointer, message))
    return False


def _secrets(transaction: Transaction, entry: ClientEntry) -> tuple[ClientSecret, ...]:
    client = find_client(transaction, entry)
    return clients.secrets(transaction, client.client_id) if client else ()


async def _is_known(value: str, kept: tuple[ClientSecret, ...]) -> bool:
    """Whether the value is one of the client's secrets that do not end."""
    for secret in kept:
        if secret.expires_at is not None:
            continue
        if secret.digest is not None and hmac.compare_digest(secret.digest, digest(value)):
            return True
        if secret.hash is not None and await verify_password(value, secret.hash):
            return True
    return False
