"""`gatewright user`."""

import os
from typing import Annotated
from typing import Any

from cyclopts import Parameter

from gatewright.admin import sign_ins
from gatewright.admin import users
from gatewright.admin.actor import By
from gatewright.cli.clients import listed
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened
from gatewright.identity import second_factor
from gatewright.identity.browser_name import browser_name
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.passwords import hash_password
from gatewright.store import users as store
from gatewright.store.database import Transaction
from gatewright.store.records import User

app = group("user", "Users, their groups and passwords.")
UserArgument = Annotated[str, Parameter(help="The user's name.")]
PasswordVariable = Annotated[
    str | None, Parameter(help="The environment variable that holds the password; none: one is made and shown once.")
]
GroupOption = Annotated[list[str] | None, Parameter(help="A group; may be repeated; none: no group.")]


@app.command(name="list")
async def list_(
    *,
    search: Annotated[str, Parameter(help="A part of the name.")] = "",
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the users by name."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_page, search)
    if json:
        print_json(found)
        return
    rows = [(user["name"], user["enabled"], user["groups"], time(user["created_at"])) for user in found]
    print_table(("user", "active", "groups", "created"), rows)


@app.command
async def show(name: UserArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show one user."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_named, name)
    if json:
        print_json(found)
    else:
        print_fields((found | {"created_at": time(found["created_at"])}).items())


@app.command
async def create(
    name: UserArgument,
    /,
    *,
    group: GroupOption = None,
    password_env: PasswordVariable = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a user. A password made here is good for one sign-in, to choose another."""
    password, password_hash = await _password(password_env)
    async with opened(workspace) as shell:
        await shell.database.write(
            users.create,
            shell.by,
            name,
            password_hash,
            groups=listed(group),
            must_change_password=password is not None,
        )
    _print_password(name, password, json)


@app.command
async def update(name: UserArgument, /, *, group: GroupOption, workspace: WorkspaceOption = None) -> None:
    """Put a user into just these groups."""
    async with opened(workspace) as shell:
        await shell.database.write(_set_groups, shell.by, name, listed(group))
    print(f"User {name} is changed.")


@app.command
async def reset_password(
    name: UserArgument,
    /,
    *,
    password_env: PasswordVariable = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Give a user a new password; all sessions of the user end."""
    password, password_hash = await _password(password_env)
    async with opened(workspace) as shell:
        await shell.database.write(_set_password, shell.by, name, password_hash, password is not None)
    _print_password(name, password, json)


@app.command
async def enable(name: UserArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Enable a user again."""
    async with opened(workspace) as shell:
        await shell.database.write(_set_enabled, shell.by, name, True)
    print(f"User {name} is enabled.")


@app.command
async def disable(name: UserArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Disable a user: sessions end, and tokens are inactive."""
    async with opened(workspace) as shell:
        await shell.database.write(_set_enabled, shell.by, name, False)
    print(f"User {name} is disabled.")


@app.command
async def sessions(name: UserArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List where a user is signed in."""
    async with opened(workspace) as shell:
        found = await shell.database.read(_sessions, name, shell.by.now)
    if json:
        print_json(found)
        return
    columns = ("browser", "address", "method")
    rows = [(*(each[column] for column in columns), time(each["started_at"]), time(each["seen_at"])) for each in found]
    print_table((*columns, "signed in", "last seen"), rows)


@app.command
async def end_sessions(name: UserArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Sign a user out everywhere."""
    async with opened(workspace) as shell:
        ended = await shell.database.write(_end_sessions, shell.by, name)
    print(f"{ended} session{'' if ended == 1 else 's'} of {name} ended.")


@app.command
async def reset_factors(name: UserArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Remove a user's passkeys, authenticator app and recovery codes: the password alone is enough again."""
    async with opened(workspace) as shell:
        had_any = await shell.database.write(_reset_factors, shell.by, name)
    print(f"Second factors of {name} are removed." if had_any else f"User {name} has no second factor.")


@app.command
async def delete(name: UserArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Delete a user with sessions, consents and tokens."""
    async with opened(workspace) as shell:
        await shell.database.write(_delete, shell.by, name)
    print(f"User {name} is deleted.")


async def _password(variable: str | None) -> tuple[str | None, str]:
    """A made password, or None when one was chosen, and the hash."""
    if variable is None:
        made = users.make_password()
        return made, await hash_password(made)
    chosen = os.environ.get(variable)
    if not chosen:
        raise GatewrightError(f"the environment variable {variable} is not set")
    return None, await users.hash_chosen_password(chosen)


def _print_password(name: str, password: str | None, json: bool) -> None:
    if json:
        print_json({"name": name, "password": password})
    elif password:
        print(f"One-time password of {name} (shown only now): {password}")
    else:
        print(f"User {name} has the password given.")


def _set_groups(transaction: Transaction, by: By, name: str, groups: list[str]) -> None:
    users.set_groups(transaction, by, users.find_named(transaction, name).id, groups)


def _set_password(transaction: Transaction, by: By, name: str, password_hash: str, must_change: bool) -> None:
    user = users.find_named(transaction, name)
    users.set_password(transaction, by, user.id, password_hash, must_change_password=must_change)


def _set_enabled(transaction: Transaction, by: By, name: str, enabled: bool) -> None:
    users.set_enabled(transaction, by, users.find_named(transaction, name).id, enabled)


def _delete(transaction: Transaction, by: By, name: str) -> None:
    users.delete(transaction, by, users.find_named(transaction, name).id)


def _sessions(transaction: Transaction, name: str, now: int) -> list[dict[str, Any]]:
    found = store.sessions(transaction, users.find_named(transaction, name).id, now)
    return [
        {
            "browser": browser_name(each.agent),
            "address": each.address,
            "method": each.method,
            "started_at": each.started_at,
            "seen_at": each.seen_at,
        }
        for each in found
    ]


def _end_sessions(transaction: Transaction, by: By, name: str) -> int:
    return sign_ins.end_sessions(transaction, by, users.find_named(transaction, name).id)


def _reset_factors(transaction: Transaction, by: By, name: str) -> bool:
    return sign_ins.reset_factors(transaction, by, users.find_named(transaction, name).id)


def _page(transaction: Transaction, search: str) -> list[dict[str, Any]]:
    return [_document(transaction, user) for user in store.page(transaction, limit=1000, search=search)]


def _named(transaction: Transaction, name: str) -> dict[str, Any]:
    return _document(transaction, users.find_named(transaction, name))


def _document(transaction: Transaction, user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "enabled": user.enabled,
        "must_change_password": user.must_change_password,
        "groups": sorted(store.groups(transaction, user.id)),
        "second_factor": bool(second_factor.of_user(transaction, user.id)),
        "created_at": user.created_at,
    }
