"""OAuth's overview, and Edit OAuth Global Settings."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright.admin import settings as operations
from gatewright.admin.lifetimes import as_lines
from gatewright.console.templating import duration
from gatewright.console.visit import Visit
from gatewright.console.visit import lines
from gatewright.console.visit import refuse_if_changed
from gatewright.console.visit import revision_of
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.metadata import metadata_address
from gatewright.store.database import Transaction

_LISTS: Final = (
    "cors_allowed_origins",
    "fetch_private_hosts",
    "dynamic_registration_scopes",
    "client_id_metadata_hosts",
)
_LIFETIMES: Final = (
    "access_token_lifetime",
    "refresh_token_lifetime",
    "token_family_lifetime",
    "dynamic_registration_unused",
)
_HTTPS: Final = {"always": "Always", "except_loopback": "Except on this machine", "never": "Never"}


async def overview(visit: Visit) -> Response:
    """Links, the settings in force, the addresses for applications."""
    issuer = visit.parts.server.issuer
    return visit.page(
        "oauth/index.html",
        settings=_in_words(await visit.parts.directory.settings()),
        external=[server.name for server in await visit.parts.directory.external_servers()],
        endpoints=[
            ("Issuer", issuer),
            ("Authorization", f"{issuer}/oauth/authorize"),
            ("Token", f"{issuer}/oauth/token"),
            ("Pushed requests", f"{issuer}/oauth/par"),
            ("Devices", f"{issuer}/oauth/device_authorization"),
            ("Introspection", f"{issuer}/oauth/introspect"),
            ("Revocation", f"{issuer}/oauth/revoke"),
            ("Metadata", metadata_address(issuer)),
        ],
    )


async def edit(visit: Visit) -> Response:
    """The form of the global settings, and its answer."""
    if not visit.is_post:
        return _form(visit, _values(await visit.parts.directory.settings()))
    try:
        await visit.write(_change, visit)
    except (Invalid, Conflict) as refused:
        return _form(visit, _typed(visit), refused)
    return visit.go("/console/oauth", "Settings saved. In force from the next request on.")


def _change(transaction: Transaction, visit: Visit) -> None:
    present = operations.load(transaction)
    refuse_if_changed(visit.field("revision"), present)
    operations.change(transaction, visit.by, operations.read_settings(_read(visit), present, from_form=True))


def _form(visit: Visit, values: dict[str, str], refused: Invalid | Conflict | None = None) -> Response:
    return visit.form_page("oauth/settings.html", refused, values=values)


def _values(settings: GlobalSettings) -> dict[str, str]:
    values: dict[str, str] = {"revision": revision_of(settings)}
    for name in operations.FIELDS:
        value = getattr(settings, name)
        if name in _LISTS:
            values[name] = "\n".join(value)
        elif name == "access_token_lifetime_by_grant":
            values[name] = as_lines(value)
        elif name in _LIFETIMES:
            values[name] = "never" if value == "never" else "seconds"
            values[f"{name}_seconds"] = "" if value == "never" else str(value)
        else:
            values[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return values


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name) for name in _values(GlobalSettings())}


def _read(visit: Visit) -> dict[str, Any]:
    """What the form means; settings it does not show stay as they are."""
    read: dict[str, Any] = {}
    for name in operations.FIELDS:
        if name not in visit.form:
            continue
        if name in _LISTS:
            read[name] = lines(visit.field(name))
        elif name in _LIFETIMES and visit.field(name) == "seconds":
            read[name] = visit.field(f"{name}_seconds")
        else:
            read[name] = visit.field(name)
    return read


def _in_words(settings: GlobalSettings) -> list[tuple[str, str]]:
    never = "Never expires"
    access, refresh = settings.access_token_lifetime, settings.refresh_token_lifetime
    return [
        ("Require HTTPS", _HTTPS[settings.require_https]),
        ("Require PKCE", "Yes" if settings.require_pkce else "For public clients"),
        ("Authorization code expiration interval", duration(settings.authorization_code_lifetime)),
        ("Access token expiration interval", never if access == "never" else duration(access)),
        ("Refresh token expiration interval", never if refresh == "never" else f"{duration(refresh)} without use"),
        ("Token endpoint authentication", "HTTP Basic, or in the body; none for public clients"),
        ("Authorization server", "This server"),
    ]
