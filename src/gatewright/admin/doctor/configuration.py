"""What the configuration falls short in."""

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from gatewright.admin.doctor.finding import Finding
from gatewright.admin.doctor.finding import together
from gatewright.admin.listing import all_clients
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings
from gatewright.store import settings as settings_store
from gatewright.store.database import Transaction
from gatewright.store.records import Client

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_A_DAY: Final = 86_400
_CODE_SECONDS: Final = 600
_SETTINGS: Final = "settings"


def examine(transaction: Transaction, server: ServerSettings) -> list[Finding]:
    """All findings about server, global settings and clients; those that say MUST first."""
    settings = settings_store.load(transaction)
    found = [*_server(server), *_settings(settings), *_strangers(settings)]
    for client in all_clients(transaction):
        found += _client(client, settings)
    return together(found)


def examine_server(transaction: Transaction, server: ServerSettings) -> list[Finding]:
    """The findings about server and global settings alone."""
    settings = settings_store.load(transaction)
    return together([*_server(server), *_settings(settings), *_strangers(settings)])


def name_of(client: Client) -> str:
    """What findings call a client."""
    return f"client {client.label}"


def _server(server: ServerSettings) -> Iterator[Finding]:
    issuer = urlsplit(server.issuer)
    if issuer.scheme != "https" and issuer.hostname not in LOOPBACK:
        yield Finding(
            level="must",
            rule="tls",
            subject="server",
            section="RFC 9700 §2.6",
            message=f"clients reach it over plain HTTP, {server.issuer}",
            mend="Give --tls-certificate and --tls-key, or a https public_url.",
        )
    if server.host not in LOOPBACK and issuer.hostname in LOOPBACK:
        yield Finding(
            level="should",
            rule="issuer",
            subject="server",
            section="RFC 8414 §3.3",
            message=f"it listens on {server.host}, but its issuer is {server.issuer}",
            mend="Set public_url to the address that clients use.",
        )
    if any(ipaddress.ip_network(each, strict=False).prefixlen == 0 for each in server.trusted_proxies):
        yield Finding(
            level="must",
            rule="trusted-proxies",
            subject="server",
            section="RFC 9700 §4.13",
            message="everybody is a trusted proxy, so anybody can say where a request came from",
            mend="List the addresses of your proxies in trusted_proxies.",
        )


def _settings(settings: GlobalSettings) -> Iterator[Finding]:
    if settings.require_https == "never":
        yield Finding(
            level="must",
            rule="require-https",
            subject=_SETTINGS,
            section="RFC 9700 §2.6",
            message="tokens and passwords may travel unencrypted",
            mend="Set require_https to except_loopback or always.",
        )
    if settings.allow_plain_pkce:
        yield Finding(
            level="should",
            rule="plain-pkce",
            subject=_SETTINGS,
            section="RFC 9700 §2.1.1",
            message="code_challenge_method plain is accepted, which an eavesdropper can use",
            mend="Set allow_plain_pkce to false.",
        )
    if settings.token_parameters_in_url == "always":
        yield Finding(
            level="must",
            rule="parameters-in-url",
            subject=_SETTINGS,
            section="RFC 9700 §4.3.2",
            message="secrets may come in URLs, which logs and histories keep",
            mend="Set token_parameters_in_url to compatibility or never.",
        )
    if settings.access_token_lifetime == "never":
        yield Finding(
            level="should",
            rule="access-token-lifetime",
            subject=_SETTINGS,
            section="RFC 9700 §2.2",
            message="access tokens never expire, so a leaked one works until somebody notices",
            mend="Set access_token_lifetime to some minutes or hours.",
        )
    if settings.refresh_token_lifetime == "never":
        yield Finding(
            level="should",
            rule="refresh-token-lifetime",
            subject=_SETTINGS,
            section="RFC 9700 §4.14.2",
            message="refresh tokens that nobody uses never expire",
            mend="Set refresh_token_lifetime to some days.",
        )
    if settings.authorization_code_lifetime > _CODE_SECONDS:
        yield Finding(
            level="should",
            rule="code-lifetime",
            subject=_SETTINGS,
            section="RFC 6749 §4.1.2",
            message=f"authorization codes live {settings.authorization_code_lifetime} seconds, more than ten minutes",
            mend=f"Set authorization_code_lifetime to {_CODE_SECONDS} or less.",
        )


