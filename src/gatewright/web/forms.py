"""Reading the forms of pages: bounded like every OAuth body, and read by the same reader."""

from starlette.datastructures import FormData
from starlette.datastructures import UploadFile
from starlette.requests import Request

from gatewright.web.http import Request as SmallRequest
from gatewright.web.parameters import OAUTH_BODY_BYTES
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import body_pairs
from gatewright.web.parameters import is_text


async def read_form(request: Request, most: int = OAUTH_BODY_BYTES) -> FormData:
    """The fields of a posted form, in order. most: bytes of the body.

    Raises Unreadable (its `str()` says why), BodyTooLarge, Disconnected.
    """
    pairs = await body_pairs(SmallRequest(request.scope, request.receive), most)
    if not all(is_text(name) and is_text(value) for name, value in pairs):
        raise Unreadable("A field of the form holds a character that text cannot have.")
    fields: list[tuple[str, str | UploadFile]] = [*pairs]
    return FormData(fields)
