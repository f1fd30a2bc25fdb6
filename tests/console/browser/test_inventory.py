"""Every page there is has been looked at by axe-core, and every form was filled in by Chromium."""

import re
from pathlib import Path
from typing import Any
from typing import cast

from starlette.routing import Route

from gatewright.web.pages import pages_for
from tests.console.browser.addresses import ADDRESSES
from tests.console.browser.forms import FORMS
from tests.console.browser.forms import QUESTIONS

NO_PAGES = {
    "/": "leads to the console",
    "/console": "is /console/",
    "/account": "leads to the first page of the account",
    "/account/": "leads to the first page of the account",
    "/console/{rest:path}": "is /console/nothing",
    "/console/audit/export": "is a file",
    "/console/oauth/clients/bruno": "is a file",
    "/console/oauth/clients/postman": "is a file",
    "/invoke/pub.oauth/authorize": "is /oauth/authorize at another address",
    "/invoke/pub.oauth:authorize": "is /oauth/authorize at another address",
}
"""What answers GET and is no page of its own."""

NO_FORMS = {"/account", "/account/", "/account/factors"}
"""What takes a POST and has no form that sends one. Below /invoke/ are the authorize page's other addresses."""

WALKED_IN = {
    "/account/login": "test_signing_in.py",
    "/account/logout": "test_buttons.py",
    "/account/passkey": "test_passkeys.py",
    "/account/password": "test_buttons.py",
    "/account/theme": "test_scripts.py",
    "/console/connections/test": "test_buttons.py",
    "/console/get-token/callback": "test_seven_steps.py",
    "/console/get-token/device": "test_buttons.py",
    "/console/get-token/use": "test_seven_steps.py",
    "/console/search": "test_scripts.py",
    "/console/services/check": "test_seven_steps.py",
    "/console/services/conflict": "test_buttons.py",
    "/console/services/example": "test_flow_editor.py",
    "/console/services/resume": "test_buttons.py",
    "/console/services/run": "test_seven_steps.py",
    "/console/services/save": "test_seven_steps.py",
    "/console/services/tests/add": "test_buttons.py",
    "/console/users/access/end": "test_buttons.py",
    "/console/users/sessions/end": "test_buttons.py",
    "/oauth/authorize": "test_signing_in.py",
}
"""What a longer story sends to, and where it does."""


def routes() -> list[Route]:
    """The pages' routes; what handles them is not asked."""
    found = cast(Any, pages_for(cast(Any, None))).routes
    return [route for route in found if isinstance(route, Route)]


def paths(addresses: Any) -> set[str]:
    return {address.partition("?")[0] for address in addresses}


def test_every_page_is_held_by_axe() -> None:
    shown = paths(ADDRESSES)
    pages = {route.path for route in routes() if "GET" in (route.methods or ())} - NO_PAGES.keys()
    missing = {
        page
        for page in pages
        if not any(re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(page)), path) for path in shown)
    }
    assert missing == set()


def test_every_form_and_question_is_walked_in_chromium() -> None:
    walked = paths(each.address for each in (*FORMS, *QUESTIONS)) | WALKED_IN.keys()
    sending = {route.path for route in routes() if "POST" in (route.methods or ())}
    assert {path for path in sending - walked if not path.startswith("/invoke/")} - NO_FORMS == set()


def test_stories_that_walk_forms_are_there() -> None:
    here = Path(__file__).parent
    assert {name for name in WALKED_IN.values() if not (here / name).is_file()} == set()