def _strangers(settings: GlobalSettings) -> Iterator[Finding]:
    """What is open to clients and pages that nobody here knows."""
    if settings.dynamic_registration == "open":
        yield Finding(
            level="should",
            rule="open-registration",
            subject=_SETTINGS,
            section="RFC 7591 §5",
            message="everybody may register clients",
            mend="Set dynamic_registration to token, and give tokens to whom you know.",
        )
    if "*" in settings.client_id_metadata_hosts:
        yield Finding(
            level="should",
            rule="open-metadata-documents",
            subject=_SETTINGS,
            section="draft-ietf-oauth-client-id-metadata-document, Client ID Domain Trust",
            message="clients of every host may describe themselves",
            mend="List the hosts you know in client_id_metadata_hosts.",
        )
    if "*" in settings.cors_allowed_origins:
        yield Finding(
            level="should",
            rule="cors",
            subject=_SETTINGS,
            section="RFC 9700 §2.6",
            message="browser code of every origin may call token endpoint and services",
            mend="List the origins you know in cors_allowed_origins.",
        )


def _client(client: Client, settings: GlobalSettings) -> Iterator[Finding]:
    if "implicit" in client.allowed_grants:
        yield implicit(client)
    if "password" in client.allowed_grants:
        yield Finding(
            level="must",
            rule="password-grant",
            subject=name_of(client),
            section="RFC 9700 §2.4, OAuth 2.1 §10",
            message="the password grant shows users' passwords to the client",
            mend="Use Authorization Code.",
        )
    if "authorization_code" in client.allowed_grants and not _requires_pkce(client, settings):
        yield no_pkce(client)
    yield from _lifetimes(client)
    yield from _redirect_uris(client)


def implicit(client: Client) -> Finding:
    """That a client may have tokens through the browser."""
    return Finding(
        level="should",
        rule="implicit",
        subject=name_of(client),
        section="RFC 9700 §2.1.2, OAuth 2.1 §10",
        message="the Implicit grant puts tokens into URLs",
        mend="Use Authorization Code with PKCE.",
    )


def no_pkce(client: Client) -> Finding:
    """That a client may leave PKCE out."""
    if client.type == "public":
        return Finding(
            level="must",
            rule="pkce",
            subject=name_of(client),
            section="RFC 9700 §2.1.1, OAuth 2.1 §4.1.1",
            message="it is public and may leave PKCE out",
            mend="Set Require PKCE to the global setting, or to Yes.",
        )
    return Finding(
        level="should",
        rule="pkce",
        subject=name_of(client),
        section="RFC 9700 §2.1.1",
        message="PKCE is recommended for confidential clients, too, and not required of it",
        mend="Set Require PKCE to Yes once the client sends a code_challenge.",
    )


def _requires_pkce(client: Client, settings: GlobalSettings) -> bool:
    if client.require_pkce == "global":
        return client.type == "public" or settings.require_pkce
    return client.require_pkce


def _lifetimes(client: Client) -> Iterator[Finding]:
    lifetime, subject = client.access_token_lifetime, name_of(client)
    if lifetime == "never":
        yield Finding(
            level="should",
            rule="access-token-lifetime",
            subject=subject,
            section="RFC 9700 §2.2",
            message="its access tokens never expire",
            mend="Give it an expiration interval.",
        )
    elif isinstance(lifetime, int) and lifetime > _A_DAY:
        yield Finding(
            level="should",
            rule="access-token-lifetime",
            subject=subject,
            section="RFC 9700 §2.2",
            message=f"its access tokens live {lifetime} seconds, more than a day",
            mend="Shorten the expiration interval and allow refresh.",
        )
    if client.refresh_token_lifetime == "never" and client.refresh_limit != 0:
        yield Finding(
            level="should",
            rule="refresh-token-lifetime",
            subject=subject,
            section="RFC 9700 §4.14.2",
            message="its refresh tokens never expire, used or not",
            mend="Give them an expiration interval of some days.",
        )


def _redirect_uris(client: Client) -> Iterator[Finding]:
    for uri in client.redirect_uris:
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            yield Finding(
                level="must",
                rule=f"redirect-uri {uri}",
                subject=name_of(client),
                section="RFC 9700 §2.6",
                message=f"codes come back over plain HTTP, {uri}",
                mend="Register a https redirect URI.",
            )
        elif parts.hostname == "localhost" and "/console/" not in uri:
            yield Finding(
                level="should",
                rule=f"redirect-uri {uri}",
                subject=name_of(client),
                section="RFC 8252 §8.3",
                message=f"{uri} may be answered by something else than this machine",
                mend="Register http://127.0.0.1 instead.",
            )
