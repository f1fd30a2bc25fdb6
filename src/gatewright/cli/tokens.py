"""`gatewright token`."""

from typing import Annotated

from cyclopts import Parameter

from gatewright.admin import tokens
from gatewright.admin import users
from gatewright.admin.tokens import TokenLine
from gatewright.cli.clients import find as find_client
from gatewright.cli.options import JsonOption
from gatewright.cli.options import Usage
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened
from gatewright.store.database import Transaction

app = group("token", "Issued tokens.")


@app.command(name="list")
async def list_(
    *,
    client: Annotated[str | None, Parameter(help="Only this client's, by client_id or name.")] = None,
    user: Annotated[str | None, Parameter(help="Only this user's, by name.")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the live access tokens, newest first. Their texts are not known here: only digests are kept."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_page, shell.by.now, client, user, limit)
    if json:
        print_json(found)
        return
    rows = [
        (
            line.id,
            line.client,
            line.user,
            line.scope,
            time(line.issued_at),
            time(line.expires_at),
            line.refreshable,
            line.refreshes_used,
        )
        for line in found
    ]
    print_table(("id", "client", "user", "scope", "issued", "expires", "refresh token", "used"), rows)


@app.command
async def revoke(
    token: Annotated[str | None, Parameter(help="A token's id, as `token list` shows it.")] = None,
    /,
    *,
    client: Annotated[str | None, Parameter(help="All of this client, by client_id or name.")] = None,
    user: Annotated[str | None, Parameter(help="All of this user, by name.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """End a token with all of its family, or everything of a client or a user."""
    if [token, client, user].count(None) != 2:
        raise Usage("give one of: a token's id, --client or --user")
    async with opened(workspace) as shell:
        if token is not None:
            await shell.database.write(tokens.revoke, shell.by, token)
            print(f"Token {token} is revoked.")
            return
        if client is not None:
            client_id = await shell.database.read(find_client, client)
            while await shell.database.write(tokens.revoke_client, shell.by, client_id):
                pass
        if user is not None:
            user_id = (await shell.database.read(users.find_named, user)).id
            while await shell.database.write(tokens.revoke_user, shell.by, user_id):
                pass
    print(f"All tokens of {client or user} are revoked.")


def _page(transaction: Transaction, now: int, client: str | None, user: str | None, limit: int) -> list[TokenLine]:
    client_id = find_client(transaction, client) if client else None
    user_id = users.find_named(transaction, user).id if user else None
    return tokens.page(transaction, now, limit=limit, client_id=client_id, user_id=user_id)
