"""What in the configuration falls short of the OAuth 2.0 Security Best Current Practice (RFC 9700), and its mend."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from gatewright.admin.listing import all_clients
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings
from gatewright.store import settings as settings_store
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_A_DAY: Final = 86_400


class Finding(msgspec.Struct, frozen=True):
    """One shortcoming. `level`: what RFC 9700 (or the one named) says of it; `mend`: what to change."""

    level: Literal["must", "should"]
    subject: str
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.level.upper():6}  {self.subject}: {self.message} {self.mend}"


def examine(transaction: Transaction, server: ServerSettings) -> list[Finding]:
    """All findings about server, global settings and clients; those that say MUST first."""
    settings = settings_store.load(transaction)
    found = [*_server(server), *_settings(settings)]
    for client in all_clients(transaction):
        found += _client(client, settings)
    return sorted(found, key=lambda finding: finding.level)


def examine_metadata(metadata: object, issuer: str) -> list[Finding]:
    """Findings about the metadata that the running server answers (RFC 8414)."""
    if not isinstance(metadata, dict) or metadata.get("issuer") != issuer:
        told = metadata.get("issuer") if isinstance(metadata, dict) else None
        message = f"it calls itself {told!r}, but its address for clients is {issuer!r} (RFC 8414 §3.3)."
        return [Finding("must", "running server", message, "Start it with the same public_url, or mend the proxy.")]
    return []


def _server(server: ServerSettings) -> Iterator[Finding]:
    issuer = urlsplit(server.issuer)
    if issuer.scheme != "https" and issuer.hostname not in _LOOPBACK:
        message = f"clients reach it over plain HTTP, {server.issuer} (RFC 9700 §2.6)."
        yield Finding("must", "server", message, "Give --tls-certificate and --tls-key, or a https public_url.")
    if server.host not in _LOOPBACK and issuer.hostname in _LOOPBACK:
        message = f"it listens on {server.host}, but its issuer is {server.issuer} (RFC 8414 §3.3)."
        yield Finding("should", "server", message, "Set public_url to the address that clients use.")


def _settings(settings: GlobalSettings) -> Iterator[Finding]:
    if settings.require_https == "never":
        yield Finding(
            "must",
            "settings",
            "tokens and passwords may travel unencrypted (RFC 9700 §2.6).",
            "Set require_https to except_loopback or always.",
        )
    if settings.allow_plain_pkce:
        yield Finding(
            "should",
            "settings",
            "code_challenge_method plain is accepted, which an eavesdropper can use (RFC 9700 §2.1.1).",
            "Set allow_plain_pkce to false.",
        )
    if settings.token_parameters_in_url == "always":
        yield Finding(
            "must",
            "settings",
            "secrets may come in URLs, which logs and histories keep (RFC 9700 §4.3.2).",
            "Set token_parameters_in_url to compatibility or never.",
        )
    if settings.access_token_lifetime == "never":
        yield Finding(
            "should",
            "settings",
            "access tokens never expire, so a leaked one works until somebody notices (RFC 9700 §2.2).",
            "Set access_token_lifetime to some minutes or hours.",
        )
    if "*" not in settings.cors_allowed_origins:
        return
    yield Finding(
        "should",
        "settings",
        "browser code of every origin may call token endpoint and services (RFC 9700 §2.6).",
        "List the origins you know in cors_allowed_origins.",
    )


def _client(client: Client, settings: GlobalSettings) -> Iterator[Finding]:
    subject = f"client {client.label}"
    if "implicit" in client.allowed_grants:
        message = "the Implicit grant puts tokens into URLs (RFC 9700 §2.1.2)."
        yield Finding("should", subject, message, "Use Authorization Code with PKCE.")
    if "password" in client.allowed_grants:
        message = "the password grant shows users' passwords to the client (RFC 9700 §2.4)."
        yield Finding("must", subject, message, "Use Authorization Code.")
    if "authorization_code" in client.allowed_grants:
        yield from _pkce(client, settings, subject)
    if client.access_token_lifetime == "never":
        yield Finding(
            "should", subject, "its access tokens never expire (RFC 9700 §2.2).", "Give it an expiration interval."
        )
    elif isinstance(client.access_token_lifetime, int) and client.access_token_lifetime > _A_DAY:
        message = f"its access tokens live {client.access_token_lifetime} seconds, more than a day (RFC 9700 §2.2)."
        yield Finding("should", subject, message, "Shorten the expiration interval and allow refresh.")
    yield from _redirect_uris(client.redirect_uris, subject)


def _pkce(client: Client, settings: GlobalSettings, subject: str) -> Iterator[Finding]:
    if client.type == "public" and client.require_pkce is False:
        message = "it is public and may leave PKCE out (RFC 9700 §2.1.1)."
        yield Finding("must", subject, message, "Set Require PKCE to the global setting, or to Yes.")
    elif client.type == "confidential" and not (
        settings.require_pkce if client.require_pkce == "global" else client.require_pkce
    ):
        message = "PKCE is recommended for confidential clients, too, and not required of it (RFC 9700 §2.1.1)."
        yield Finding("should", subject, message, "Set Require PKCE to Yes once the client sends a code_challenge.")


def _redirect_uris(uris: Sequence[str], subject: str) -> Iterator[Finding]:
    for uri in uris:
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            message = f"codes come back over plain HTTP, {uri} (RFC 9700 §2.6)."
            yield Finding("must", subject, message, "Register a https redirect URI.")
        elif parts.hostname == "localhost" and "/console/" not in uri:
            message = f"{uri} may be answered by something else than this machine (RFC 8252 §8.3)."
            yield Finding("should", subject, message, "Register http://127.0.0.1 instead.")
