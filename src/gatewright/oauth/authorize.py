"""The authorization endpoint (RFC 6749 §3.1): check the request, then answer for the resource owner's decision.

`check` says what is asked. Login and consent are pages in `web`; they end in `approve` or `deny`, each of which gives
what the browser carries back to the client.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import AUTHORIZATION_CODE
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import client_id_document
from gatewright.oauth import dpop
from gatewright.oauth import pkce
from gatewright.oauth import redirect_uri
from gatewright.oauth import request_uri
from gatewright.oauth import resource
from gatewright.oauth import response_mode
from gatewright.oauth import scope
from gatewright.oauth.errors import AccessDenied
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.errors import UnauthorizedClient
from gatewright.oauth.errors import UnsupportedResponseType
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.response_mode import AuthorizationResponse
from gatewright.oauth.response_mode import ResponseMode
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.clients import RegisteredClient
from gatewright.store.pushed_requests import PushedRequest
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Client
from gatewright.store.records import Grant
from gatewright.store.records import User

ResponseType = Literal["code", "token"]


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A checked authorization request. `redirect_uri` is registered; `given_redirect_uri` is what the request said.

    prompt: `none`, `login`, `consent`, as OpenID Connect Core §3.1.2.1 has them; others ask for nothing.
    always_ask: a remembered consent does not do.
    pushed: the request it was pushed as (RFC 9126).
    """

    client: Client
    response_type: ResponseType
    response_mode: ResponseMode
    redirect_uri: str
    given_redirect_uri: str | None
    scope: tuple[str, ...]
    resource: tuple[str, ...]
    state: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    dpop_jkt: str | None
    prompt: tuple[str, ...]
    always_ask: bool
    pushed: PushedRequest | None = None


class RedirectedError(Exception):
    """A refusal that goes back to the client through the browser (§4.1.2.1)."""

    def __init__(self, response: AuthorizationResponse, error: OAuthError) -> None:
        super().__init__(error.detail)
        self.response = response
        self.error = error


async def check(parameters: Parameters, browser: str, server: AuthorizationServer) -> AuthorizationRequest:
    """What the request asks for.

    browser: a made secret that this browser alone has; a pushed request is for the first that brings it.

    Raises OAuthError when the client or its redirect URI cannot be trusted: then the browser MUST NOT be redirected
    (§4.1.2.1) and a page says why. Raises RedirectedError for every other refusal.
    """
    pushed = await request_uri.begin(parameters, browser, server) if "request_uri" in parameters else None
    if pushed is not None:
        parameters = pushed.parameters
    registered = await _client(parameters, server)
    target = _redirect_uri(parameters, registered.client)
    try:
        if pushed is None and request_uri.is_required(registered.client, await server.directory.settings()):
            raise InvalidRequest(
                "Push this request to /oauth/par first (RFC 9126), and send the request_uri it gives.", rule="pushed"
            )
        return msgspec.structs.replace(await _checked(parameters, registered, target, server), pushed=pushed)
    except OAuthError as error:
        mode = response_mode.for_refusal(parameters, target)
        raise RedirectedError(_response(target, error.body(), parameters.get("state"), mode, server), error) from error


async def validate(parameters: Parameters, registered: RegisteredClient, server: AuthorizationServer) -> None:
    """Check a request that a client pushes, which is told of every refusal. Raises OAuthError."""
    await _checked(parameters, registered, _redirect_uri(parameters, registered.client), server)


def may_skip_consent(request: AuthorizationRequest, remembered: Sequence[str]) -> bool:
    """Whether a remembered consent covers the request.

    Never for a public client on the user's own machine: any program there could pose as it (RFC 8252 §8.6).
    """
    if (
        "consent" in request.prompt
        or request.always_ask
        or (request.client.type == "public" and redirect_uri.is_native(request.redirect_uri))
    ):
        return False
    return set(request.scope) <= set(remembered)


