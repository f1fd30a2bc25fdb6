"""Basic authentication (RFC 7617)."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from gatewright.flow.authentication.scheme import Credentials
from gatewright.flow.authentication.scheme import field
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame


class Basic:
    """Sends user name and password with the request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """See Authentication."""
        given = self._credentials.read(frame, data, variables)
        pair = f"{field(given, 'username')}:{field(given, 'password')}"
        return await frame.run.request(with_authorization(request, "Basic " + b64encode(pair.encode()).decode()))
