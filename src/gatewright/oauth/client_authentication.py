"""Client authentication (RFC 6749 §2.3): `client_secret_basic`, `client_secret_post`, `none` for public clients.

Clients that sign assertions instead: `client_assertion`.
"""

import hashlib
import hmac
import os
from binascii import a2b_base64
from typing import Final
from typing import NoReturn
from urllib.parse import unquote_plus

import msgspec

from gatewright.identity import throttle
from gatewright.kernel.passwords import verify_password
from gatewright.kernel.secrets import digest
from gatewright.oauth import client_assertion
from gatewright.oauth import client_id_document
from gatewright.oauth.authentication_methods import CONFIDENTIAL_METHODS
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.foreign_jws import ForeignJws
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.rules import Rule
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.clients import RegisteredClient
from gatewright.store.directory import Memory
from gatewright.store.records import ClientSecret

_FAILED_ASSERTION: Final = "Client authentication failed: unknown client, or client_assertion is not signed by its key."
_OTHER_CREDENTIALS: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
_PROCESS_KEY: Final = os.urandom(32)
_VERIFIED: Memory[bytes, bool] = Memory(4096)


class Credentials(msgspec.Struct, frozen=True):
    """What a request says of its client, not yet verified. `raw`: the secret before form-decoding, if it differs."""

    method: str
    client_id: str
    secret: str = ""
    raw_secret: str = ""
    assertion: ForeignJws | None = None


