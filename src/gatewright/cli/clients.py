"""`gatewright client`."""

from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from typing import Any

import msgspec
from cyclopts import Parameter

from gatewright.admin import associations
from gatewright.admin import clients
from gatewright.admin import registration
from gatewright.admin.actor import By
from gatewright.admin.client_rules import GRANTS
from gatewright.admin.client_rules import NEW
from gatewright.admin.client_rules import read_client
from gatewright.admin.clients import SavedClient
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.options import read_text
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import NotFound
from gatewright.oauth.authentication_methods import METHODS
from gatewright.store import clients as store
from gatewright.store.clients import RegisteredClient
from gatewright.store.database import Transaction

app = group("client", "Registered applications.")
ClientArgument = Annotated[str, Parameter(help="The client's client_id, or its name when no other has it.")]
_NONE = "none"


@Parameter(name="*")
@dataclass(kw_only=True)
class Fields:
    """The fields of a client. One that is not given has the form's default on creation and stays as it is on change."""

    version: Annotated[str | None, Parameter(help="Version; name and version together are unique.")] = None
    type: Annotated[str | None, Parameter(help="confidential or public.")] = None
    description: Annotated[str | None, Parameter(help="What the client is for.")] = None
    redirect_uri: Annotated[list[str] | None, Parameter(help="A redirect URI; may be repeated; none: no URI.")] = None
    grant: Annotated[
        list[str] | None, Parameter(help=f"One of {', '.join(GRANTS)}; may be repeated; none: no grant.")
    ] = None
    require_pkce: Annotated[str | None, Parameter(help="global, true or false.")] = None
    require_pushed_authorization_requests: Annotated[
        str | None, Parameter(help="true or false: it must push its authorization requests (RFC 9126).")
    ] = None
    access_token_lifetime: Annotated[str | None, Parameter(help="global, never or seconds.")] = None
    lifetime_of: Annotated[
        list[str] | None,
        Parameter(help="GRANT=SECONDS: access tokens of that grant; may be repeated; none: all live alike."),
    ] = None
    access_token_format: Annotated[str | None, Parameter(help="global, opaque or jwt.")] = None
    refresh_limit: Annotated[str | None, Parameter(help="unlimited or a number; 0: no refresh token.")] = None
    refresh_rotation: Annotated[str | None, Parameter(help="true or false: a new refresh token at each use.")] = None
    refresh_token_lifetime: Annotated[str | None, Parameter(help="global, never or seconds.")] = None
    token_family_lifetime: Annotated[
        str | None, Parameter(help="global, never or seconds after an approval in which its tokens can be refreshed.")
    ] = None
    dpop_bound_access_tokens: Annotated[
        str | None, Parameter(help="true or false: its tokens must be bound to a key (DPoP).")
    ] = None
    may_act: Annotated[
        str | None, Parameter(help="Who alone may act for its tokens' users by token exchange: a client_id.")
    ] = None
    default_scope: Annotated[
        list[str] | None, Parameter(help="A scope of requests that name none; may be repeated.")
    ] = None
    introspect: Annotated[str | None, Parameter(help="own, or all for a resource server.")] = None
    rate_limit: Annotated[
        str | None, Parameter(help="Calls of services a minute, in each worker: unlimited or a number.")
    ] = None
    daily_quota: Annotated[str | None, Parameter(help="Calls of services a day (UTC): unlimited or a number.")] = None
    client_authentication: Annotated[
        list[str] | None, Parameter(help=f"One of {', '.join(METHODS)}; may be repeated; none: the default ones.")
    ] = None
    jwks: Annotated[
        Path | None, Parameter(help="A file with the JWK Set of the client's public keys, for private_key_jwt.")
    ] = None
    jwks_uri: Annotated[str | None, Parameter(help="The https address of that JWK Set.")] = None
    token_endpoint_auth_signing_alg: Annotated[
        str | None, Parameter(help="The only algorithm that the client's assertions may be signed by.")
    ] = None
    scope: Annotated[
        list[str] | None, Parameter(help="A scope the client may ask for; may be repeated; none: no scope.")
    ] = None
    group: Annotated[list[str] | None, Parameter(help="A group the client is in; may be repeated; none: no group.")] = (
        None
    )

    def values(self) -> dict[str, Any]:
        """What was given of the client's own fields, as `read_client` takes it."""
        plural = {"redirect_uri": "redirect_uris", "grant": "allowed_grants", "default_scope": "default_scopes"}
        given = {plural.get(name, name): value for name, value in asdict(self).items() if value is not None}
        for beside in ("scope", "group", "lifetime_of"):
            given.pop(beside, None)
        if self.lifetime_of is not None:
            given["access_token_lifetime_by_grant"] = "\n".join(listed(self.lifetime_of))
        if self.jwks is not None:
            given["jwks"] = read_text(self.jwks)
        return {name: _typed(value) for name, value in given.items()}


def _typed(value: Any) -> Any:
    if isinstance(value, list):
        return listed(value)
    return {"true": True, "false": False}.get(value, value)


def listed(given: list[str] | None) -> list[str]:
    """A repeated option's values; the sole word `none` stands for an empty list."""
    return [] if given in (None, [_NONE]) else list(given or ())


