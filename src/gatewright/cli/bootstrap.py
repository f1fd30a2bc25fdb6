"""Making a workspace, and a workspace's first contents."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from gatewright.admin import users
from gatewright.admin.actor import By
from gatewright.admin.administrators import ADMINISTRATORS
from gatewright.admin.apply import apply
from gatewright.admin.configuration import Configuration
from gatewright.admin.configuration import read_configuration
from gatewright.admin.plan import Outcome
from gatewright.cli.workspace import CONFIGURATION
from gatewright.cli.workspace import Shell
from gatewright.kernel.errors import StartupError
from gatewright.kernel.sealing import load_master_key
from gatewright.store import access
from gatewright.store import changes
from gatewright.store import users as user_store
from gatewright.store.database import Transaction
from gatewright.store.records import User

ADMINISTRATOR: Final = "admin"
PASSWORD_VARIABLE: Final = "GATEWRIGHT_ADMIN_PASSWORD"
EXAMPLE_CLIENT: Final = "example"
_EMPTY: Final = """\
# What `gatewright apply gatewright.yaml` brings this workspace to. `gatewright init` applied it once.
# docs/settings.md lists every setting; `gatewright export --config` prints what is there now.
#
# server:            # read at each start
#   port: 5555
#
# settings:
#   require_pkce: true
# scopes:
#   - name: orders
#     folders: [orders]
# clients:
#   - name: Postman
#     redirect_uris: ["https://oauth.pstmn.io/v1/callback"]
#     allowed_grants: [authorization_code, client_credentials]
#     scopes: [orders]
"""


class FirstRun(msgspec.Struct, frozen=True):
    """What the first run made: an administrator or not, the password if it was made here, what the file brought."""

    made_administrator: bool
    password: str | None
    outcome: Outcome


def make_folders(workspace: Path, *, example: bool) -> None:
    """Make the workspace's folders and files; what is there already stays. Raises StartupError."""
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        (workspace / "packages").mkdir(exist_ok=True)
        (workspace / "data").mkdir(mode=0o700, exist_ok=True)
        _write(workspace / ".gitignore", "/data/\n")
        if example:
            from gatewright.example import PACKAGES
            from gatewright.example import copy_packages

            copy_packages(workspace / "packages")
            _write(workspace / CONFIGURATION, (PACKAGES.parent / CONFIGURATION).read_text(encoding="utf-8"))
        _write(workspace / CONFIGURATION, _EMPTY)
    except OSError as error:
        raise StartupError(f"cannot write {error.filename or workspace}: {error.strerror}") from error


async def first_run(shell: Shell, environment: Mapping[str, str]) -> FirstRun | None:
    """Apply the workspace's file to a new store and make the administrator; None when there is nothing to do.

    Raises Refused when the file will not do, StartupError.
    """
    load_master_key(shell.workspace, dict(environment))
    outcome = Outcome()
    if not await shell.database.read(changes.audit_page, limit=1):
        configuration = read_workspace_configuration(shell.workspace)
        outcome = await apply(shell.database, shell.by, configuration, shell.catalogue(), environment)
        if secret := outcome.secrets.get(EXAMPLE_CLIENT):
            _keep_secret(example_secret(shell.workspace), secret)
    if await shell.database.read(administrator):
        return FirstRun(False, None, outcome) if outcome.lines else None
    return FirstRun(True, await _make_administrator(shell, environment), outcome)


def read_workspace_configuration(workspace: Path) -> Configuration:
    """The workspace's `gatewright.yaml`; one that does not exist says nothing. Raises Refused, StartupError."""
    path = workspace / CONFIGURATION
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"{path} cannot be read: {error}") from None
    return read_configuration(text, str(path))


def example_secret(workspace: Path) -> Path:
    """The file that holds the example client's secret."""
    return workspace / "data" / "example-client.secret"


def administrator(transaction: Transaction) -> str | None:
    """The name of a user in the group Administrators, able to sign in or not: `admin` if it is one."""
    ids = [member for kind, member in access.members(transaction, ADMINISTRATORS) if kind == "user"]
    names = sorted(user.name for each in ids if (user := user_store.find(transaction, each)))
    return ADMINISTRATOR if ADMINISTRATOR in names else next(iter(names), None)


async def _make_administrator(shell: Shell, environment: Mapping[str, str]) -> str | None:
    given = environment.get(PASSWORD_VARIABLE)
    password = given or users.make_password()
    password_hash = await users.hash_chosen_password(password)
    await shell.database.write(_add_administrator, shell.by, password_hash, given is None)
    return None if given else password


def _add_administrator(transaction: Transaction, by: By, password_hash: str, must_change_password: bool) -> User:
    return users.create(
        transaction,
        by,
        ADMINISTRATOR,
        password_hash,
        groups=[ADMINISTRATORS],
        must_change_password=must_change_password,
    )


def _write(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")


def _keep_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(secret)
