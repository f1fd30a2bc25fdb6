"""A connection of the server: the flow names it, and never sees what it holds."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame


class Connected:
    """Sends with the credentials that the host keeps under a name."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """See Authentication."""
        return await frame.run.request(request, self._name)
