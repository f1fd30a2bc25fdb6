"""Scope Management."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.fields import Fields
from gatewright.admin.fields import did_you_mean
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.admin.roles import ADMIN_API
from gatewright.admin.roles import GROUP
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.names import BUILTIN_FOLDERS
from gatewright.services.names import covers
from gatewright.services.template import parse_template
from gatewright.store import clients
from gatewright.store import external_servers
from gatewright.store import scopes
from gatewright.store import trusted_issuers
from gatewright.store.database import Transaction
from gatewright.store.records import Scope

FIELDS: Final = ("name", "description", "folders", "services", "url_templates")
_NAME: Final = re.compile(r'[^\\,"]{1,100}\Z')
_LONGEST_DESCRIPTION: Final = 1000
_BUILT_IN: Final = (
    "{!r} is a folder of built-in services, which open by their own names alone: list them under services."
)


def read_scope(values: Mapping[str, object], base: Scope) -> Scope:
    """`base` with the given values in place of its own. Raises Invalid for what cannot be read."""
    fields = Fields(values, FIELDS)
    scope = msgspec.structs.replace(
        base,
        name=fields.read("name", base.name, text),
        description=fields.read("description", base.description, text),
        folders=fields.read("folders", base.folders, texts),
        services=fields.read("services", base.services, texts),
        url_templates=fields.read("url_templates", base.url_templates, _templates),
    )
    fields.refuse_if_wrong()
    return scope


def problems(scope: Scope, catalogue: Catalogue) -> list[FieldError]:
    """What is wrong with the scope; `catalogue` says which folders, services and URL templates there are."""
    errors = []
    if not scope.name:
        errors.append(FieldError("name", "Name is missing."))
    elif not _NAME.match(scope.name) or not all("!" <= character <= "~" for character in scope.name):
        message = 'Name must have 1 to 100 printable ASCII characters, without blanks and \\ , " .'
        errors.append(FieldError("name", message))
    if len(scope.description) > _LONGEST_DESCRIPTION:
        errors.append(FieldError("description", f"Description has at most {_LONGEST_DESCRIPTION} characters."))
    errors += [FieldError("folders", _BUILT_IN.format(name)) for name in scope.folders if name in BUILTIN_FOLDERS]
    return errors + _dangling(scope, catalogue)


def create(transaction: Transaction, by: By, scope: Scope, catalogue: Catalogue) -> Scope:
    """Keep a new scope. Raises Invalid, Forbidden."""
    _refuse_beyond(by, Scope(name=scope.name), scope)
    errors = problems(scope, catalogue)
    if scopes.find(transaction, scope.name):
        errors.append(FieldError("name", f"There is a scope {scope.name} already."))
    if errors:
        raise Invalid(errors)
    new = msgspec.structs.replace(scope, revision=1)
    scopes.insert(transaction, new, by.now)
    audit.record(transaction, by, "scope.create", scope.name, None, _audited(scope))
    return new


def update(transaction: Transaction, by: By, scope: Scope, catalogue: Catalogue) -> Scope:
    """Change a scope, known by its name, if its revision is still `scope.revision`.

    Raises Invalid, NotFound, Conflict, Forbidden.
    """
    before = find(transaction, scope.name)
    _refuse_beyond(by, before, scope)
    if before == scope:
        return before
    if errors := problems(scope, catalogue):
        raise Invalid(errors)
    if not scopes.update(transaction, scope, by.now):
        raise Conflict(f"The scope {scope.name} was changed meanwhile. Load it again and repeat your change.")
    audit.record(transaction, by, "scope.update", scope.name, _audited(before), _audited(scope))
    return find(transaction, scope.name)


def delete(transaction: Transaction, by: By, name: str) -> None:
    """Remove a scope and its associations; tokens that carry its name open nothing by it. Raises NotFound."""
    before = find(transaction, name)
    associated = scopes.clients(transaction, name)
    scopes.delete(transaction, name, by.now)
    for client_id in associated:
        _forget_default(transaction, by, client_id, name)
    trusted_issuers.forget_scope(transaction, name, by.now)
    external_servers.forget_scope(transaction, name, by.now)
    audit.record(transaction, by, "scope.delete", name, _audited(before) | {"clients": list(associated)})


def find(transaction: Transaction, name: str) -> Scope:
    """The scope of that name. Raises NotFound."""
    scope = scopes.find(transaction, name)
    if scope is None:
        raise NotFound(f"There is no scope {name}.")
    return scope


def check_scopes(transaction: Transaction, names: Sequence[str]) -> list[FieldError]:
    """An error, of the field `scopes`, for each name that is no scope's."""
    known = [scope.name for scope in scopes.all_scopes(transaction)] if names else []
    return [
        FieldError("scopes", f"There is no scope {name!r}.{did_you_mean(name, known)}")
        for name in names
        if name not in known
    ]


def _refuse_beyond(by: By, before: Scope, after: Scope) -> None:
    """Raise Forbidden when it comes to open the Admin API by whoever may not do all that this does.

    Tokens that administrators let others have would open it at once, with all that administrators may do.
    """
    if by.roles is None or "everything" in by.roles:
        return
    if opened := _of_admin_api(after) - _of_admin_api(before):
        needed = GROUP["everything"]
        raise Forbidden(f"{', '.join(sorted(opened))} opens the Admin API; that takes a member of the group {needed}.")


def _of_admin_api(scope: Scope) -> set[str]:
    """What of a scope's folders and services opens operations of the Admin API."""
    return {name for name in (*scope.folders, *scope.services) if covers(ADMIN_API, name) or covers(name, ADMIN_API)}


def _templates(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse_template(each).text for each in texts(value)))


def _dangling(scope: Scope, catalogue: Catalogue) -> list[FieldError]:
    folders = [name for name in scope.folders if not catalogue.has_folder(name)]
    services = [name for name in scope.services if not catalogue.has_service(name)]
    templates = [name for name in scope.url_templates if not catalogue.has_template(name)]
    return [
        *(FieldError("folders", _no_folder(name, catalogue)) for name in folders),
        *(FieldError("services", _no_service(name, catalogue)) for name in services),
        *(FieldError("url_templates", _no_template(name, catalogue)) for name in templates),
    ]


def _no_folder(name: str, catalogue: Catalogue) -> str:
    if catalogue.has_service(name):
        return f"{name!r} is a service; list it under services."
    return f"There is no folder {name!r}.{did_you_mean(name, catalogue.folders)}"


def _no_service(name: str, catalogue: Catalogue) -> str:
    if catalogue.has_folder(name):
        return f"{name!r} is a folder; list it under folders."
    return f"There is no service {name!r}.{did_you_mean(name, catalogue.services)}"


def _no_template(name: str, catalogue: Catalogue) -> str:
    return f"No package has the URL template {name!r}.{did_you_mean(name, catalogue.templates.by_text)}"


def _forget_default(transaction: Transaction, by: By, client_id: str, name: str) -> None:
    client = clients.find(transaction, client_id)
    if client is not None and name in client.default_scopes:
        kept = tuple(each for each in client.default_scopes if each != name)
        clients.update(transaction, msgspec.structs.replace(client, default_scopes=kept, updated_at=by.now))


def _audited(scope: Scope) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(scope)
    del document["revision"]
    return document
