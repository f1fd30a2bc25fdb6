"""Why a request was refused: the checks it met in their order, the one that failed, and the place that mends it.

Made from a receipt (`store.refusals`), or from a rehearsal, which has the same form. All of its English stands here.
"""

from collections.abc import Callable
from typing import Final
from typing import Literal
from typing import cast

import msgspec

from gatewright.admin.mends import Mend
from gatewright.admin.mends import mends_of
from gatewright.oauth.rules import Endpoint
from gatewright.oauth.rules import rules_of
from gatewright.services.rules import CALL
from gatewright.store.refusals import Refusal

State = Literal["passed", "failed", "not reached"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule and what became of it. mends: where to change what it asks, for the one that failed."""

    rule: str
    question: str
    state: State
    found: str = ""
    wanted: str = ""
    mends: tuple[Mend, ...] = ()


QUESTIONS: Final[dict[str, tuple[str, str]]] = {
    "https": ("Did it come over HTTPS?", "https, or http from this machine"),
    "method": ("Is the method one that the address answers?", "POST"),
    "parameters": ("Can the parameters be read, each given once and where it may stand?", "each once, in the body"),
    "credentials": ("Does it carry one credential, well-formed?", "HTTP Basic, or client_id and client_secret"),
    "client_known": ("Is the client registered?", "a registered client_id"),
    "client_method": ("May the client authenticate this way?", "a method of its registration"),
    "throttle": ("Were there few failures of late?", "fewer failed attempts (throttle_failures)"),
    "client_proof": ("Is the client's secret, or its signature, right?", "a live secret or key of the client"),
    "client_enabled": ("Is the client enabled?", "enabled"),
    "confidential": ("Is the client confidential?", "confidential"),
    "grant_type": ("Does the server have this grant?", "a grant that the server has"),
    "grant_allowed": ("Is the grant among the client's Allowed Grants?", "an allowed grant"),
    "dpop": ("Does the DPoP proof count?", "a fresh proof, if the client sends one or must"),
    "code_known": ("Is the code one that this client got?", "a code that was issued to this client"),
    "code_redirect_uri": ("Is redirect_uri the one of the authorization request?", "the same redirect_uri"),
    "pkce": ("Do code_challenge and code_verifier fit (PKCE)?", "PKCE as the client's registration asks for it"),
    "code_unexpired": ("Is the code still valid?", "used in time (authorization_code_lifetime)"),
    "bound_key": ("Is the proof of the key that it is bound to?", "a DPoP proof of that key, if it is bound"),
    "user_enabled": ("Is the user enabled?", "an enabled user"),
    "resource": ("Are the resources served here?", "addresses of this server, or none"),
    "code_unused": ("Is the code used for the first time?", "used once"),
    "refresh_known": ("Is the refresh token one that this client got?", "a refresh token issued to this client"),
    "refresh_unexpired": (
        "Is the refresh token still valid?",
        "used in time (refresh_token_lifetime, token_family_lifetime)",
    ),
    "scope": ("Are the scopes associated with the client?", "associated scopes"),
    "refresh_left": ("Is there a refresh left, and the token used for the first time?", "a refresh that is left"),
    "password": ("Are user name and password right?", "an enabled user's name and password"),
    "device_known": ("Is the device code one that this client got?", "a device code issued to this client"),
    "device_unexpired": ("Is the device code still valid?", "used in time (device_code_lifetime)"),
    "device_decided": ("Has the user approved?", "approved"),
    "assertion": ("Is the assertion of an issuer that is trusted, and does it count?", "a trusted issuer's assertion"),
    "exchange": ("Can the tokens be exchanged?", "tokens that are active and may be exchanged"),
    "token_given": ("Does it name a token?", "the parameter token"),
    "revoke_own": ("Is the token the client's own?", "a token of this client"),
    "request_uri": ("Is request_uri one that waits for this browser?", "a request_uri of /oauth/par, used once"),
    "redirect_uri": ("Is redirect_uri registered?", "a registered redirect URI, letter for letter"),
    "pushed": ("Was the request pushed, where it must be?", "a request pushed to /oauth/par"),
    "response_type": ("Is response_type one that the server has?", "code or token"),
    "response_mode": ("Can the answer travel as response_mode says?", "query, fragment or form_post"),
    "session": ("Is the user signed in?", "a session of this browser"),
    "user_code": ("Does a device wait under the code?", "the code that the device shows"),
    "registration_open": ("May clients register themselves?", "dynamic_registration token or open"),
    "registration_token": ("Is the registration's token valid?", "an initial or registration access token"),
    "registration_metadata": ("Is the client's metadata acceptable?", "metadata as RFC 7591 has it"),
    "token_sent": ("Was an access token sent?", "Authorization: Bearer"),
    "token_known": ("Is the access token known, and not revoked?", "an access token that is active"),
    "token_unexpired": ("Is the access token still valid?", "used in time (access_token_lifetime)"),
    "token_client": ("Is the token's client enabled?", "enabled"),
    "token_user": ("Is the token's user enabled?", "enabled"),
    "token_resource": ("Is the token for this address?", "a token without resource, or with this address"),
    "token_key": ("Is the token used by the holder of its key?", "a DPoP proof, if it is bound to a key"),
    "service_exists": ("Does the address name a service?", "the full name of a service"),
    "scope_opens": ("Does a scope of the token open the service?", "a scope that lists it or its folder"),
    "acl_names": ("Does the ACL name a group of the caller?", "a group that the nearest ACL names"),
    "within_limits": ("Is the call within the limits of its client and service?", "fewer calls"),
    "other": ("Can the request be answered?", ""),
}
"""What each rule asks, and what passes it."""
_COUNTED: Final = "within_limits"


def _parameter(name: str) -> Callable[[Refusal], str]:
    return lambda refusal: dict(refusal.parameters).get(name, "")


_FOUND: Final[dict[str, Callable[[Refusal], str]]] = {
    "method": lambda refusal: refusal.method,
    "client_known": lambda refusal: refusal.client_id,
    "grant_type": lambda refusal: refusal.grant_type,
    "grant_allowed": lambda refusal: refusal.grant_type,
    "scope": _parameter("scope"),
    "resource": _parameter("resource"),
    "redirect_uri": _parameter("redirect_uri"),
    "response_type": _parameter("response_type"),
    "response_mode": _parameter("response_mode"),
    "user_enabled": lambda refusal: refusal.user,
    "token_client": lambda refusal: refusal.client_id,
    "token_user": lambda refusal: refusal.user or "none: the client acts for itself",
    "service_exists": lambda refusal: refusal.service,
    "scope_opens": lambda refusal: " ".join(refusal.scopes),
    "acl_names": lambda refusal: ", ".join(refusal.groups),
}
"""What a rule that was passed found, as far as the receipt tells."""


def explain(refusal: Refusal) -> list[Check]:
    """The checks in their order. Those before the one that refused were passed."""
    rules = _rules(refusal)
    if refusal.rule not in rules:
        return [_failed(refusal)]
    at = rules.index(refusal.rule)
    return [
        *(_passed(rule, refusal) for rule in rules[:at]),
        _failed(refusal),
        *(Check(rule=rule, question=QUESTIONS[rule][0], state="not reached") for rule in rules[at + 1 :]),
    ]


def all_passed(request: Refusal) -> list[Check]:
    """The checks of a rehearsed request that was refused by none. Limits are not asked: that would count."""
    rules = _rules(request)
    return [
        *(_passed(rule, request) for rule in rules if rule != _COUNTED),
        *(Check(rule=rule, question=QUESTIONS[rule][0], state="not reached") for rule in rules if rule == _COUNTED),
    ]


def _rules(refusal: Refusal) -> list[str]:
    if refusal.endpoint == "call":
        return list(CALL)
    return list(rules_of(cast(Endpoint, refusal.endpoint), refusal.grant_type))


def _passed(rule: str, refusal: Refusal) -> Check:
    question, wanted = QUESTIONS[rule]
    found = _FOUND[rule](refusal) if rule in _FOUND else ""
    return Check(rule=rule, question=question, state="passed", found=found, wanted=wanted)


def _failed(refusal: Refusal) -> Check:
    question, wanted = QUESTIONS.get(refusal.rule, QUESTIONS["other"])
    return Check(
        rule=refusal.rule,
        question=question,
        state="failed",
        found=refusal.found or refusal.detail,
        wanted=refusal.wanted or wanted,
        mends=mends_of(refusal),
    )
