"""The way back to the client: a redirect, or a form that the browser posts (Form Post Response Mode §2)."""

import base64
import hashlib
from typing import Final
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup
from starlette.responses import HTMLResponse
from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.console.templating import render
from gatewright.oauth.response_mode import AuthorizationResponse
from gatewright.web.brand import BRAND
from gatewright.web.security_headers import POLICY

_SUBMIT: Final = Markup("document.forms[0].submit()")
_DIGEST: Final = base64.b64encode(hashlib.sha256(_SUBMIT.encode()).digest()).decode()
_FORM_POST_POLICY: Final = POLICY.replace("script-src 'self'", f"script-src 'sha256-{_DIGEST}'")
"""Nothing runs on this page but that one line."""


def respond(answer: AuthorizationResponse) -> Response:
    """Send the browser back with the answer."""
    if answer.mode == "form_post":
        return _form(answer)
    return redirect(answer.location)


def with_reference(refusal: AuthorizationResponse, reference: str) -> AuthorizationResponse:
    """A refusal whose description (RFC 6749 §4.1.2.1) ends in the reference under which the console explains it."""
    words = refusal.parameters.get("error_description", "")
    described = f"{words} (reference {reference})".lstrip()
    return msgspec.structs.replace(refusal, parameters={**refusal.parameters, "error_description": described})


def redirect(location: str) -> Response:
    """A redirect by GET to an address, sent letter for letter."""
    response = RedirectResponse(location, status_code=303)
    response.headers["location"] = location  # Starlette quotes the address
    return response


def _form(answer: AuthorizationResponse) -> Response:
    page = render(
        "form_post.html",
        brand=BRAND,
        action=answer.redirect_uri,
        fields=answer.parameters,
        host=urlsplit(answer.redirect_uri).netloc,
        submit=_SUBMIT,
    )
    return HTMLResponse(page, headers={"content-security-policy": _FORM_POST_POLICY})
