"""Settings: the global ones (in the database, changed while running) and the server's (resolved at start).

Each is a frozen snapshot: passed on, never changed, replaced when a setting changes. Units stand in the docs of
each field, which the settings reference is generated from.
"""

from typing import Annotated
from typing import Literal

import msgspec
from msgspec import Meta

Lifetime = Annotated[int, Meta(ge=1, le=2147483647)]
"""Seconds, from one second to 68 years."""

RequireHttps = Literal["always", "except_loopback", "never"]
DynamicRegistration = Literal["closed", "token", "open"]
UrlParameters = Literal["never", "compatibility", "always"]
TokenFormat = Literal["opaque", "jwt"]
DpopNonce = Literal["optional", "required"]
LifetimeByGrant = dict[str, Lifetime]
"""Seconds by the name that Allowed Grants give a grant."""
SecondFactorRequired = Literal["nobody", "administrators", "everybody"]
FailingRuns = Literal["with_data", "without_data", "none"]
SigningAlgorithm = Literal["ES256", "EdDSA", "PS256", "RS256"]


class GlobalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator may choose for the whole server (console: Edit OAuth Global Settings)."""

    require_https: Annotated[
        RequireHttps,
        Meta(
            description="Refuse OAuth requests over plain HTTP: `always`, `except_loopback` (a loopback peer, a loopback "
            "Host and no forwarding header), or `never`."
        ),
    ] = "except_loopback"
    require_pkce: Annotated[
        bool,
        Meta(
            description="Require PKCE (RFC 7636) of every client in the authorization code grant. Public clients need it "
            "either way, unless their own setting is No."
        ),
    ] = False
    allow_plain_pkce: Annotated[
        bool, Meta(description="Accept `code_challenge_method=plain` (RFC 7636 §4.2) beside `S256`.")
    ] = False
    access_token_lifetime: Annotated[
        Lifetime | Literal["never"],
        Meta(description="Seconds an access token is valid, or `never` (it never expires)."),
    ] = 3600
    access_token_lifetime_by_grant: Annotated[
        LifetimeByGrant,
        Meta(
            description="Seconds an access token is valid that came by a certain grant, such as `{client_credentials: 300}`: "
            "authorization_code, implicit, client_credentials, password, device_code, jwt_bearer, token_exchange. A refreshed "
            "one counts as its family's first. A client's own lifetime wins over it."
        ),
    ] = {}
    authorization_code_lifetime: Annotated[
        int,
        Meta(
            ge=1,
            le=2147483647,
            description="Seconds in which an authorization code must be redeemed; RFC 6749 §4.1.2 recommends at most 600.",
        ),
    ] = 600
    require_pushed_authorization_requests: Annotated[
        bool,
        Meta(
            description="Refuse authorization requests that were not pushed to `/oauth/par` first (RFC 9126); a client's own "
            "setting of that name does so for that client alone."
        ),
    ] = False
    pushed_request_lifetime: Annotated[
        int,
        Meta(ge=5, le=600, description="Seconds in which a pushed authorization request must arrive with its browser."),
    ] = 60
    device_code_lifetime: Annotated[
        int, Meta(ge=60, le=3600, description="Seconds a person has to type in a device's code (RFC 8628) and approve.")
    ] = 600
    device_polling_interval: Annotated[
        int,
        Meta(ge=1, le=60, description="Seconds a device waits between two requests; one that does not waits longer."),
    ] = 5
    access_token_format: Annotated[
        TokenFormat,
        Meta(
            description="The form of access tokens. `opaque`: a random reference. `jwt`: signed claims (RFC 9068) that "
            "resource servers can verify by themselves; it excludes the lifetime `never`."
        ),
    ] = "opaque"
    signing_algorithm: Annotated[
        SigningAlgorithm,
        Meta(
            description="How tokens and signed answers are signed (RFC 7518 §3.1, RFC 8037 §3.1). A change is in force at "
            "once: the algorithm's first key is not announced before it is used."
        ),
    ] = "ES256"
    key_rotation_interval: Annotated[
        int, Meta(ge=3600, le=31536000, description="Seconds a signing key is used before its successor takes over.")
    ] = 7776000
    key_announcement: Annotated[
        int,
        Meta(
            ge=600,
            le=2592000,
            description="Seconds a signing key stands in `/oauth/jwks` before it is used, and at least as long after; "
            "shorter than `key_rotation_interval`.",
        ),
    ] = 86400
    dpop_nonce: Annotated[
        DpopNonce,
        Meta(
            description="Whether DPoP proofs (RFC 9449) must carry a nonce that this server gave: `required` costs clients "
            "one request more now and then, and makes proofs useless that were made beforehand."
        ),
    ] = "optional"
    dpop_proof_lifetime: Annotated[
        int, Meta(ge=1, le=300, description="Seconds by which a DPoP proof's `iat` may differ from our clock.")
    ] = 60
    assertion_lifetime: Annotated[
        int,
        Meta(
            ge=60,
            le=86400,
            description="The most seconds that an assertion (RFC 7523) of a client or a trusted issuer may be valid for.",
        ),
    ] = 3600
    token_exchange_depth: Annotated[
        int,
        Meta(
            ge=1,
            le=16,
            description="How many token exchanges (RFC 8693) may follow one another, from service to service.",
        ),
    ] = 4
    refresh_token_lifetime: Annotated[
        Lifetime | Literal["never"],
        Meta(description="Seconds an unused refresh token stays valid, or `never`; each rotation starts it anew."),
    ] = 2592000
    token_family_lifetime: Annotated[
        Lifetime | Literal["never"],
        Meta(
            description="Seconds after an approval in which its tokens can be refreshed at all, however often they are; `never`: "
            "without end."
        ),
    ] = "never"
    refresh_token_grace: Annotated[
        int, Meta(ge=0, le=300, description="Seconds in which the preceding refresh token gets the same answer again.")
    ] = 10
    dynamic_registration: Annotated[
        DynamicRegistration,
        Meta(
            description="Who may register clients at `/oauth/register` (RFC 7591): `closed` (nobody), `token` (whoever has an "
            "initial access token, made by `gatewright client registration-token`), or `open` (everybody)."
        ),
    ] = "closed"
    client_id_metadata_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Hosts whose Client ID Metadata Documents count: a `client_id` that is an https address there needs "
            "no registration. `name`, `name:port`, `*.name` for everything below it, `*` for every host; empty: none."
        ),
    ] = ()
    dynamic_registration_scopes: Annotated[
        tuple[str, ...],
        Meta(
            description="The most a client may get that registers itself, or describes itself in a metadata document: names "
            "of scopes."
        ),
    ] = ()
    dynamic_registration_unused: Annotated[
        Lifetime | Literal["never"],
        Meta(description="Seconds after which a self-registered client that holds no token is removed, or `never`."),
    ] = 2592000
    token_parameters_in_url: Annotated[
        UrlParameters,
        Meta(
            description="Whether token requests may carry parameters in the URL: `never`, `compatibility` (only under "
            "`/invoke/pub.oauth/`), or `always`."
        ),
    ] = "compatibility"
    cors_allowed_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="Origins whose browser code may call metadata, token, revocation, introspection and services; "
            "`*` allows every origin. Credentials are never allowed."
        ),
    ] = ("*",)
    session_lifetime: Annotated[
        int, Meta(ge=60, le=31536000, description="Seconds after which a login session ends.")
    ] = 28800
    second_factor_required: Annotated[
        SecondFactorRequired,
        Meta(
            description="Who must have a passkey or an authenticator app: `nobody`, `administrators` (of any role), or "
            "`everybody`. Whoever must and has none sets one up right after signing in, and cannot use the password grant."
        ),
    ] = "nobody"
    reauthentication_age: Annotated[
        int,
        Meta(
            ge=60,
            le=86400,
            description="Seconds after which an administrator proves again who he or she is before secrets are made or "
            "shown, keys rotated, people's passwords, groups or second factors changed; and everybody before removing a "
            "second factor.",
        ),
    ] = 600
    page_title: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="The name that stands over the pages where people sign in and consent.",
        ),
    ] = "Gatewright"
    page_logo: Annotated[
        str,
        Meta(
            max_length=49152,
            description="The picture there: a `data:` address of a PNG, JPEG, WebP or SVG in base64 (pages load nothing from "
            "elsewhere); empty: ours.",
        ),
    ] = ""
    page_footer: Annotated[str, Meta(max_length=200, description="A line below these pages.")] = ""
    consent_heading: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            description="The heading of the consent page; `{client}` stands for the application's name.",
        ),
    ] = "Allow {client} access"
    throttle_failures: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="Failed passwords or client secrets per user, client and address before they are slowed down (429).",
        ),
    ] = 10
    throttle_window: Annotated[
        int, Meta(ge=1, le=86400, description="Seconds over which those failures are counted.")
    ] = 300
    refusals_kept: Annotated[
        int,
        Meta(ge=0, le=1000000, description="How many receipts of refused requests are kept, the newest; 0: none."),
    ] = 10000
    refusal_lifetime: Annotated[
        int, Meta(ge=60, le=31536000, description="Seconds for which a receipt of a refused request is kept.")
    ] = 604800
    failing_runs: Annotated[
        FailingRuns,
        Meta(
            description="What is kept of runs of services that fail: each step `with_data`, secrets masked; `without_data`, "
            "where no data of callers may be kept; or `none`."
        ),
    ] = "with_data"
    failing_run_lifetime: Annotated[
        int, Meta(ge=60, le=31536000, description="Seconds for which a failing run is kept.")
    ] = 604800
    openapi_public: Annotated[
        bool,
        Meta(
            description="Whether `/openapi.json` describes every service to everybody. Otherwise it describes what the token "
            "opens, and without one what needs none."
        ),
    ] = False
    maximum_body_bytes: Annotated[
        int, Meta(ge=1024, le=1073741824, description="The largest request body that services accept, in bytes.")
    ] = 10485760
    service_time_limit: Annotated[
        int, Meta(ge=1, le=3600, description="Seconds after which a service's run is stopped.")
    ] = 30
    fetch_private_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Private or loopback hosts that flows may call, and that key sets and answers of other servers may be "
            "fetched from, there also over plain http; everything else outside must be a public address."
        ),
    ] = ()


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a process is started with: flag > GATEWRIGHT_… > `server:` in gatewright.yaml > default."""

    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="The port to listen on.")] = 5555
    workers: Annotated[int, Meta(ge=1, le=256, description="How many worker processes answer requests.")] = 1
    database: Annotated[
        str, Meta(description="`sqlite` (data/gatewright.db in the workspace) or a postgresql:// URL.")
    ] = "sqlite"
    public_url: Annotated[
        str,
        Meta(
            description="The address clients see, which is the issuer; default http://localhost:PORT (https with TLS)."
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks whose forwarding headers count.")
    ] = ()
    drain_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=300,
            description="Seconds for which a server that is told to stop serves on, not ready, so that load balancers notice.",
        ),
    ] = 0
    tls_certificate: Annotated[str, Meta(description="PEM file of the certificate chain; with tls_key, HTTPS.")] = ""
    tls_key: Annotated[str, Meta(description="PEM file of the certificate's private key.")] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least level that is logged.")
    ] = "info"

    @property
    def issuer(self) -> str:
        """The issuer identifier (RFC 8414 §2), never taken from a request."""
        scheme = "https" if self.tls_certificate else "http"
        return self.public_url.rstrip("/") or f"{scheme}://localhost:{self.port}"
