"""What is counted and kept of a refused request (`store.refusals`); a receipt is made only when there is room for it."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from gatewright.app.parts import Parts
from gatewright.app.refusals import Claims
from gatewright.identity.throttle import TooManyFailures
from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import SECRET_TEXT
from gatewright.oauth.client_authentication import claimed
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.rules import Endpoint
from gatewright.services.caller import Caller
from gatewright.services.guard import Refused
from gatewright.services.rates import TooMany
from gatewright.services.template import Match
from gatewright.store.refusals import Refusal
from gatewright.web.http import Request

if TYPE_CHECKING:
    from starlette.requests import Request as PageRequest

_SHOWN: Final = frozenset({
    "grant_type", "redirect_uri", "scope", "response_type", "response_mode", "code_challenge_method", "resource",
    "audience", "prompt", "token_type_hint", "requested_token_type", "subject_token_type", "actor_token_type",
    "client_assertion_type",
})  # fmt: skip
"""Parameters whose values are no secrets; of others the length is told."""
_SECRET: Final = re.compile(SECRET_TEXT + r"|\b[A-Z]{4}-[A-Z]{4}\b")
"""Tokens, codes and secrets of ours, JWTs, and the codes that devices show."""
_MOST_PARAMETERS: Final = 30
_LONGEST_NAME: Final = 40
_LONGEST: Final = 300


class Refusing(msgspec.Struct, frozen=True):
    """A request to an endpoint that is being refused. parameters: those that were read before that."""

    endpoint: Endpoint
    request: Request
    parts: Parts
    parameters: Parameters = {}


def note_refusal(error: OAuthError, refusing: Refusing, status: int) -> None:
    """Count and keep the refusal of a request to an endpoint."""
    refusing.parts.activity.add("refusal", error.code)
    if not _has_room(refusing):
        return
    _keep(
        refusing,
        rule=error.rule,
        status=status,
        error=error.code,
        sentence=error.public,
        detail=error.detail,
        found=error.found,
        wanted=error.wanted,
    )


def note_slowed_down(error: TooManyFailures, refusing: Refusing) -> None:
    """Count and keep the refusal of a request after too many failures."""
    refusing.parts.activity.add("refusal", "temporarily_unavailable")
    if _has_room(refusing):
        _keep(
            refusing,
            rule="throttle",
            status=429,
            error="temporarily_unavailable",
            sentence=str(error),
            found=f"looked at again after {error.retry_after} seconds",
        )


def note_method(refusing: Refusing, *methods: str) -> None:
    """Keep the refusal of a method."""
    if _has_room(refusing):
        listed = " or ".join(methods)
        sentence = f"This address answers {listed} only."
        _keep(refusing, rule="method", status=405, error="invalid_request", sentence=sentence, wanted=listed)


def note_page_refusal(endpoint: Endpoint, error: OAuthError, request: "PageRequest", parts: Parts) -> None:
    """Keep the refusal of a request that a browser makes."""
    note_refusal(error, _of_page(endpoint, request, parts), error.status)


def note_page_slowed_down(endpoint: Endpoint, error: TooManyFailures, request: "PageRequest", parts: Parts) -> None:
    """Keep the refusal of what a person typed too often."""
    note_slowed_down(error, _of_page(endpoint, request, parts))


def note_call(error: Refused, request: Request, parts: Parts, service: str, match: Match | None) -> None:
    """Count and keep the guard's refusal of a call."""
    code = error.error or "no_token"
    parts.activity.add("refusal", code)
    if parts.refusals.has_room(request.address):
        receipt = _call(
            request,
            parts,
            service,
            error.caller,
            rule=error.rule,
            status=error.status,
            error=code,
            sentence=error.description,
            found=masked(error.found),
            wanted=masked(error.wanted),
            template=match.template.text if match else "",
            acl=error.acl,
        )
        parts.refusals.add(receipt, Claims(token=error.token))


def note_missing(caller: Caller, request: Request, parts: Parts, service: str) -> None:
    """Keep a call of what is no service."""
    if parts.refusals.has_room(request.address):
        receipt = _call(
            request,
            parts,
            "",
            caller,
            rule="service_exists",
            status=404,
            error="not_found",
            sentence="The address names no service.",
            found=masked(service) or "no name of a service",
            wanted="the full name of a service",
        )
        parts.refusals.add(receipt, Claims())


