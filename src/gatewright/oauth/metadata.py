"""Authorization server metadata (RFC 8414)."""

from typing import Final
from urllib.parse import urlsplit

from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import dpop
from gatewright.oauth import pkce
from gatewright.oauth import response_mode
from gatewright.oauth.authentication_methods import METHODS
from gatewright.oauth.client_assertion import ALGORITHMS
from gatewright.oauth.token import GRANTS

WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"


def well_known_path(issuer: str) -> str:
    """Where the metadata stands: the well-known part goes between host and path of the issuer (§3.1)."""
    return WELL_KNOWN + urlsplit(issuer).path


def metadata_address(issuer: str) -> str:
    """The address of the metadata (§3.1)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}{well_known_path(issuer)}"


def well_known_paths(issuer: str) -> frozenset[str]:
    """All paths that the metadata is asked for at: §3.1's; after the issuer's path, as some clients look for it (§5);
    and without that path, which a proxy may take away.
    """
    return frozenset({well_known_path(issuer), urlsplit(issuer).path + WELL_KNOWN, WELL_KNOWN})


def metadata(issuer: str, settings: GlobalSettings, scopes: tuple[str, ...]) -> dict[str, object]:
    """The metadata document (§2)."""
    without_administrator: dict[str, object] = {}
    if settings.dynamic_registration != "closed":
        without_administrator["registration_endpoint"] = f"{issuer}/oauth/register"
    if settings.client_id_metadata_hosts:
        without_administrator["client_id_metadata_document_supported"] = True
    return without_administrator | {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "require_pushed_authorization_requests": settings.require_pushed_authorization_requests,
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": list(scopes),
        "response_types_supported": ["code", "token"],
        "response_modes_supported": list(response_mode.MODES),
        "grant_types_supported": [*GRANTS, "implicit"],
        "token_endpoint_auth_methods_supported": [*METHODS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        # RFC 9701 §7
        "introspection_signing_alg_values_supported": [settings.signing_algorithm],
        "revocation_endpoint_auth_methods_supported": [*METHODS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": list(pkce.methods(settings)),
        "authorization_response_iss_parameter_supported": True,
        # RFC 9449 §5.1
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    }
