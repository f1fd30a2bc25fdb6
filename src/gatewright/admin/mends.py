"""Where a refusal is mended: pages of the console, and what the caller must change when nothing here is wrong."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import msgspec

from gatewright.store.refusals import Refusal


class Mend(msgspec.Struct, frozen=True):
    """One way to mend it: a sentence, and the page of the console where it is done."""

    text: str
    href: str


def mends_of(refusal: Refusal) -> tuple[Mend, ...]:
    """The ways to mend a refusal, the likeliest first."""
    return _MENDS.get(refusal.rule, _other)(refusal)


def _client(text: str, field: str = "") -> Callable[[Refusal], tuple[Mend, ...]]:
    """On the form of the client, at a field."""

    def mend(refusal: Refusal) -> tuple[Mend, ...]:
        if not refusal.client_id:
            return (Mend("Find the client", "/console/oauth/clients"),)
        anchor = f"#field-{field}" if field else ""
        return (Mend(text, f"/console/oauth/clients/edit?client_id={quote(refusal.client_id, safe='')}{anchor}"),)

    return mend


def _settings(text: str, name: str) -> Callable[[Refusal], tuple[Mend, ...]]:
    return lambda _: (Mend(text, f"/console/oauth/settings#field-{name}"),)


def _of_client(text: str, page: str) -> Callable[[Refusal], tuple[Mend, ...]]:
    """On a page about the client, whose address ends where the client's id goes."""
    return lambda refusal: (
        (Mend(text, page + quote(refusal.client_id, safe="")),)
        if refusal.client_id
        else (Mend("Find the client", "/console/oauth/clients"),)
    )


def _user(text: str) -> Callable[[Refusal], tuple[Mend, ...]]:
    return lambda refusal: (
        (Mend(text, f"/console/users/edit?user={quote(refusal.user, safe='')}"),)
        if refusal.user
        else (Mend("Find the user", "/console/users"),)
    )


def _together(*parts: Callable[[Refusal], tuple[Mend, ...]]) -> Callable[[Refusal], tuple[Mend, ...]]:
    return lambda refusal: tuple(mend for part in parts for mend in part(refusal))


def _page(text: str, href: str) -> Callable[[Refusal], tuple[Mend, ...]]:
    return lambda _: (Mend(text, href),)


def _scope_opens(refusal: Refusal) -> tuple[Mend, ...]:
    found = [
        Mend(f"Let the scope {name} list it", f"/console/oauth/scopes/edit?scope={quote(name, safe='')}")
        for name in refusal.scopes[:3]
    ]
    if refusal.client_id:
        associate = f"/console/oauth/associations?client={quote(refusal.client_id, safe='')}"
        found.insert(0, Mend("Associate a scope that opens it, and ask for a new token", associate))
    return tuple(found) or (Mend("Find the scope", "/console/oauth/scopes"),)


def _acl(refusal: Refusal) -> tuple[Mend, ...]:
    who = f"user {refusal.user}" if refusal.user else "client"
    groups = refusal.wanted.split(" or ")[:3] if refusal.wanted else []
    return (
        Mend(f"Change the ACL of {refusal.acl}", f"/console/acls/edit?target={quote(refusal.acl, safe='')}"),
        *(Mend(f"Put the {who} into {name}", f"/console/groups/edit?group={quote(name, safe='')}") for name in groups),
    )


def _other(_: Refusal) -> tuple[Mend, ...]:
    """Nothing here is wrong: the caller must change its request."""
    return (Mend("Rehearse the request after the caller has changed it", "/console/rehearsal"),)


_NEW_TOKEN: Final = _page("Get New Access Token", "/console/get-token")
_MENDS: Final[dict[str, Callable[[Refusal], tuple[Mend, ...]]]] = {
    "https": _settings("Require HTTPS", "require_https"),
    "parameters": _together(_other, _settings("Parameters in the URL", "token_parameters_in_url")),
    "client_known": _page("Register the client, or find its right client_id", "/console/oauth/clients"),
    "client_method": _client("Change how the client authenticates", "client_authentication"),
    "throttle": _settings("Failed attempts that are allowed", "throttle_failures"),
    "client_proof": _together(
        _of_client("Make a new secret", "/console/oauth/clients/secret?client_id="),
        _client("Look at the client's keys", "jwks_uri"),
    ),
    "client_enabled": _of_client("Enable the client", "/console/oauth/clients/enable?client_id="),
    "confidential": _client("Make the client confidential", "type"),
    "grant_allowed": _client("Allow the grant", "allowed_grants"),
    "dpop": _client("Whether its tokens are bound to a key", "dpop_bound_access_tokens"),
    "code_known": _client("Open the client's form"),
    "code_redirect_uri": _client("Look at its redirect URIs", "redirect_uris"),
    "pkce": _client("Whether it must use PKCE", "require_pkce"),
    "code_unexpired": _settings("How long codes are valid", "authorization_code_lifetime"),
    "code_unused": _of_client("Look at the client's tokens", "/console/oauth/tokens?client="),
    "user_enabled": _user("Enable the user, or let it choose a password"),
    "refresh_known": _of_client("Look at the client's tokens", "/console/oauth/tokens?client="),
    "refresh_unexpired": _client("How long its refresh tokens are valid", "refresh_limit"),
    "refresh_left": _client("Its Refresh Count", "refresh_limit"),
    "scope": _of_client("Associate the scope", "/console/oauth/associations?client="),
    "password": _user("Give the user a new password"),
    "device_unexpired": _settings("How long device codes are valid", "device_code_lifetime"),
    "assertion": _page("The issuers that are trusted", "/console/oauth/issuers"),
    "exchange": _client("Open the client's form", "may_act"),
    "revoke_own": _of_client("Look at the client's tokens", "/console/oauth/tokens?client="),
    "redirect_uri": _client("Register the redirect URI", "redirect_uris"),
    "pushed": _client("Whether it must push its requests", "require_pushed_authorization_requests"),
    "response_type": _client("The client's Allowed Grants", "allowed_grants"),
    "registration_open": _settings("Who may register clients", "dynamic_registration"),
    "registration_token": _settings("Who may register clients", "dynamic_registration"),
    "registration_metadata": _settings("What such clients may get", "dynamic_registration_scopes"),
    "token_sent": _NEW_TOKEN,
    "token_known": _together(_NEW_TOKEN, _page("External authorization servers", "/console/oauth/external")),
    "token_unexpired": _client("How long its access tokens are valid", "access_token_lifetime"),
    "token_client": _of_client("Enable the client", "/console/oauth/clients/enable?client_id="),
    "token_user": _user("Enable the user"),
    "token_resource": _NEW_TOKEN,
    "token_key": _client("Whether its tokens are bound to a key", "dpop_bound_access_tokens"),
    "service_exists": _page("The services there are", "/console/packages"),
    "scope_opens": _scope_opens,
    "acl_names": _acl,
    "within_limits": _client("The client's rate limit and quota", "rate_limit"),
}
