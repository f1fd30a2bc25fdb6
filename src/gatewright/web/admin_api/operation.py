"""What an operation of the Admin API is: one entry of the table that requests, roles and OpenAPI are read from."""

import base64
import binascii
import hashlib
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Annotated
from typing import Any
from typing import Final
from typing import Literal
from typing import Union
from typing import get_type_hints

import msgspec
from msgspec import UNSET
from msgspec import Meta
from msgspec import UnsetType

from gatewright.admin.actor import By
from gatewright.admin.roles import ADMIN_API
from gatewright.admin.roles import GROUP
from gatewright.admin.roles import Role
from gatewright.admin.roles import need
from gatewright.app.parts import Parts
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import Invalid
from gatewright.store.database import Transaction

FOLDER: Final = ADMIN_API
"""The folder whose services the operations are: a scope that lists it, or a folder or service in it, opens them."""


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters."""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list. cursor: `next_cursor` of the page before."""

    q: Annotated[str, Meta(max_length=200, description="A part of the name or id.")] = ""
    cursor: Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="The most items to give.")] = 50


class AdminCall:
    """One request, admitted and read. variables: of the path; query, body: in the operation's types.

    prepared: what the operation's `prepare` gave.
    """

    __slots__ = ("body", "by", "parts", "prepared", "query", "variables")

    def __init__(self, parts: Parts, by: By, variables: Mapping[str, str], query: Any, body: Any) -> None:
        self.parts, self.by, self.variables, self.query, self.body = parts, by, variables, query, body
        self.prepared: Any = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that the body has."""
        return given(self.body)

    def require(self, action: str) -> None:
        """Raise Forbidden unless the caller's role lets it do another action that this one includes."""
        refuse_unless_allowed(self.by.roles or (), action)


Verb = Callable[[Transaction, AdminCall], Any]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `name` below FOLDER is its service: `.clients:create`.

    action: as `admin.roles` and the audit log call it; it says which role is needed.
    path: below `/admin/v1`.  query, body, answer: msgspec types; None: nothing.
    verb: does it in one transaction, which only reads for GET; prepare: what takes long and comes before.
    alone: does it by itself, when one transaction is not enough; instead of `verb`.
    resource: reads what is changed: `If-Match` is compared with it, and a change answers it.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    summary: str
    action: str
    verb: Verb | None = None
    prepare: Callable[[AdminCall], Awaitable[Any]] | None = None
    alone: Callable[[AdminCall], Awaitable[Any]] | None = None
    resource: Verb | None = None
    query: type = NoQuery
    body: Any = None
    answer: Any = None
    status: int = 200
    location: Callable[[Any], str] | None = None

    @property
    def service(self) -> str:
        """The full name that scopes list."""
        return f"{FOLDER}.{self.name}"

    @property
    def role(self) -> Role:
        """The role it needs."""
        return need(self.action).role

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments below `/admin/v1`, variables in braces."""
        return tuple(self.path[1:].split("/"))


def refuse_unless_allowed(roles: Collection[str], action: str) -> None:
    """Raise Forbidden unless one of the roles lets somebody do the action (`admin.roles`)."""
    role = need(action).role
    if role not in roles:
        raise Forbidden(f"{action} takes a member of the group {GROUP[role]}.")


def given(body: Any) -> dict[str, Any]:
    """The fields of a body's struct that were sent."""
    return {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}


def change_of(name: str, record: type, fields: Iterable[str], doc: str, more: Mapping[str, Any] | None = None) -> Any:
    """A body's type in which every one of the record's `fields` may be left out; `more`: further fields' types."""
    hints = get_type_hints(record, include_extras=True)
    types = {field: hints[field] for field in fields} | dict(more or {})
    return msgspec.defstruct(
        name,
        [(field, Union[kind, UnsetType], UNSET) for field, kind in types.items()],  # noqa: UP007 (kinds are values)
        namespace={"__doc__": doc},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def cursor(*key: str) -> str:
    """A page's place in a list, as text that is given back unchanged."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(text: str, count: int) -> tuple[str, ...]:
    """The `count` texts that `cursor` was made from; empty ones for no cursor. Raises Invalid."""
    if not text:
        return ("",) * count
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=tuple[str, ...])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        key = ()
    if len(key) != count or any("\0" in each for each in key):
        raise Invalid([FieldError("cursor", "This must be next_cursor of the page before, unchanged.")])
    return key


def etag(value: object) -> str:
    """The entity tag of a representation (RFC 9110 §8.8.3)."""
    return f'"{hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:32]}"'
