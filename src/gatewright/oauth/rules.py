"""The rules that requests meet, by name, and the order in which each endpoint asks them.

A refusal names the rule that refused (`OAuthError.rule`); those before it were passed. What each asks, in words, stands
in `admin.explanations`.
"""

from typing import Final
from typing import Literal

Rule = Literal[
    "https",
    "method",
    "parameters",
    "credentials",
    "client_known",
    "client_method",
    "throttle",
    "client_proof",
    "client_enabled",
    "confidential",
    "grant_type",
    "grant_allowed",
    "dpop",
    "code_known",
    "code_redirect_uri",
    "pkce",
    "code_unexpired",
    "bound_key",
    "user_enabled",
    "resource",
    "code_unused",
    "refresh_known",
    "refresh_unexpired",
    "scope",
    "refresh_left",
    "password",
    "device_known",
    "device_unexpired",
    "device_decided",
    "assertion",
    "exchange",
    "token_given",
    "revoke_own",
    "request_uri",
    "redirect_uri",
    "pushed",
    "response_type",
    "response_mode",
    "session",
    "user_code",
    "registration_open",
    "registration_metadata",
    "registration_token",
    "other",
]
"""A rule of the authorization server. `other`: one that no refusal names yet."""

Endpoint = Literal["token", "introspect", "revoke", "par", "device_authorization", "authorize", "device", "register"]

_TRANSPORT: Final[tuple[Rule, ...]] = ("https", "method", "parameters")
_CLIENT: Final[tuple[Rule, ...]] = (
    "credentials",
    "client_known",
    "client_method",
    "throttle",
    "client_proof",
    "client_enabled",
)
_GRANTS: Final[dict[str, tuple[Rule, ...]]] = {
    "authorization_code": (
        "code_known",
        "code_redirect_uri",
        "pkce",
        "code_unexpired",
        "bound_key",
        "user_enabled",
        "resource",
        "code_unused",
    ),
    "refresh_token": (
        "refresh_known",
        "refresh_unexpired",
        "bound_key",
        "user_enabled",
        "scope",
        "resource",
        "refresh_left",
    ),
    "client_credentials": ("scope", "resource"),
    "password": ("scope", "resource", "password", "user_enabled"),
    "urn:ietf:params:oauth:grant-type:device_code": (
        "device_known",
        "device_unexpired",
        "device_decided",
        "user_enabled",
        "resource",
    ),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": ("assertion", "scope", "resource"),
    "urn:ietf:params:oauth:grant-type:token-exchange": ("exchange", "assertion", "scope", "resource"),
}
_ASKED: Final[tuple[Rule, ...]] = (
    "response_type",
    "grant_allowed",
    "pkce",
    "response_mode",
    "scope",
    "resource",
    "dpop",
)
_ENDPOINTS: Final[dict[Endpoint, tuple[Rule, ...]]] = {
    "token": (*_TRANSPORT, *_CLIENT, "grant_type", "grant_allowed", "dpop"),
    "introspect": (*_TRANSPORT, *_CLIENT, "confidential", "token_given"),
    "revoke": (*_TRANSPORT, *_CLIENT, "token_given", "revoke_own"),
    "par": (*_TRANSPORT, *_CLIENT, "request_uri", "redirect_uri", *_ASKED),
    "device_authorization": (*_TRANSPORT, *_CLIENT, "grant_allowed", "scope", "resource"),
    "authorize": (
        "https",
        "parameters",
        "request_uri",
        "client_known",
        "client_enabled",
        "redirect_uri",
        "pushed",
        *_ASKED,
        "session",
    ),
    "device": ("https", "parameters", "session", "throttle", "user_code", "client_enabled", "grant_allowed"),
    "register": (*_TRANSPORT, "throttle", "registration_open", "registration_token", "registration_metadata"),
}


def rules_of(endpoint: Endpoint, grant_type: str = "") -> tuple[Rule, ...]:
    """What an endpoint asks of a request, in its order. grant_type: of a token request."""
    return _ENDPOINTS[endpoint] + (_GRANTS.get(grant_type, ()) if endpoint == "token" else ())
