"""An operation as both versions of the format describe it, and how its arguments become a request."""

from collections.abc import Mapping
from typing import Any
from typing import Literal
from urllib.parse import quote

import msgspec

from gatewright.flow.errors import standard_error
from gatewright.flow.exchange import add_query
from gatewright.flow.exchange import encode
from gatewright.flow.exchange import header_texts
from gatewright.flow.http import HttpRequest
from gatewright.flow.uri import text_of


class Parameter(msgspec.Struct, frozen=True):
    """A parameter outside the body. `separator` joins the items of an array; None repeats the name for each.

    `spread`: an object's members stand for themselves; `deep`: they are written `name[member]`; `as_json`: the value is
    JSON in the parameter's place.
    """

    name: str
    place: Literal["path", "query", "header", "cookie"]
    required: bool = False
    separator: str | None = None
    spread: bool = False
    deep: bool = False
    as_json: bool = False


class Content(msgspec.Struct, frozen=True):
    """A request body: its media type; `name` of the argument that holds it, None: what other arguments are left."""

    media_type: str
    required: bool = False
    name: str | None = None
    members: frozenset[str] = frozenset()  # a Swagger 2 form's fields


class Operation(msgspec.Struct, frozen=True):
    """One operation; `address` is absolute and still has its `{path}` parameters."""

    id: str
    method: str
    address: str
    parameters: tuple[Parameter, ...]
    content: Content | None
    accept: str

    def request(self, arguments: Mapping[str, Any]) -> HttpRequest:
        """The request for these arguments. A missing or unknown one is a validation error."""
        left = {name: value for name, value in arguments.items() if value is not None}
        address, query, headers, cookies = self.address, list[tuple[str, str]](), dict[str, Any](), list[str]()
        for parameter in self.parameters:
            if parameter.name not in left:
                if parameter.required:
                    raise self._refusal(f"needs the parameter {parameter.name!r}")
                continue
            value = left.pop(parameter.name)
            if parameter.place == "query":
                query += _query(parameter, value)
                continue
            text = _joined(parameter, value)
            if parameter.place == "path":
                address = address.replace("{" + parameter.name + "}", quote(text, safe=",") if text else "")
            elif parameter.place == "header":
                headers[parameter.name] = text
            else:
                cookies.append(f"{parameter.name}={quote(text, safe='')}")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        headers.setdefault("Accept", self.accept)
        fields = header_texts(headers)
        body = self._body(left, fields)
        if left:
            raise self._refusal(f"has no parameter {next(iter(left))!r}")
        return HttpRequest(self.method, add_query(address, query), fields, body)

    def _body(self, left: dict[str, Any], headers: dict[str, str]) -> bytes | None:
        """The body, made of the arguments that are its own; they are taken out of `left`."""
        content = self.content
        if content is None:
            return None
        if content.name is not None and content.name in left:
            value = left.pop(content.name)
        elif content.members:
            value = {name: left.pop(name) for name in list(left) if name in content.members}
        elif content.name in (None, "body") and left:
            value = dict(left)
            left.clear()
        else:
            value = None
        if not value and value != 0 and not isinstance(value, dict | list | str | bool):
            if content.required:
                raise self._refusal(f"needs a body, as {content.name or 'body'!r}")
            return None
        headers["Content-Type"] = content.media_type
        return encode(value, headers)[0]

    def _refusal(self, what: str) -> Exception:
        return standard_error("validation", f"the operation {self.id!r} {what}")


def _query(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    name = parameter.name
    if parameter.as_json:
        return [(name, msgspec.json.encode(value).decode())]
    if isinstance(value, dict) and parameter.deep:
        return [(f"{name}[{key}]", _scalar(parameter, item)) for key, item in value.items()]
    if isinstance(value, dict) and parameter.spread:
        return [(key, _scalar(parameter, item)) for key, item in value.items()]
    if isinstance(value, list) and parameter.separator is None:
        return [(name, _scalar(parameter, item)) for item in value]
    return [(name, _joined(parameter, value))]


def _joined(parameter: Parameter, value: Any) -> str:
    if parameter.as_json:
        return msgspec.json.encode(value).decode()
    separator = parameter.separator or ","
    if isinstance(value, list):
        return separator.join(_scalar(parameter, item) for item in value)
    if isinstance(value, dict):
        pairs = [(key, _scalar(parameter, item)) for key, item in value.items()]
        return separator.join(f"{key}={text}" if parameter.spread else f"{key}{separator}{text}" for key, text in pairs)
    return _scalar(parameter, value)


def _scalar(parameter: Parameter, value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        raise standard_error("validation", f"the parameter {parameter.name!r} cannot hold this value")
    return text_of(value)
