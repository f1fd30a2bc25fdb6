"""`gatewright connection`."""

import os
from dataclasses import dataclass
from typing import Annotated
from typing import Any

from cyclopts import Parameter

from gatewright.admin import connections
from gatewright.cli.clients import listed
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import GatewrightError
from gatewright.services.connections import Secrets
from gatewright.store import connections as store

app = group("connection", "Connections: stored credentials for calling out, which flows use by name.")
NameArgument = Annotated[str, Parameter(help="The connection's name.")]
Field = str | None
Fields_ = list[str] | None


@Parameter(name="*")
@dataclass(kw_only=True)
class Fields:
    """The fields of a connection. One that is not given has its default on creation and stays as it is on change."""

    kind: Annotated[Field, Parameter(help=f"One of {', '.join(connections.KINDS)}.")] = None
    description: Annotated[Field, Parameter(help="What it is for.")] = None
    host: Annotated[
        Fields_, Parameter(help="A host that gets the credentials; may be repeated; no other ever does.")
    ] = None
    package: Annotated[Fields_, Parameter(help="A package whose flows may use it; may be repeated; none: all.")] = None
    test_address: Annotated[Field, Parameter(help="What a test of it asks by GET.")] = None
    token_endpoint: Annotated[Field, Parameter(help="Where OAuth tokens are got.")] = None
    client_id: Annotated[Field, Parameter(help="As which client they are got.")] = None
    client_authentication: Annotated[
        Field, Parameter(help="client_secret_basic (the default), client_secret_post or none.")
    ] = None
    scope: Annotated[Fields_, Parameter(help="A scope that is asked for; may be repeated.")] = None
    audience: Annotated[Field, Parameter(help="The audience that is asked for.")] = None
    username: Annotated[Field, Parameter(help="The user name of basic and smtp.")] = None
    place: Annotated[Field, Parameter(help="Where an API key goes: header (the default) or query.")] = None
    parameter: Annotated[Field, Parameter(help="The header field or query parameter of an API key.")] = None
    url: Annotated[Field, Parameter(help="postgresql://user@host/database, or sqlite:FILE below the workspace.")] = None
    server: Annotated[Field, Parameter(help="The mail server, host:port.")] = None
    encryption: Annotated[Field, Parameter(help="Of mail: starttls (the default), tls or none.")] = None
    sender: Annotated[Field, Parameter(help="The address that mails come from.")] = None

    def values(self) -> dict[str, Any]:
        """What was given, as `read_connection` takes it."""
        lists = {"hosts": self.host, "packages": self.package, "scopes": self.scope}
        given: dict[str, Any] = {name: listed(value) for name, value in lists.items() if value is not None}
        texts = {name: getattr(self, name, None) for name in connections.FIELDS if name not in lists}
        return given | {name: value for name, value in texts.items() if value is not None}


SecretOption = Annotated[
    str | None, Parameter(help="The environment variable that holds the secret, password, token or key.")
]
RefreshOption = Annotated[str | None, Parameter(help="The environment variable that holds the refresh token.")]


@app.command(name="list")
async def list_(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the connections by name."""
    async with opened(workspace) as shell:
        found = await shell.database.read(store.all_connections)
    if json:
        print_json([connections.document(each) for each in found])
        return
    rows = [(each.name, each.kind, each.hosts or each.url or each.server, each.packages) for each in found]
    print_table(("name", "kind", "for", "packages"), rows)


@app.command
async def show(name: NameArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show one connection, without its secrets, and the services that use it."""
    async with opened(workspace) as shell:
        found = await shell.database.read(connections.find, name)
        used = connections.uses(shell.catalogue(), name)
    document = connections.document(found) | {"used_by": used}
    if json:
        print_json(document)
    else:
        print_fields((key, value) for key, value in document.items() if value)


@app.command
async def create(
    name: NameArgument,
    /,
    *,
    secret_env: SecretOption = None,
    refresh_token_env: RefreshOption = None,
    fields: Fields | None = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a connection. Its secrets come from the environment and are kept sealed."""
    given = (fields or Fields()).values() | {"name": name}
    async with opened(workspace) as shell:
        new = connections.read_connection(given, connections.NEW)
        await shell.database.write(connections.create, shell.by, new, _secrets(secret_env, refresh_token_env))
    print(f"Connection {name} is made.")


@app.command
async def update(
    name: NameArgument,
    /,
    *,
    secret_env: SecretOption = None,
    refresh_token_env: RefreshOption = None,
    fields: Fields | None = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Change what is given of a connection; the rest, its secrets too, stays as it is."""
    async with opened(workspace) as shell:
        before = await shell.database.read(connections.find, name)
        changed = connections.read_connection((fields or Fields()).values(), before)
        await shell.database.write(connections.update, shell.by, changed, _secrets(secret_env, refresh_token_env))
    print(f"Connection {name} is changed.")


@app.command
async def delete(name: NameArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Delete a connection. Calls that name it fail from the next on."""
    async with opened(workspace) as shell:
        await shell.database.write(connections.delete, shell.by, name)
    print(f"Connection {name} is deleted.")


@app.command(name="test")
async def try_(name: NameArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Try a connection: get a token, ask its test address, sign in to its database or mail server."""
    from gatewright.app.outgoing import testing

    async with opened(workspace) as shell, testing(shell.database, shell.workspace) as try_out:
        found = await shell.database.read(connections.find, name)
        print(await try_out(found))


def _secrets(secret_env: str | None, refresh_token_env: str | None) -> Secrets:
    return Secrets(_environment(secret_env), _environment(refresh_token_env))


def _environment(variable: str | None) -> str:
    if variable is None:
        return ""
    value = os.environ.get(variable)
    if not value:
        raise GatewrightError(f"the environment variable {variable} is not set")
    return value
