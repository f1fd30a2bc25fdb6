"""Refusals that an RFC defines. Raised anywhere in the protocol; `web` renders them in one place."""

import re
from typing import ClassVar
from typing import Final

from gatewright.oauth.rules import Rule

_NOT_ALLOWED: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class OAuthError(Exception):
    """A refusal with the RFC's error code. `public` goes to the client, `detail` only to the log.

    rule: which rule refused; `found` and `wanted` are for its explanation (`admin.explanations`), never for the client,
    and hold no secret.
    """

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500
    rule: Rule = "other"

    def __init__(
        self, public: str, *, detail: str = "", rule: Rule | None = None, found: str = "", wanted: str = ""
    ) -> None:
        """`public`: one sentence that says what to change. rule: default: the one of this kind of error."""
        super().__init__(detail or public)
        self.public = public
        self.detail = detail or public
        self.found, self.wanted = found, wanted
        if rule is not None:
            self.rule = rule

    @property
    def description(self) -> str:
        """The sentence in the characters that `error_description` allows (RFC 6749 §5.2)."""
        return _NOT_ALLOWED.sub("'", self.public)

    def body(self) -> dict[str, str]:
        """The error response's parameters (RFC 6749 §5.2)."""
        return {"error": self.code, "error_description": self.description}


class InvalidRequest(OAuthError):
    """RFC 6749 §5.2."""

    code, status = "invalid_request", 400
    rule: Rule = "parameters"


class InvalidClient(OAuthError):
    """RFC 6749 §5.2. `by_header`: the client tried the Authorization header, so the answer carries a challenge."""

    code, status = "invalid_client", 401
    rule: Rule = "client_proof"

    def __init__(
        self,
        public: str,
        *,
        detail: str = "",
        by_header: bool = False,
        rule: Rule | None = None,
        found: str = "",
        wanted: str = "",
    ) -> None:
        super().__init__(public, detail=detail, rule=rule, found=found, wanted=wanted)
        self.by_header = by_header


class InvalidGrant(OAuthError):
    """RFC 6749 §5.2."""

    code, status = "invalid_grant", 400


class UnauthorizedClient(OAuthError):
    """RFC 6749 §5.2."""

    code, status = "unauthorized_client", 400
    rule: Rule = "grant_allowed"


class UnsupportedGrantType(OAuthError):
    """RFC 6749 §5.2."""

    code, status = "unsupported_grant_type", 400
    rule: Rule = "grant_type"


class UnsupportedResponseType(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code, status = "unsupported_response_type", 400
    rule: Rule = "response_type"


class InvalidScope(OAuthError):
    """RFC 6749 §5.2."""

    code, status = "invalid_scope", 400
    rule: Rule = "scope"


class InvalidTarget(OAuthError):
    """RFC 8707 §2."""

    code, status = "invalid_target", 400
    rule: Rule = "resource"


class InvalidRequestUri(OAuthError):
    """RFC 9101 §6.2, which RFC 9126 §4 goes by."""

    code, status = "invalid_request_uri", 400
    rule: Rule = "request_uri"


class AccessDenied(OAuthError):
    """RFC 6749 §4.1.2.1, RFC 8628 §3.5."""

    code, status = "access_denied", 400
    rule: Rule = "device_decided"


class LoginRequired(OAuthError):
    """`prompt=none` and nobody signed in (registered by OpenID Connect Core §3.1.2.6)."""

    code, status = "login_required", 400
    rule: Rule = "session"


class ConsentRequired(OAuthError):
    """`prompt=none` and no consent that is remembered (registered by OpenID Connect Core §3.1.2.6)."""

    code, status = "consent_required", 400
    rule: Rule = "session"


class AuthorizationPending(OAuthError):
    """RFC 8628 §3.5."""

    code, status = "authorization_pending", 400
    rule: Rule = "device_decided"


class SlowDown(OAuthError):
    """RFC 8628 §3.5."""

    code, status = "slow_down", 400
    rule: Rule = "device_decided"


class ExpiredToken(OAuthError):
    """RFC 8628 §3.5."""

    code, status = "expired_token", 400
    rule: Rule = "device_unexpired"


class InvalidDpopProof(OAuthError):
    """RFC 9449 §5; at a resource 401 (§7.1)."""

    code, status = "invalid_dpop_proof", 400
    rule: Rule = "dpop"


class UseDpopNonce(OAuthError):
    """RFC 9449 §8; at a resource 401 (§9). `nonce`: what the next proof must carry."""

    code, status = "use_dpop_nonce", 400
    rule: Rule = "dpop"

    def __init__(self, public: str, *, nonce: str) -> None:
        super().__init__(public)
        self.nonce = nonce


class RegistrationClosed(OAuthError):
    """Nobody may register here; RFC 7591 §3 leaves the policy to the server."""

    code, status = "access_denied", 403
    rule: Rule = "registration_open"


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2."""

    code, status = "invalid_redirect_uri", 400
    rule: Rule = "registration_metadata"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    code, status = "invalid_client_metadata", 400
    rule: Rule = "registration_metadata"


class InvalidToken(OAuthError):
    """RFC 6750 §3.1, of the tokens that registration takes (RFC 7591 §3, RFC 7592 §2)."""

    code, status = "invalid_token", 401
    rule: Rule = "registration_token"


class TooManyRequests(OAuthError):
    """RFC 6585 §4, in OAuth's error format. `retry_after`: seconds."""

    code, status = "temporarily_unavailable", 429
    rule: Rule = "throttle"

    def __init__(self, public: str, *, retry_after: int) -> None:
        super().__init__(public)
        self.retry_after = retry_after
