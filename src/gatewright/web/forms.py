"""Reading the forms of pages: bounded like every OAuth body, and read by the same reader."""

import io
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import FormData
from starlette.datastructures import UploadFile
from starlette.requests import Request

from gatewright.web.http import Request as SmallRequest
from gatewright.web.parameters import OAUTH_BODY_BYTES
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import body_pairs
from gatewright.web.parameters import is_text
from gatewright.web.parameters import multipart_pairs


async def read_form(request: Request, most: int = OAUTH_BODY_BYTES, *, files: bool = False) -> FormData:
    """The fields of a posted form, in order. most: bytes of the body. files: whether a multipart form may hold some.

    Raises Unreadable (its `str()` says why), BodyTooLarge, Disconnected.
    """
    small = SmallRequest(request.scope, request.receive)
    content_type = small.headers.get(b"content-type", b"")
    if files and content_type.lower().startswith(b"multipart/form-data"):
        return _with_files(multipart_pairs(await small.body(most), content_type))
    return _text_form(await body_pairs(small, most))


def _text_form(pairs: Iterable[tuple[str, str]]) -> FormData:
    fields: list[tuple[str, str | UploadFile]] = [*pairs]
    if not all(is_text(name) and isinstance(value, str) and is_text(value) for name, value in fields):
        raise Unreadable("A field of the form holds a character that text cannot have.")
    return FormData(fields)


def _with_files(pairs: Iterable[tuple[str, str | dict[str, Any]]]) -> FormData:
    fields: list[tuple[str, str | UploadFile]] = []
    for name, value in pairs:
        if isinstance(value, str):
            fields += _text_form([(name, value)]).multi_items()
        else:
            fields.append((name, UploadFile(io.BytesIO(value["content"]), filename=value["filename"])))
    return FormData(fields)
