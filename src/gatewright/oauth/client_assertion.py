"""Clients that authenticate by a signed JWT: `private_key_jwt`, `client_secret_jwt` (RFC 7523 §2.2, §3; OpenID Connect Core §9)."""

from typing import Final

from gatewright.kernel.fetching import FetchFailed
from gatewright.oauth import assertion
from gatewright.oauth import foreign_jws
from gatewright.oauth.assertion import Refused
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.foreign_jws import ForeignJws
from gatewright.oauth.key_set import ASYMMETRIC
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""§2.2."""
PRIVATE_KEY: Final = "private_key_jwt"
CLIENT_SECRET: Final = "client_secret_jwt"
METHODS: Final = (CLIENT_SECRET, PRIVATE_KEY)
"""The authentication methods of this module."""
ALGORITHMS: Final = (*ASYMMETRIC, *foreign_jws.SYMMETRIC)
"""How assertions may be signed. Never `none`."""


def read(parameters: Parameters) -> tuple[str, ForeignJws]:
    """The `client_id` that an assertion claims, and the assertion, not verified. Raises InvalidRequest, InvalidClient."""
    if parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidRequest(f"client_assertion_type must be {ASSERTION_TYPE}.", rule="credentials")
    jws = foreign_jws.read(parameters.get("client_assertion", ""))
    claims = jws.claims() if jws else None
    # RFC 8725 §3.11: a JWT that says it is something else, such as an access token, is no assertion.
    if jws is None or claims is None or not jws.has_type("", "jwt", "client-authentication+jwt"):
        raise InvalidClient("client_assertion is no signed JWT.", rule="credentials")
    try:
        subject = assertion.text_claim(claims, "sub")
    except Refused as refused:
        raise InvalidClient(f"client_assertion does not count: {refused}.", rule="credentials") from None
    # RFC 7521 §4.2: "The "client_id" [..] MUST identify the same client as is identified by the client assertion."
    if parameters.get("client_id", subject) != subject:
        raise InvalidRequest("client_id differs from the sub of client_assertion.", rule="credentials")
    return subject, jws


def method_of(jws: ForeignJws) -> str:
    """The method of an assertion."""
    return method_by(jws.header.alg)


def method_by(algorithm: str) -> str:
    """The method that an algorithm belongs to."""
    return CLIENT_SECRET if algorithm in foreign_jws.SYMMETRIC else PRIVATE_KEY


def is_usable(secret: ClientSecret, now: int) -> bool:
    """Whether a secret can verify assertions now: it is live, and we can read it."""
    return secret.sealed is not None and (secret.expires_at is None or secret.expires_at > now)


async def is_signed(jws: ForeignJws, registered: RegisteredClient, server: AuthorizationServer) -> bool:
    """Whether the client signed it. Raises InvalidClient when the client's keys cannot be had."""
    client = registered.client
    required = client.token_endpoint_auth_signing_alg
    algorithms = (required,) if required else ALGORITHMS
    if method_of(jws) == CLIENT_SECRET:
        now = server.clock()
        secrets = [_opened(secret, server) for secret in registered.secrets if is_usable(secret, now)]
        return any(foreign_jws.is_authenticated_by(jws, secret, algorithms) for secret in secrets if secret)
    try:
        return await foreign_jws.is_signed_by(jws, client, algorithms, server.fetcher)
    except FetchFailed as failure:
        raise InvalidClient(
            "The keys of this client could not be fetched from its jwks_uri; the server's log says why.",
            detail=f"keys of {client.client_id}: {failure}",
            rule="client_proof",
        ) from failure


async def accept(jws: ForeignJws, client: Client, server: AuthorizationServer) -> None:
    """Use up an assertion that the client signed. Raises InvalidClient unless it counts here and now (§3)."""
    claims = jws.claims() or {}
    settings = await server.directory.settings()
    try:
        # 1: "The JWT MUST contain an "iss" (issuer) claim"; 2B: "For client authentication, the subject MUST be the
        # "client_id" of the OAuth client." OpenID Connect Core §9: both are the client_id, and `jti` is required.
        if (claims.get("iss"), claims.get("sub")) != (client.client_id, client.client_id):
            raise Refused("iss and sub must be the client_id")
        assertion.check_audience(claims, assertion.own_audiences(server.issuer))
        ends = assertion.check_times(claims, server.clock(), settings.assertion_lifetime)
        identifier = assertion.text_claim(claims, "jti")
        await assertion.use_once("client", client.client_id, identifier, ends, server)
    except Refused as refused:
        raise InvalidClient(f"client_assertion does not count: {refused}.", rule="client_proof") from None


def seal_context(client_id: str) -> bytes:
    """What a sealed secret is bound to: its client."""
    return f"client secret of {client_id}".encode()


def _opened(secret: ClientSecret, server: AuthorizationServer) -> bytes | None:
    return server.sealer.open(secret.sealed or b"", seal_context(secret.client_id))