def refuse_if_nobody_may_be_asked(
    request: AuthorizationRequest, error: OAuthError, server: AuthorizationServer
) -> None:
    """Raise RedirectedError when the person would have to be asked something and `prompt=none` forbids it."""
    if "none" in request.prompt:
        response = _response(request.redirect_uri, error.body(), request.state, request.response_mode, server)
        raise RedirectedError(response, error)


async def remembered_scope(request: AuthorizationRequest, user: User, server: AuthorizationServer) -> tuple[str, ...]:
    """The scopes the user told us to remember for this client."""
    consent = await server.database.read(users.find_consent, user.id, request.client.client_id)
    return consent.scope if consent else ()


async def approve(
    request: AuthorizationRequest,
    user: User,
    authenticated_at: int,
    allowed: Sequence[str],
    server: AuthorizationServer,
) -> AuthorizationResponse:
    """The answer for scopes `allowed`, a part of the request's (§4.1.2, §4.2.2). Raises InvalidRequestUri."""
    granted = tuple(name for name in request.scope if name in allowed)
    if not granted:
        return await deny(request, server)
    if request.pushed is not None:
        await request_uri.use(request.pushed, server)
    issue = _token if request.response_type == "token" else _code
    answer = await issue(request, user, authenticated_at, granted, server)
    return _response(request.redirect_uri, answer, request.state, request.response_mode, server)


async def deny(request: AuthorizationRequest, server: AuthorizationServer) -> AuthorizationResponse:
    """The answer that the resource owner refused (§4.1.2.1). Raises InvalidRequestUri."""
    if request.pushed is not None:
        await request_uri.use(request.pushed, server)
    error = AccessDenied("The resource owner refused.")
    return _response(request.redirect_uri, error.body(), request.state, request.response_mode, server)


async def _client(parameters: Parameters, server: AuthorizationServer) -> RegisteredClient:
    try:
        registered = await client_id_document.find(required(parameters, "client_id"), server)
    except InvalidClient as error:
        raise InvalidRequest(
            error.public, detail=error.detail, rule=error.rule, found=error.found, wanted=error.wanted
        ) from error
    if registered is None:
        raise InvalidRequest("No client has this client_id.", rule="client_known")
    if not registered.client.enabled:
        raise UnauthorizedClient(
            "The client is disabled; an administrator can enable it.",
            rule="client_enabled",
            found="disabled",
            wanted="enabled",
        )
    return registered


def _redirect_uri(parameters: Parameters, client: Client) -> str:
    requested = parameters.get("redirect_uri")
    target = redirect_uri.match(requested, client)
    if target is None:
        raise InvalidRequest(
            _no_redirect_uri(requested, client),
            rule="redirect_uri",
            found=requested or "none",
            wanted=" or ".join(client.redirect_uris) or "a registered redirect URI",
        )
    return target


async def _checked(
    parameters: Parameters, registered: RegisteredClient, target: str, server: AuthorizationServer
) -> AuthorizationRequest:
    client, settings = registered.client, await server.directory.settings()
    response_type = _response_type(parameters, client)
    challenge = pkce.challenge(parameters, client, settings) if response_type == "code" else None
    return AuthorizationRequest(
        client=client,
        response_type=response_type,
        response_mode=response_mode.choose(parameters, target),
        redirect_uri=target,
        given_redirect_uri=parameters.get("redirect_uri"),
        scope=scope.resolve(parameters.get("scope"), registered),
        resource=resource.resolve(parameters, server),
        state=parameters.get("state"),
        code_challenge=challenge[0] if challenge else None,
        code_challenge_method=challenge[1] if challenge else None,
        dpop_jkt=_dpop_jkt(parameters),
        prompt=_prompt(parameters),
        always_ask=await client_id_document.is_to_be_shown(client, target, server),
    )


def _prompt(parameters: Parameters) -> tuple[str, ...]:
    """What the person is to be asked, if anything; `none` stands alone."""
    prompt = tuple(parameters.get("prompt", "").split())
    if "none" in prompt and len(prompt) > 1:
        raise InvalidRequest("prompt=none stands alone.")
    return prompt


