"""Asking the running server. Nothing that is asked signs in, grants, changes or counts as a failed attempt."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Final
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    import httpx

NOBODY: Final = "gatewright-doctor"
"""A client_id and scope that nobody has."""
NOWHERE: Final = "https://gatewright-doctor.invalid"
"""An origin that cannot be (RFC 6761 §6.4)."""
CHALLENGE: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The code challenge of RFC 7636 appendix B; no code is ever redeemed for it."""


class Answer(msgspec.Struct, frozen=True):
    """An answer. Header names are in lower case; `document`: the JSON object of its body, empty when there is none."""

    status: int
    headers: Mapping[str, str]
    document: Mapping[str, object]

    @property
    def location(self) -> str:
        """Where it sends the browser; empty when it does not."""
        return self.headers.get("location", "") if 300 <= self.status < 400 else ""

    def returned(self) -> dict[str, str]:
        """The parameters that it sends back to a client."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))


class Asking:
    """Requests to one server. `address`: where it answers, which may be another than its issuer."""

    def __init__(self, client: "httpx.AsyncClient", address: str) -> None:
        self._client, self.address = client, address

    async def get(self, path: str, **parameters: str) -> Answer:
        """GET with a query, and an Origin that is nobody's."""
        return await self._ask("GET", path, params=parameters)

    async def bearer(self, path: str, token: str) -> Answer:
        """GET with an access token."""
        return await self._ask("GET", path, headers={"authorization": f"Bearer {token}"})

    async def post(self, path: str, form: Mapping[str, str], query: Mapping[str, str] | None = None) -> Answer:
        """POST a form."""
        return await self._ask("POST", path, data=form, params=query or {})

    async def options(self, path: str) -> Answer:
        """The preflight of a cross-origin POST."""
        return await self._ask("OPTIONS", path, headers={"access-control-request-method": "POST"})

    async def _ask(self, method: str, path: str, **options: object) -> Answer:
        given = options.pop("headers", {})
        assert isinstance(given, dict)
        answer = await self._client.request(
            method,
            self.address + path,
            headers={"origin": NOWHERE, **given},
            follow_redirects=False,
            **options,  # type: ignore[arg-type]
        )
        return Answer(answer.status_code, dict(answer.headers), _object(answer.content))


def _object(body: bytes) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        return {}
