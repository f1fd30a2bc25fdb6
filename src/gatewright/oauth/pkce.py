"""Proof Key for Code Exchange (RFC 7636)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.parameters import Parameters
from gatewright.store.records import Client

_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")  # §4.1 and §4.2 share the grammar


def is_required(client: Client, settings: GlobalSettings) -> bool:
    """Whether the client must send a challenge: its own setting, else the global one; public clients by default."""
    if client.require_pkce == "global":
        return settings.require_pkce or client.type == "public"
    return client.require_pkce


def methods(settings: GlobalSettings) -> tuple[str, ...]:
    """The challenge methods in force (§4.2)."""
    return ("S256", "plain") if settings.allow_plain_pkce else ("S256",)


def challenge(parameters: Parameters, client: Client, settings: GlobalSettings) -> tuple[str, str] | None:
    """The challenge and its method from an authorization request (§4.3). Raises InvalidRequest."""
    value = parameters.get("code_challenge")
    if value is None:
        if is_required(client, settings):
            # §4.4.1: "code challenge required"
            raise InvalidRequest(
                "code challenge required: this client must use PKCE with code_challenge_method S256.",
                rule="pkce",
                found="no code_challenge",
                wanted="code_challenge with code_challenge_method S256",
            )
        if "code_challenge_method" in parameters:
            raise InvalidRequest("code_challenge_method was sent without code_challenge.", rule="pkce")
        return None
    method = parameters.get("code_challenge_method", "plain")  # §4.3: "defaults to "plain" if not present"
    if method not in methods(settings):
        # §4.4.1: "transform algorithm not supported"
        raise InvalidRequest(
            "transform algorithm not supported: send code_challenge_method=S256.",
            rule="pkce",
            found=method[:20],
            wanted=" or ".join(methods(settings)),
        )
    if not _UNRESERVED.match(value) or (method == "S256" and len(value) != 43):
        raise InvalidRequest(
            "code_challenge is not the base64url SHA-256 of a code_verifier (43 characters).", rule="pkce"
        )
    return value, method


def verify(verifier: str | None, expected: str | None, method: str | None) -> None:
    """Compare the token request's `code_verifier` with the challenge (§4.6). Raises InvalidGrant."""
    if expected is None:
        # RFC 9700 §4.8.2: a verifier without a challenge shows that the challenge was stripped on the way
        if verifier is not None:
            raise InvalidGrant(
                "code_verifier was sent, but the authorization request had no code_challenge.",
                rule="pkce",
                found="code_verifier, but no code_challenge before",
            )
        return
    if verifier is None:
        raise InvalidGrant(
            "code_verifier is missing: the authorization request had a code_challenge.",
            rule="pkce",
            found="no code_verifier",
            wanted="the code_verifier of the code_challenge",
        )
    if not _UNRESERVED.match(verifier):
        raise InvalidGrant(
            "code_verifier must be 43 to 128 characters of A-Z, a-z, 0-9, '-', '.', '_', '~'.", rule="pkce"
        )
    proof = verifier
    if method == "S256":
        proof = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not compare_digest(proof, expected):
        raise InvalidGrant(
            "code_verifier does not match the code_challenge.",
            rule="pkce",
            found="another code_verifier",
            wanted="the code_verifier of the code_challenge",
        )
