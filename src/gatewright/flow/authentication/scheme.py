"""What every authentication scheme is, and where its credentials come from."""

from collections.abc import Mapping
from typing import Any
from typing import Protocol

from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope


class Authentication(Protocol):
    """Sends a request so that the other server knows who asks."""

    async def send(self, frame: Frame, request: HttpRequest, data: Any, variables: Mapping[str, Any]) -> HttpResponse:
        """The answer. Raises HttpFailure, and FlowError when there is nothing to authenticate with."""
        ...


class Credentials:
    """The fields of a policy: written in the document (literal or `${ … }`), or held by the secret it names."""

    def __init__(self, given: Mapping[str, Any], at: str, scope: Scope) -> None:
        self._secret: str | None = given.get("use")
        self._value = scope.template({key: item for key, item in given.items() if key != "use"}, at)

    def read(self, frame: Frame, data: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The fields; what the document itself says goes before the secret."""
        found: dict[str, Any] = self._value.of(data, variables, frame.run.budget)
        if self._secret is None:
            return found
        secret = frame.run.secret(self._secret)
        if not isinstance(secret, dict):
            raise standard_error("configuration", f"the secret {self._secret!r} must be a JSON object")
        return {**secret, **found}


def field(fields: Mapping[str, Any], name: str) -> str:
    """A credential that must be a text; its value is in no message."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise standard_error("authentication", f"the credential {name!r} is missing or no text", origin="call")
    return value


def with_authorization(request: HttpRequest, value: str) -> HttpRequest:
    """The request with this Authorization header instead of any other."""
    if not value.isascii() or set("\r\n\0") & set(value):
        raise standard_error("authentication", "a credential has a character that headers cannot hold", origin="call")
    headers = {name: item for name, item in request.headers.items() if name.lower() != "authorization"}
    return HttpRequest(request.method, request.uri, {**headers, "Authorization": value}, request.body)