def asked(refusing: Refusing) -> tuple[Refusal, Claims]:
    """What a request to an endpoint asks, as far as it may be kept; and what it says of itself, to be looked up."""
    request, parts, parameters = refusing.request, refusing.parts, refusing.parameters
    facts = Refusal(
        id=row_id(),
        reference=request.id,
        at=parts.clock(),
        endpoint=refusing.endpoint,
        method=request.method[:_LONGEST_NAME],
        path=masked(request.path),
        grant_type=masked(parameters.get("grant_type", "")),
        peer=masked(request.address),
        parameters=shown(parameters.items()),
    )
    return facts, Claims(claimed(parameters, request.header(b"authorization")), parameters.get("username", ""))


def admitted(caller: Caller, request: Request, parts: Parts, service: str, match: Match | None) -> Refusal:
    """What a call asks that the guard lets in."""
    return _call(request, parts, service, caller, template=match.template.text if match else "")


def note_limited(
    error: TooMany, caller: Caller, request: Request, parts: Parts, service: str, match: Match | None
) -> None:
    """Keep a call that went past a limit."""
    if parts.refusals.has_room(request.address):
        receipt = _call(
            request,
            parts,
            service,
            caller,
            rule="within_limits",
            status=error.status,
            error="too_many_requests",
            sentence=error.detail,
            found=error.title,
            wanted=error.detail,
            template=match.template.text if match else "",
        )
        parts.refusals.add(receipt, Claims())


def masked(text: str) -> str:
    """A text of bounded length, without what looks like a token, code or secret, and without half a surrogate pair."""
    return _SECRET.sub("…", text[: _LONGEST * 2])[:_LONGEST].encode(errors="replace").decode()


def shown(parameters: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Parameters as a receipt keeps them: names, and values that are no secrets."""
    return tuple(
        (masked(name[:_LONGEST_NAME]), masked(value) if name in _SHOWN else f"{len(value)} characters")
        for name, value in list(parameters)[:_MOST_PARAMETERS]
    )


def _has_room(refusing: Refusing) -> bool:
    return refusing.parts.refusals.has_room(refusing.request.address)


def _keep(
    refusing: Refusing,
    *,
    rule: str,
    status: int,
    error: str,
    sentence: str,
    detail: str = "",
    found: str = "",
    wanted: str = "",
) -> None:
    facts, claims = asked(refusing)
    receipt = msgspec.structs.replace(
        facts,
        rule=rule,
        status=status,
        error=error,
        sentence=masked(sentence),
        detail=masked(detail),
        found=masked(found),
        wanted=masked(wanted),
    )
    refusing.parts.refusals.add(receipt, claims)


def _call(
    request: Request,
    parts: Parts,
    service: str,
    caller: Caller | None,
    *,
    rule: str = "",
    status: int = 0,
    error: str = "",
    sentence: str = "",
    found: str = "",
    wanted: str = "",
    template: str = "",
    acl: str = "",
) -> Refusal:
    """The receipt of a refused call. Of its parameters just the names in the URL are known: its body was not read."""
    names = parse_qsl(request.query[: _LONGEST * 10].decode("latin-1"), keep_blank_values=True)
    return Refusal(
        id=row_id(),
        reference=request.id,
        at=parts.clock(),
        endpoint="call",
        rule=rule,
        status=status,
        error=error,
        method=request.method[:_LONGEST_NAME],
        path=masked(request.path),
        sentence=masked(sentence),
        found=found,
        wanted=wanted,
        client_id=caller.client_id or "" if caller else "",
        user=caller.username or "" if caller else "",
        peer=masked(request.address),
        service=masked(service),
        template=template,
        acl=acl,
        scopes=caller.scopes if caller else (),
        groups=tuple(sorted(caller.groups)) if caller else (),
        parameters=tuple(
            (masked(name[:_LONGEST_NAME]), f"{len(value)} characters") for name, value in names[:_MOST_PARAMETERS]
        ),
    )


def _of_page(endpoint: Endpoint, request: "PageRequest", parts: Parts) -> Refusing:
    """A page's request in the small form. Its id is the one that the page shows."""
    small = Request(request.scope, request.receive)
    small.reference = str(request.scope.get("gatewright.request_id", small.id)).encode()
    return Refusing(endpoint, small, parts, dict(request.query_params))