@app.command(name="list")
async def list_(
    *,
    search: Annotated[str, Parameter(help="A part of the name or the client_id.")] = "",
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the clients by name."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_page, search)
    if json:
        print_json([_document(each) for each in found])
        return
    rows = [
        (each.client.label, each.client.client_id, each.client.type, each.client.enabled, each.scopes) for each in found
    ]
    print_table(("client", "client_id", "type", "active", "scopes"), rows)


@app.command
async def show(client: ClientArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show one client with its scopes and groups. Secrets cannot be shown: only their digests are kept."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_registered, client)
    document = _document(found)
    if json:
        print_json(document)
        return
    times = {"created_at": time(found.client.created_at), "updated_at": time(found.client.updated_at)}
    print_fields((document | times).items())


@app.command
async def create(
    name: Annotated[str, Parameter(help="The client's name, as users see it.")],
    /,
    *,
    client_id: Annotated[str, Parameter(help="The client_id; made when not given.")] = "",
    fields: Fields | None = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Register a client. Prints its client_id, and the secret of a confidential one, which is shown only now."""
    fields = fields or Fields()
    new = read_client(fields.values() | {"name": name}, msgspec.structs.replace(NEW, client_id=client_id))
    async with opened(workspace) as shell:
        saved = await shell.database.write(
            clients.create, shell.by, new, scopes=listed(fields.scope), groups=listed(fields.group)
        )
    _print_saved(saved, json)


@app.command
async def update(
    client: ClientArgument,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    fields: Fields | None = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Change what is given of a client; the rest stays as it is."""
    fields = fields or Fields()
    values = fields.values() | ({"name": name} if name is not None else {})
    async with opened(workspace) as shell:
        saved = await shell.database.write(_update, shell.by, client, values, fields)
    _print_saved(saved, json)


@app.command
async def delete(client: ClientArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Delete a client; its tokens, codes and consents die with it."""
    async with opened(workspace) as shell:
        found = await shell.database.read(find, client)
        await shell.database.write(clients.delete, shell.by, found)
    print(f"Client {found} is deleted.")


@app.command
async def enable(client: ClientArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Enable a client again."""
    async with opened(workspace) as shell:
        found = await shell.database.read(find, client)
        await shell.database.write(clients.set_enabled, shell.by, found, True)
    print(f"Client {found} is enabled.")


@app.command
async def disable(client: ClientArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Disable a client: its tokens are inactive while it is, and it gets no new ones."""
    async with opened(workspace) as shell:
        found = await shell.database.read(find, client)
        await shell.database.write(clients.set_enabled, shell.by, found, False)
    print(f"Client {found} is disabled.")


@app.command
async def new_secret(
    client: ClientArgument,
    /,
    *,
    keep_old_for: Annotated[int, Parameter(help="Seconds in which the old secret still works.")] = 0,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a new secret, which is shown only now."""
    async with opened(workspace) as shell:
        found = await shell.database.read(find, client)
        saved = await shell.database.write(clients.new_secret, shell.by, found, keep_old_for)
    _print_saved(saved, json)


@app.command
async def registration_token(
    *,
    expires_in: Annotated[int, Parameter(help="Seconds in which clients may register with it.")] = 86400,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make an initial access token, which lets clients register themselves (RFC 7591). It is shown only now."""
    token = registration.new_initial_token()
    async with opened(workspace) as shell:
        await shell.database.write(registration.make_initial_token, shell.by, token, expires_in)
    if json:
        print_json({"initial_access_token": token, "expires_in": expires_in})
        return
    print_fields([("Initial access token", f"{token}  (shown only now)"), ("Expires in", f"{expires_in} seconds")])


def find(transaction: Transaction, given: str) -> str:
    """The client_id of the client that an argument means: a client_id, a label or a name. Raises NotFound."""
    if store.find(transaction, given):
        return given
    named = [
        client
        for client in store.page(transaction, limit=500, search=given.partition(" (")[0])
        if given in (client.name, client.label)
    ]
    if len(named) > 1:
        raise NotFound(
            f"{len(named)} clients are named {given}; give a client_id or, for instance, {named[0].label!r}."
        )
    if not named:
        raise NotFound(f"There is no client {given}.")
    return named[0].client_id


def _update(transaction: Transaction, by: By, given: str, values: dict[str, Any], fields: Fields) -> SavedClient:
    client_id = find(transaction, given)
    if fields.scope is not None:
        associations.set_client_scopes(transaction, by, client_id, listed(fields.scope))
    if fields.group is not None:
        clients.set_groups(transaction, by, client_id, listed(fields.group))
    return clients.update(transaction, by, read_client(values, clients.find(transaction, client_id)))


def _registered(transaction: Transaction, given: str) -> RegisteredClient:
    found = store.registered(transaction, find(transaction, given))
    assert found is not None
    return found


def _page(transaction: Transaction, search: str) -> list[RegisteredClient]:
    page = store.page(transaction, limit=1000, search=search)
    return [_registered(transaction, client.client_id) for client in page]


def _document(registered: RegisteredClient) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(registered.client)
    return document | {"scopes": list(registered.scopes), "groups": sorted(registered.groups)}


def _print_saved(saved: SavedClient, json: bool) -> None:
    if json:
        print_json({"client_id": saved.client.client_id, "client_secret": saved.secret})
        return
    pairs = [("Client", saved.client.label), ("Client ID", saved.client.client_id)]
    if saved.secret:
        pairs.append(("Client Secret", f"{saved.secret}  (shown only now)"))
    print_fields(pairs)
