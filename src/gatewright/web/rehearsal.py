"""A request that is only rehearsed: every check it would meet, by the code that it would meet, and nothing of it done.

The protocol runs over a store whose writes are taken back: no code or token is used up, no failure counted, no `jti`
remembered, nothing issued. Of a call, the guard is asked and the service is not run.
"""

import copy
from typing import Final
from urllib.parse import unquote

import msgspec

from gatewright.admin.explanations import Check
from gatewright.admin.explanations import all_passed
from gatewright.admin.explanations import explain
from gatewright.app.parts import Parts
from gatewright.app.refusals import Claims
from gatewright.app.refusals import Refusals
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.secrets import BROWSER
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.telemetry import Activity
from gatewright.oauth import authorize
from gatewright.oauth.authorize import RedirectedError
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.keys import KeyRing
from gatewright.oauth.rules import Endpoint
from gatewright.services.guard import Guard
from gatewright.services.guard import Refused
from gatewright.services.path import invoked_service
from gatewright.store.database import ChangeFeed
from gatewright.store.database import Database
from gatewright.store.database import P
from gatewright.store.database import T
from gatewright.store.database import Transaction
from gatewright.store.database import Verb
from gatewright.store.refusals import Refusal
from gatewright.web.http import Message
from gatewright.web.http import Request
from gatewright.web.oauth_endpoints import ADDRESSES
from gatewright.web.oauth_endpoints import COMPATIBLE_ENDPOINTS
from gatewright.web.oauth_endpoints import ENDPOINTS
from gatewright.web.parameters import oauth_parameters
from gatewright.web.parameters import query_parameters
from gatewright.web.possession import dpop_sender
from gatewright.web.refusals import Refusing
from gatewright.web.refusals import admitted
from gatewright.web.refusals import asked
from gatewright.web.refusals import note_call
from gatewright.web.refusals import note_missing
from gatewright.web.refusals import note_refusal
from gatewright.web.registration_endpoint import PATH as REGISTRATION
from gatewright.web.registration_endpoint import register
from gatewright.web.service_input import bearer_token
from gatewright.web.transport import refuse_plain_http

AUTHORIZE: Final = frozenset({"/oauth/authorize", "/invoke/pub.oauth/authorize", "/invoke/pub.oauth:authorize"})
_NAME: Final = b"rehearsal"


class Rehearsed(msgspec.Struct, frozen=True):
    """What would happen: the facts of the request, and its checks. refusal: None when nothing would refuse it."""

    asked: Refusal
    checks: list[Check]
    refusal: Refusal | None


class _Undone(Exception):
    """Takes a transaction back and brings its result out."""

    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


class _Rehearsing:
    """A database that takes back whatever is written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def feed(self) -> ChangeFeed:
        return self._database.feed

    @property
    def waiting(self) -> int:
        return self._database.waiting

    @property
    def trouble(self) -> str:
        return self._database.trouble

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def undone(transaction: Transaction) -> None:
            raise _Undone(verb(transaction, *args, **kwargs))

        try:
            await self._database.write(undone)
        except _Undone as done:
            return done.result  # type: ignore[return-value]
        raise AssertionError("what is rehearsed was written")

    async def close(self) -> None: ...


class _Held(Refusals):
    """Receipts that are held instead of kept."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.database, parts.directory, parts.clock)
        self.held: list[tuple[Refusal, Claims]] = []

    def has_room(self, peer: str) -> bool:
        return True

    def add(self, refusal: Refusal, claims: Claims) -> None:
        self.held.append((refusal, claims))

    async def first(self) -> Refusal | None:
        return await self.identified(*self.held[0]) if self.held else None


async def rehearse(request: Request, parts: Parts) -> Rehearsed | None:
    """What would become of a request; None when nothing answers its address."""
    request.reference = _NAME
    parts = _stand_in(parts)
    path = request.path
    if path in ADDRESSES or path == REGISTRATION:
        return await _endpoint(ADDRESSES.get(path, "register"), request, parts)
    if path in AUTHORIZE:
        return await _authorize(request, parts)
    return await _call(request, parts)


def made(method: str, target: str, scheme: str, address: str, headers: list[tuple[str, str]], body: str) -> Request:
    """A request in the small form, from its parts. target: path and query as in the request line."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode("latin-1", "replace"), text.encode()) for name, text in headers],
        "client": (address, 0),
        "scheme": scheme,
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    return Request(scope, receive)


def _stand_in(parts: Parts) -> Parts:
    """The same parts, but that nothing they write stays."""
    stand_in = copy.copy(parts)
    database = _Rehearsing(parts.database)
    stand_in.database, stand_in.activity, stand_in.refusals = database, Activity(), _Held(parts)
    stand_in.server = msgspec.structs.replace(
        parts.server,
        database=database,
        keys=KeyRing(database, parts.directory, parts.sealer, parts.clock),
        activity=stand_in.activity,
    )
    stand_in.guard = Guard(stand_in.server)
    return stand_in


async def _endpoint(name: Endpoint, request: Request, parts: Parts) -> Rehearsed:
    handler = ENDPOINTS.get(request.path) or COMPATIBLE_ENDPOINTS.get(request.path) or register
    response = await handler(request, parts)
    if response.status >= 500:
        raise Unavailable("The server cannot do this now; try again shortly.")
    try:
        parameters = await oauth_parameters(request, in_url=True)
    except OAuthError:  # a registration's document
        parameters = {}
    return await _outcome(Refusing(name, request, parts, parameters), parts)


async def _authorize(request: Request, parts: Parts) -> Rehearsed:
    refusing = Refusing("authorize", request, parts)
    try:
        refuse_plain_http(request, await parts.directory.settings())
        refusing = Refusing("authorize", request, parts, query_parameters(request))
        await authorize.check(refusing.parameters, make_secret(BROWSER), parts.server)
    except RedirectedError as error:
        note_refusal(error.error, refusing, error.error.status)
    except OAuthError as error:
        note_refusal(error, refusing, error.status)
    return await _outcome(refusing, parts)


async def _call(request: Request, parts: Parts) -> Rehearsed | None:
    match = None
    if request.path.startswith("/invoke/"):
        name = invoked_service(request.raw_path) or ""
    else:
        match = parts.catalogue.match(request.method, request.raw_path)
        if match is None:
            return None
        name = match.template.service
    try:
        token, _ = await bearer_token(request, parts)
        caller = await parts.guard.admit(
            token,
            name,
            match.template if match else None,
            raw_path=request.raw_path,
            exists=name in parts.catalogue.services,
            sender=dpop_sender(request),
        )
    except Refused as error:
        note_call(error, request, parts, name, match)
        return await _refusal(parts)
    if name not in parts.catalogue.services:
        note_missing(caller, request, parts, name)
        return await _refusal(parts)
    facts = admitted(caller, request, parts, name, match)
    return Rehearsed(facts, all_passed(facts), None)


async def _outcome(refusing: Refusing, parts: Parts) -> Rehearsed:
    refused = await _refusal(parts)
    if refused is not None:
        return refused
    facts = await _held(parts).identified(*asked(refusing))
    return Rehearsed(facts, all_passed(facts), None)


async def _refusal(parts: Parts) -> Rehearsed | None:
    refusal = await _held(parts).first()
    return None if refusal is None else Rehearsed(refusal, explain(refusal), refusal)


def _held(parts: Parts) -> _Held:
    assert isinstance(parts.refusals, _Held)
    return parts.refusals