def _dpop_jkt(parameters: Parameters) -> str | None:
    """The key that redeeming the code will take (RFC 9449 §10)."""
    jkt = parameters.get("dpop_jkt")
    if jkt is not None and not dpop.is_thumbprint(jkt):
        raise InvalidRequest("dpop_jkt must be the base64url SHA-256 thumbprint of a JWK (43 characters).", rule="dpop")
    return jkt


def _response_type(parameters: Parameters, client: Client) -> ResponseType:
    value = required(parameters, "response_type")
    if value not in ("code", "token"):
        raise UnsupportedResponseType(
            "response_type must be code or token.", rule="response_type", found=value[:40], wanted="code or token"
        )
    grant = "authorization_code" if value == "code" else "implicit"
    if grant not in client.allowed_grants:
        raise UnauthorizedClient(
            f"The grant {grant} is not among this client's Allowed Grants; an administrator can allow it in Client Registration.",
            rule="grant_allowed",
            found=grant,
            wanted=", ".join(client.allowed_grants),
        )
    if grant == "implicit" and client.dpop_bound_access_tokens:
        raise UnauthorizedClient(
            "This client's tokens are bound to a key, which the implicit grant cannot do.", rule="grant_allowed"
        )
    return "code" if value == "code" else "token"


async def _code(
    request: AuthorizationRequest,
    user: User,
    authenticated_at: int,
    granted: tuple[str, ...],
    server: AuthorizationServer,
) -> dict[str, str]:
    settings, now = await server.directory.settings(), server.clock()
    text = make_secret(AUTHORIZATION_CODE)
    code = AuthorizationCode(
        digest=digest(text),
        grant_id=row_id(),
        client_id=request.client.client_id,
        user_id=user.id,
        scope=granted,
        redirect_uri=request.given_redirect_uri,
        code_challenge=request.code_challenge,
        code_challenge_method=request.code_challenge_method,
        authenticated_at=authenticated_at,
        issued_at=now,
        expires_at=now + settings.authorization_code_lifetime,
        jkt=request.dpop_jkt,
        resource=request.resource,
    )
    await server.database.write(codes.add, code)
    return {"code": text}


async def _token(
    request: AuthorizationRequest,
    user: User,
    authenticated_at: int,
    granted: tuple[str, ...],
    server: AuthorizationServer,
) -> dict[str, str]:
    client, now = request.client, server.clock()
    grant = Grant(
        id=row_id(),
        client_id=client.client_id,
        user_id=user.id,
        grant_type="implicit",
        scope=granted,
        authenticated_at=authenticated_at,
        created_at=now,
        resource=request.resource,
    )
    text, token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant="implicit",
        jkt=None,
        user_id=user.id,
        grant_id=grant.id,
        authenticated_at=authenticated_at,
        resource=request.resource,
    )
    server.activity.saw(client.client_id, now)
    # §4.2.2: "The authorization server MUST NOT issue a refresh token."
    await server.database.write(tokens.add_grant, grant, token, None)
    server.activity.add("grant", "implicit")
    answer = msgspec.to_builtins(token_response(text, token))
    return {name: str(value) for name, value in answer.items() if value is not None}


def _response(
    target: str, parameters: dict[str, str], state: str | None, mode: ResponseMode, server: AuthorizationServer
) -> AuthorizationResponse:
    """The answer with `state` (RFC 6749 §4.1.2) and `iss` (RFC 9207 §2)."""
    with_state = parameters if state is None else {**parameters, "state": state}
    return AuthorizationResponse(target, {**with_state, "iss": server.issuer}, mode)


def _no_redirect_uri(requested: str | None, client: Client) -> str:
    if requested is not None:
        return "redirect_uri is not registered for this client; it must match a registered one exactly."
    if not client.redirect_uris:
        return "This client has no redirect URI; an administrator can add one in Client Registration."
    return "redirect_uri is missing: this client has several."
