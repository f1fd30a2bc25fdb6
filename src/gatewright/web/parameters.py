"""Reading request parameters: form, multipart, JSON and query alike (RFC 6749 §3.2, and bodies that clients also send)."""

import json
from collections.abc import Iterable
from typing import Any
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from gatewright.oauth.errors import InvalidRequest
from gatewright.web.http import Request

Pairs = list[tuple[str, str]]

OAUTH_BODY_BYTES: Final = 65536
"""The largest body an OAuth endpoint reads."""
MOST_PARAMETERS: Final = 200
_FEW: Final = 20
_FORM: Final = b"application/x-www-form-urlencoded"
_ACCEPTED: Final = "application/x-www-form-urlencoded, multipart/form-data or application/json"
_REPEATABLE: Final = frozenset({"resource", "audience"})
"""RFC 8707 §2, RFC 8693 §2.1: each names one more. They come joined by a blank, which no URI holds."""
_SENSITIVE: Final = frozenset({
    "grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token", "username",
    "password", "scope", "token", "token_type_hint", "client_assertion", "client_assertion_type", "assertion",
    "resource", "device_code", "subject_token", "actor_token",
})  # fmt: skip


class Unreadable(ValueError):
    """A body or query that cannot be read; `str()` says why."""


async def oauth_parameters(request: Request, *, in_url: bool) -> dict[str, str]:
    """The parameters of a POST to an OAuth endpoint: each once (`resource` joined by blanks), empty ones left out.

    in_url: whether the query may carry them (`token_parameters_in_url`).
    Raises InvalidRequest for one given twice, or in URL and body with different values, and for unreadable bodies.
    """
    body = await request.body(OAUTH_BODY_BYTES)
    content_type = request.headers.get(b"content-type", b"")
    parameters = _plain_form(body) if content_type == _FORM and not request.query else None
    if parameters is not None:
        return parameters
    try:
        query = form_pairs(request.query) if request.query else []
        parameters = each_once(_body_pairs(body, content_type))
    except Unreadable as error:
        raise InvalidRequest(str(error)) from error
    if not query:
        return parameters
    if in_url:
        return _merged(each_once(query), parameters)
    named = next((name for name, _ in query if name in _SENSITIVE), None)
    if named is not None:
        raise InvalidRequest(
            f"Send {named} in the body, not in the URL; an administrator can allow it there in Global Settings (token_parameters_in_url)."
        )
    return parameters


def query_parameters(request: Request) -> dict[str, str]:
    """The parameters of an authorization request in the URL (RFC 6749 §3.1). Raises InvalidRequest."""
    try:
        return each_once(form_pairs(request.query))
    except Unreadable as error:
        raise InvalidRequest(str(error)) from error


def _plain_form(body: bytes) -> dict[str, str] | None:
    """The parameters of a form as most are: few, each once, plain names; None for every other, which takes longer."""
    if not body.isascii() or body.count(b"&") > _FEW:
        return None
    parameters: dict[str, str] = {}
    is_encoded = b"%" in body or b"+" in body
    for part in body.decode("ascii").split("&"):
        name, _, value = part.partition("=")
        if is_encoded:
            if not name.isidentifier():
                return None
            value = _unquoted(value)
        if name in parameters or not value or "\0" in value or "\0" in name:
            return None
        parameters[name] = value
    return parameters


def _unquoted(value: str) -> str:
    """The text that a form's value stands for; none, if it stands for no text."""
    try:
        return unquote_to_bytes(value.replace("+", " ")).decode() if "%" in value or "+" in value else value
    except UnicodeDecodeError:
        return ""


async def body_pairs(request: Request, most: int = OAUTH_BODY_BYTES) -> Pairs:
    """The pairs of a form, multipart or JSON body, in order. Raises Unreadable, BodyTooLarge, Disconnected."""
    return _body_pairs(await request.body(most), request.headers.get(b"content-type", b""))


def _body_pairs(body: bytes, content_type: bytes) -> Pairs:
    if not body:
        return []
    kind = content_type.partition(b";")[0].strip().lower()
    match kind:
        case b"application/x-www-form-urlencoded":
            return form_pairs(body)
        case b"application/json":
            return _json_pairs(body)
        case b"multipart/form-data":
            return [(name, _text_field(name, value)) for name, value in multipart_pairs(body, content_type)]
        case _:
            raise Unreadable(f"The body must be {_ACCEPTED}.")


