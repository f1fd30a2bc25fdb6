"""How an authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response Mode)."""

from typing import Final
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.redirect_uri import with_parameters

ResponseMode = Literal["query", "fragment", "form_post"]
MODES: Final[tuple[ResponseMode, ...]] = ("query", "fragment", "form_post")


class AuthorizationResponse(msgspec.Struct, frozen=True):
    """What the browser carries back to the client: `parameters`, to `redirect_uri`, in the way of `mode`."""

    redirect_uri: str
    parameters: dict[str, str]
    mode: ResponseMode

    @property
    def location(self) -> str:
        """The address of the redirect. Not for form_post, whose parameters stand in no address."""
        assert self.mode != "form_post"
        return with_parameters(self.redirect_uri, self.parameters, self.mode)


def choose(parameters: Parameters, redirect_uri: str) -> ResponseMode:
    """The mode the request asks for, else its response type's (Multiple Response Types §2.1). Raises InvalidRequest."""
    default = _default(parameters)
    wanted = parameters.get("response_mode", default)
    if wanted == "query" and default == "fragment":
        # §3: for a token "query encoding MUST NOT be used": addresses with their queries are logged and passed on.
        raise InvalidRequest(
            "response_mode=query is not for response_type=token: tokens must not stand in a query.",
            rule="response_mode",
        )
    for mode in MODES:
        if wanted == mode:
            return _reachable(mode, redirect_uri)
    raise InvalidRequest(f"response_mode must be one of {', '.join(MODES)}.", rule="response_mode")


def for_refusal(parameters: Parameters, redirect_uri: str) -> ResponseMode:
    """The mode in which a request is refused: the one it asks for, if it can be had."""
    try:
        return choose(parameters, redirect_uri)
    except InvalidRequest:
        return _default(parameters)


def _default(parameters: Parameters) -> ResponseMode:
    return "fragment" if parameters.get("response_type") == "token" else "query"


def _reachable(mode: ResponseMode, redirect_uri: str) -> ResponseMode:
    if mode == "form_post" and urlsplit(redirect_uri).scheme not in ("http", "https"):
        raise InvalidRequest(
            "response_mode=form_post needs a redirect URI of http or https: nothing else takes a form.",
            rule="response_mode",
        )
    return mode
