"""`gatewright scope`."""

from dataclasses import dataclass
from typing import Annotated
from typing import Any

import msgspec
from cyclopts import Parameter

from gatewright.admin import associations
from gatewright.admin import scopes
from gatewright.admin.actor import By
from gatewright.cli.clients import find as find_client
from gatewright.cli.clients import listed
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.workspace import opened
from gatewright.services.catalogue import Catalogue
from gatewright.store import scopes as store
from gatewright.store.database import Transaction
from gatewright.store.records import Scope

app = group("scope", "Scopes: named permissions, and the folders, services and URL templates they open.")
ScopeArgument = Annotated[str, Parameter(help="The scope's name.")]


@Parameter(name="*")
@dataclass(kw_only=True)
class Fields:
    """The fields of a scope. One that is not given is empty on creation and stays as it is on change."""

    description: Annotated[str | None, Parameter(help="What it allows, in words for the consent page.")] = None
    folder: Annotated[list[str] | None, Parameter(help="A folder; may be repeated; none: no folder.")] = None
    service: Annotated[list[str] | None, Parameter(help="A service, folder.sub:service; may be repeated.")] = None
    url_template: Annotated[
        list[str] | None, Parameter(help='A URL template, "GET /orders/{id}"; may be repeated.')
    ] = None
    client: Annotated[
        list[str] | None, Parameter(help="A client that may ask for it; may be repeated; none: no client.")
    ] = None

    def values(self) -> dict[str, Any]:
        """What was given of the scope's own fields, as `read_scope` takes it."""
        lists = {"folders": self.folder, "services": self.service, "url_templates": self.url_template}
        given: dict[str, Any] = {name: listed(value) for name, value in lists.items() if value is not None}
        return given if self.description is None else given | {"description": self.description}


@app.command(name="list")
async def list_(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the scopes by name."""
    async with opened(workspace) as shell:
        found = await shell.database.read(store.all_scopes)
    if json:
        print_json(found)
        return
    rows = [(scope.name, scope.folders, scope.services, ", ".join(scope.url_templates)) for scope in found]
    print_table(("scope", "folders", "services", "url templates"), rows)


@app.command
async def show(name: ScopeArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show one scope and the clients that may ask for it."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_document, name)
    if json:
        print_json(found)
    else:
        print_fields(found.items())


@app.command
async def create(name: ScopeArgument, /, *, fields: Fields | None = None, workspace: WorkspaceOption = None) -> None:
    """Make a scope. Its folders, services and URL templates must exist."""
    async with opened(workspace) as shell:
        await shell.database.write(_create, shell.by, name, fields or Fields(), shell.catalogue())
    print(f"Scope {name} is made.")


@app.command
async def update(name: ScopeArgument, /, *, fields: Fields | None = None, workspace: WorkspaceOption = None) -> None:
    """Change what is given of a scope; the rest stays as it is."""
    async with opened(workspace) as shell:
        await shell.database.write(_update, shell.by, name, fields or Fields(), shell.catalogue())
    print(f"Scope {name} is changed.")


@app.command
async def delete(name: ScopeArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Delete a scope. Tokens that carry its name open nothing by it."""
    async with opened(workspace) as shell:
        await shell.database.write(scopes.delete, shell.by, name)
    print(f"Scope {name} is deleted.")


def _document(transaction: Transaction, name: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(scopes.find(transaction, name))
    return document | {"clients": list(store.clients(transaction, name))}


def _create(transaction: Transaction, by: By, name: str, fields: Fields, catalogue: Catalogue) -> None:
    scopes.create(transaction, by, scopes.read_scope(fields.values() | {"name": name}, Scope(name=name)), catalogue)
    _associate(transaction, by, name, fields)


def _update(transaction: Transaction, by: By, name: str, fields: Fields, catalogue: Catalogue) -> None:
    changed = scopes.read_scope(fields.values(), scopes.find(transaction, name))
    scopes.update(transaction, by, changed, catalogue)
    _associate(transaction, by, name, fields)


def _associate(transaction: Transaction, by: By, name: str, fields: Fields) -> None:
    if fields.client is not None:
        client_ids = [find_client(transaction, each) for each in listed(fields.client)]
        associations.set_scope_clients(transaction, by, name, client_ids)
