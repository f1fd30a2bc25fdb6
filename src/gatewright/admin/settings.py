"""Edit OAuth Global Settings."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import get_type_hints
from urllib.parse import urlsplit

import msgspec

from gatewright.admin import audit
from gatewright.admin import token_format
from gatewright.admin.actor import By
from gatewright.admin.fields import Fields
from gatewright.admin.fields import type_in_words
from gatewright.admin.lifetimes import read_by_grant
from gatewright.admin.scopes import check_scopes
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import settings
from gatewright.store.database import Transaction

load = settings.load

_HOST: Final = re.compile(r"\*\Z|(\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?\Z")
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}\Z")
FIELDS: Final = GlobalSettings.__struct_fields__
_TYPES: Final[Mapping[str, Any]] = get_type_hints(GlobalSettings, include_extras=True)


def read_settings(values: Mapping[str, object], base: GlobalSettings, *, from_form: bool = False) -> GlobalSettings:
    """`base` with the given values in place of its own. Raises Invalid, every wrong field named.

    from_form: numbers, true and false may come as text.
    """
    fields = Fields(values, FIELDS)
    new = {name: fields.read(name, getattr(base, name), _reader(name, from_form)) for name in FIELDS}
    changed = GlobalSettings(**new)
    fields.refuse_if_wrong(problems(changed))
    return changed


def problems(new: GlobalSettings) -> list[FieldError]:
    """What is wrong with settings that have the right types."""
    errors = [
        FieldError("cors_allowed_origins", f"{origin!r} is no origin; write https://host or https://host:port, or * .")
        for origin in new.cors_allowed_origins
        if origin != "*" and not _is_origin(origin)
    ]
    errors += [
        FieldError(
            "client_id_metadata_hosts", f"{host!r} is no host; write host, host:port, *.host for all below it, or * ."
        )
        for host in new.client_id_metadata_hosts
        if not _HOST.match(host)
    ]
    errors += token_format.of_itself(new)
    if new.page_logo and not _PICTURE.match(new.page_logo):
        message = (
            "This must be a data: address of a PNG, JPEG, WebP or SVG in base64, such as data:image/png;base64,… ."
        )
        errors.append(FieldError("page_logo", message))
    errors += [
        FieldError(name, "This must be one line of printable characters.")
        for name in ("page_title", "page_footer", "consent_heading")
        if not getattr(new, name).isprintable()
    ]
    if new.key_announcement >= new.key_rotation_interval:
        errors.append(FieldError("key_announcement", "This must be shorter than key_rotation_interval."))
    return errors


def change(transaction: Transaction, by: By, new: GlobalSettings) -> None:
    """Put settings in force, from the next request on. Raises Invalid."""
    present = settings.load(transaction)
    if errors := problems(new) or token_format.of_settings(transaction, new) or _dangling(transaction, new, present):
        raise Invalid(errors)
    before, after = msgspec.to_builtins(present), msgspec.to_builtins(new)
    changed = [name for name in FIELDS if before[name] != after[name]]
    if not changed:
        return
    settings.save(transaction, new, by.now)
    audit.record(
        transaction,
        by,
        "settings.update",
        "settings",
        {name: before[name] for name in changed},
        {name: after[name] for name in changed},
    )


def _dangling(transaction: Transaction, new: GlobalSettings, present: GlobalSettings) -> list[FieldError]:
    """Names of scopes that are none. One that was a scope's when it was set may stay."""
    added = [name for name in new.dynamic_registration_scopes if name not in present.dynamic_registration_scopes]
    return [FieldError("dynamic_registration_scopes", error.message) for error in check_scopes(transaction, added)]


def _reader(name: str, from_form: bool) -> Callable[[Any], Any]:
    if name == "access_token_lifetime_by_grant":
        return read_by_grant

    def read(value: Any) -> Any:
        try:
            return msgspec.convert(value, _TYPES[name], strict=not from_form)
        except msgspec.ValidationError:
            raise ValueError(f"This must be {type_in_words(_TYPES[name])}.") from None

    return read


def _is_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and origin == f"{parts.scheme}://{parts.netloc}"
        )
    except ValueError:
        return False
