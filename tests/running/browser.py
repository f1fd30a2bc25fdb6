"""A browser without JavaScript: an HTTP session that fills in the login and consent forms of a real server."""

from typing import Self
from urllib.parse import parse_qsl
from urllib.parse import urlencode
from urllib.parse import urljoin
from urllib.parse import urlsplit

import requests

from tests.running import seed
from tests.running.site import form_action
from tests.running.site import value
from tests.running.site import values


class Browser:
    """One person's browser: cookies, and the two forms."""

    def __init__(self, url: str, username: str = "ada") -> None:
        self.url = url
        self.username = username
        self.session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def visit(self, address: str) -> str:
        """Open an authorization request's address, sign in if asked, approve, and give where the browser is sent."""
        decided = self._approve(address)
        assert decided.status_code == 303, decided.text
        return decided.headers["location"]

    def connect(self, address: str) -> str:
        """Open the page of a device's code, sign in if asked, approve, and give the page that says so."""
        decided = self._approve(address)
        assert "Device connected" in decided.text, decided.text
        return decided.text

    def _approve(self, address: str) -> requests.Response:
        answer = self.session.get(address, allow_redirects=False)
        if "/account/login" in answer.headers.get("location", ""):
            answer = self._sign_in(answer.headers["location"])
        assert answer.status_code == 200, answer.text
        fields = {
            "csrf": value(answer.text, "csrf"),
            "scope": values(answer.text, "scope"),
            "decision": "approve",
        }
        return self.session.post(urljoin(self.url, form_action(answer.text)), data=fields, allow_redirects=False)

    def approve(self, **parameters: str) -> dict[str, str]:
        """Make and approve an authorization request; what comes back in query or fragment."""
        query = urlencode({"response_type": "code", **parameters})
        target = urlsplit(self.visit(f"{self.url}/oauth/authorize?{query}"))
        return dict(parse_qsl(target.fragment or target.query))

    def _sign_in(self, location: str) -> requests.Response:
        page = self.session.get(urljoin(self.url, location))
        fields = {name: value(page.text, name) for name in ("csrf", "next")}
        sent = {**fields, "username": self.username, "password": seed.PASSWORD}
        answer = self.session.post(urljoin(self.url, "/account/login"), data=sent, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return self.session.get(urljoin(self.url, answer.headers["location"]), allow_redirects=False)
