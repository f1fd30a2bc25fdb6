"""Bearer authentication (RFC 6750 §2.1)."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.authentication.scheme import field
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame


class Bearer:
    """Sends a token with the request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """See Authentication."""
        token = field(self._credentials.read(frame, data, variables), "token")
        return await frame.run.request(with_authorization(request, f"Bearer {token}"))