async def authenticate(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> RegisteredClient:
    """The client that makes the request, authenticated if it is confidential.

    authorization: the Authorization header, if any.
    Raises InvalidClient, InvalidRequest (two credentials at once), TooManyFailures.
    """
    known = _known(parameters, authorization, server)
    if known is not None:
        return known
    position = server.directory.conclusions.position()
    credentials, address = presented(parameters, authorization), sender.address
    by_header = credentials.method == "client_secret_basic"
    registered = await client_id_document.find(credentials.client_id, server)
    if registered is None:
        # Its name stays out of the log: clients that swap name and secret would have the secret written there.
        await _fail(credentials, address, server, "unknown client", rule="client_known")
    client = registered.client
    if credentials.method not in accepted_methods(registered):
        raise InvalidClient(
            _wrong_method(credentials.method, registered),
            by_header=by_header,
            rule="client_method",
            found=credentials.method,
            wanted=" or ".join(accepted_methods(registered)),
        )
    if credentials.assertion is not None:
        if not await client_assertion.is_signed(credentials.assertion, registered, server):
            await _fail(credentials, address, server, f"client_assertion is not signed by {client.client_id}")
        await client_assertion.accept(credentials.assertion, client, server)
    elif credentials.method != "none" and not await _secret_matches(credentials, registered, address, server):
        await _fail(credentials, address, server, f"wrong client secret ({client.client_id})")
    if not client.enabled:
        raise InvalidClient(
            "The client is disabled; an administrator can enable it.",
            by_header=by_header,
            rule="client_enabled",
            found="disabled",
            wanted="enabled",
        )
    if by_header and authorization is not None:
        server.directory.conclusions.put(_name_of(authorization), registered, position)
    return registered


def _known(parameters: Parameters, authorization: str | None, server: AuthorizationServer) -> RegisteredClient | None:
    """The client that this very header authenticated before, as long as nothing changed since and it sends nothing else."""
    if authorization is None or not _OTHER_CREDENTIALS.isdisjoint(parameters):
        return None
    known: RegisteredClient | None = server.directory.conclusions.get(_name_of(authorization))
    if known is None or parameters.get("client_id", known.client.client_id) != known.client.client_id:
        return None
    now = server.clock()
    for secret in known.secrets:
        if secret.expires_at is not None and secret.expires_at <= now:
            return None
    return known


def _name_of(authorization: str) -> bytes:
    """What a header that authenticated a client is remembered under: a keyed digest."""
    return hashlib.blake2b(authorization.encode(), key=_PROCESS_KEY, digest_size=32).digest()


def presented(parameters: Parameters, authorization: str | None) -> Credentials:
    """The credentials a request carries (RFC 6749 §2.3.1, RFC 7523 §2.2). Raises InvalidClient, InvalidRequest."""
    client_id = parameters.get("client_id", "")
    secret = parameters.get("client_secret", "")
    if "client_assertion" in parameters or "client_assertion_type" in parameters:
        if secret or authorization is not None:
            raise InvalidRequest(
                "Send one credential: client_assertion, client_secret or the Authorization header.", rule="credentials"
            )
        client_id, assertion = client_assertion.read(parameters)
        return Credentials(client_assertion.method_of(assertion), client_id, assertion=assertion)
    if authorization is None:
        if not client_id:
            raise InvalidClient(
                "Client authentication is missing: send HTTP Basic, or client_id and client_secret.", rule="credentials"
            )
        return Credentials("client_secret_post" if secret else "none", client_id, secret)
    basic = _basic(authorization)
    # RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
    if secret:
        raise InvalidRequest(
            "Send the client's secret in the Authorization header or in the body, not in both.", rule="credentials"
        )
    if client_id and client_id != basic.client_id:
        raise InvalidRequest("client_id differs from the client in the Authorization header.", rule="credentials")
    return basic


def claimed(parameters: Parameters, authorization: str | None) -> str:
    """The `client_id` that a request claims, for the explanation of its refusal; "" when it claims none that can be read."""
    try:
        return presented(parameters, authorization).client_id
    except OAuthError:
        return parameters.get("client_id", "")


def accepted_methods(registered: RegisteredClient) -> tuple[str, ...]:
    """The authentication methods the client may use."""
    client = registered.client
    return ("none",) if client.type == "public" else client.client_authentication or CONFIDENTIAL_METHODS


def _basic(authorization: str) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient(
            "Client authentication in the Authorization header must be HTTP Basic.", by_header=True, rule="credentials"
        )
    try:
        text = _decoded(a2b_base64(encoded.strip(), strict_mode=True))
    except ValueError:
        raise InvalidClient("The HTTP Basic credentials are not base64.", by_header=True, rule="credentials") from None
    client_id, separator, secret = text.partition(":")
    if not separator:
        raise InvalidClient(
            "The HTTP Basic credentials lack the colon between client_id and secret.",
            by_header=True,
            rule="credentials",
        )
    # RFC 6749 §2.3.1: both are form-urlencoded; many clients do not, so a chosen secret is tried raw, too.
    if "%" not in text and "+" not in text:
        return Credentials("client_secret_basic", client_id, secret)
    return Credentials("client_secret_basic", unquote_plus(client_id), unquote_plus(secret), secret)


def _decoded(text: bytes) -> str:
    """As UTF-8, which our challenge asks for (RFC 7617 §2.1); clients that cannot (requests, Authlib) send ISO-8859-1."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


async def _secret_matches(
    credentials: Credentials, registered: RegisteredClient, address: str, server: AuthorizationServer
) -> bool:
    now = server.clock()
    live = [secret for secret in registered.secrets if secret.expires_at is None or secret.expires_at > now]
    if _is_made_secret(credentials.secret, live):
        return True
    offered = {credentials.secret, credentials.raw_secret} - {""}
    for text in offered:
        if _is_made_secret(text, live) or any(_was_verified(text, secret) for secret in live):
            return True
    return await _is_chosen_secret(offered, [secret for secret in live if secret.hash], credentials, address, server)


async def _is_chosen_secret(
    offered: set[str], chosen: list[ClientSecret], credentials: Credentials, address: str, server: AuthorizationServer
) -> bool:
    """Compare with secrets that somebody chose; guesses are throttled before they are looked at."""
    if not chosen:
        return False
    attempt = _throttled(credentials, address)
    async with throttle.in_turn(attempt):
        await throttle.refuse_if_blocked(server.database, await server.directory.settings(), attempt, server.clock())
        for secret in chosen:
            for text in offered:
                if await verify_password(text, secret.hash):
                    _VERIFIED.put(_keyed_digest(text, secret), True)
                    return True
    return False


def _is_made_secret(text: str, secrets: list[ClientSecret]) -> bool:
    presented_digest, matches = digest(text), False
    for secret in secrets:
        if secret.digest is not None and hmac.compare_digest(presented_digest, secret.digest):
            matches = True
    return matches


def _was_verified(text: str, secret: ClientSecret) -> bool:
    return secret.hash is not None and _VERIFIED.get(_keyed_digest(text, secret)) is not None


def _keyed_digest(text: str, secret: ClientSecret) -> bytes:
    return hmac.digest(_PROCESS_KEY, f"{secret.id}\0{text}".encode(), hashlib.sha256)


def _throttled(credentials: Credentials, address: str) -> throttle.Attempt:
    return throttle.Attempt(kind="client", name=credentials.client_id, address=address)


async def _fail(
    credentials: Credentials,
    address: str,
    server: AuthorizationServer,
    detail: str,
    *,
    rule: Rule = "client_proof",
) -> NoReturn:
    """Count the failure, then refuse: too many answer 429, the others the same words for every cause."""
    if credentials.method != "none":
        settings, now = await server.directory.settings(), server.clock()
        attempt = _throttled(credentials, address)
        await throttle.refuse_if_blocked(server.database, settings, attempt, now)
        await throttle.count_failure(server.database, settings, attempt, now)
    raise InvalidClient(
        _FAILED_ASSERTION
        if credentials.assertion
        else "Client authentication failed: unknown client, or wrong secret.",
        detail=detail,
        by_header=credentials.method == "client_secret_basic",
        rule=rule,
    )


def _wrong_method(method: str, registered: RegisteredClient) -> str:
    if method == "none":
        return f"This client is confidential: it must authenticate by {' or '.join(accepted_methods(registered))}."
    if registered.client.type == "public":
        return "This client is public and has no secret: send client_id alone."
    return f"This client must authenticate by {' or '.join(accepted_methods(registered))}."