def form_pairs(text: bytes) -> Pairs:
    """The pairs of an `application/x-www-form-urlencoded` text, in order. Raises Unreadable."""
    if text.count(b"&") >= MOST_PARAMETERS:
        raise Unreadable(f"There are more than {MOST_PARAMETERS} parameters.")
    if b"%" not in text and b"+" not in text and text.isascii():
        return [(name, value) for name, _, value in [p.partition("=") for p in text.decode("ascii").split("&") if p]]
    try:
        return [_pair(part) for part in text.split(b"&") if part]
    except UnicodeDecodeError:
        raise Unreadable("The parameters are not UTF-8 text.") from None


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    return _decoded(name), _decoded(value)


def _decoded(text: bytes) -> str:
    if b"%" in text or b"+" in text:
        text = unquote_to_bytes(text.replace(b"+", b" "))
    return text.decode()


def json_value(body: bytes) -> Any:
    """The value a JSON body holds; a name given twice is refused. Raises Unreadable."""
    try:
        if b"\\u" in body:
            msgspec.json.decode(body)  # refuses half a surrogate pair, which the next line would let in
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is not valid JSON: {error}.") from None


def json_object(body: bytes) -> dict[str, Any]:
    """The object a JSON body holds. Raises Unreadable."""
    value = json_value(body)
    if not isinstance(value, dict):
        raise Unreadable("The body must be one JSON object.")
    if b"\\u" in body:
        _refuse_half_pairs(value)
    return value


def _refuse_half_pairs(value: dict[str, Any]) -> None:
    r"""JSON can spell half a surrogate pair, `"\ud800"`, which is no text that anything else could take."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Unreadable("The body holds half a surrogate pair, which is no character.") from None


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:40]} stands in it twice")
        found[name] = value
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _json_pairs(body: bytes) -> Pairs:
    return [(name, _json_text(name, value)) for name, value in json_object(body).items() if value is not None]


def _json_text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise Unreadable(f"The parameter {name[:40]} must be a string.")


def multipart_pairs(body: bytes, content_type: bytes) -> list[tuple[str, str | dict[str, Any]]]:
    """The parts of a `multipart/form-data` body (RFC 7578), in order; a file is its name, type and bytes.

    Raises Unreadable.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise Unreadable("The multipart body's Content-Type has no boundary.")
    pairs: list[tuple[str, str | dict[str, Any]]] = []

    def on_field(field: Any) -> None:
        pairs.append((_name(field.field_name), (field.value or b"").decode()))

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        name = (file.file_name or b"").decode()
        pairs.append((_name(file.field_name), {"filename": name, "content": file.file_object.read()}))

    try:
        parser = FormParser("multipart/form-data", on_field, on_file, boundary=boundary)
        parser.write(body)
        parser.finalize()
        parser.close()
    except (FormParserError, UnicodeDecodeError, AttributeError) as error:
        raise Unreadable(f"The multipart body cannot be read: {error}.") from None
    if len(pairs) > MOST_PARAMETERS:
        raise Unreadable(f"There are more than {MOST_PARAMETERS} parameters.")
    return pairs


def _name(name: bytes | None) -> str:
    if not name:
        raise Unreadable("A part of the multipart body has no name.")
    return name.decode()


def _text_field(name: str, value: str | dict[str, Any]) -> str:
    if isinstance(value, str):
        return value
    raise Unreadable(f"The parameter {name[:40]} must be a text field, not a file.")


def each_once(pairs: Pairs) -> dict[str, str]:
    """RFC 6749 §3.2: "Request and response parameters MUST NOT be included more than once." Raises InvalidRequest."""
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            if name not in _REPEATABLE:
                raise InvalidRequest(f"The parameter {name[:40]} is given twice.")
            value = f"{parameters[name]} {value}".strip()
        if not is_text(name) or not is_text(value):
            raise InvalidRequest("A parameter holds a character that text cannot have (NUL, or half a surrogate pair).")
        parameters[name] = value
    # "Parameters sent without a value MUST be treated as if they were omitted from the request."
    return {name: value for name, value in parameters.items() if value}


def is_text(value: str) -> bool:
    """Whether databases and digests can take the text. JSON alone can spell half a surrogate pair."""
    return "\0" not in value and (value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value))


def _merged(query: dict[str, str], body: dict[str, str]) -> dict[str, str]:
    for name, value in query.items():
        if body.get(name, value) != value:
            raise InvalidRequest(f"The parameter {name[:40]} has different values in the URL and in the body.")
    return {**query, **body}
