"""Finding the workspace, and opening its store for one command."""

import getpass
import os
from collections.abc import AsyncIterator
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Final

import msgspec

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.cli.server_settings import resolve
from gatewright.kernel.clock import system_clock
from gatewright.kernel.errors import StartupError
from gatewright.kernel.sealing import master_sealer
from gatewright.kernel.settings import ServerSettings
from gatewright.store.database import Database

if TYPE_CHECKING:
    from gatewright.services.catalogue import Catalogue

CONFIGURATION: Final = "gatewright.yaml"
DATABASE: Final = "data/gatewright.db"
_NO_FLAGS: Final[Mapping[str, object]] = MappingProxyType({})


class Shell(msgspec.Struct, frozen=True):
    """What a command works with: the workspace, its server's settings, the open store, and who acts."""

    workspace: Path
    settings: ServerSettings
    database: Database
    by: By

    def catalogue(self) -> "Catalogue":
        """The folders, services and URL templates of the packages."""
        return load_catalogue(self.workspace / "packages")


def load_catalogue(packages: Path, disabled: frozenset[str] = frozenset()) -> "Catalogue":
    """What a server would serve of the packages in that folder, and of itself; but for what is disabled."""
    from gatewright.services.loader import Loader
    from gatewright.web.admin_api.table import services

    return Loader(packages, services()).load(disabled)


def find_workspace(given: Path | None) -> Path:
    """The workspace given, else the current folder, else `./workspace`. Raises StartupError when it is none."""
    if given is not None:
        if is_workspace(given):
            return given
        raise StartupError(f"{given} is no workspace; make one with: gatewright init {given}")
    for candidate in (Path(), Path("workspace")):
        if is_workspace(candidate):
            return candidate
    raise StartupError("there is no workspace here nor in ./workspace; make one with: gatewright init workspace")


def is_workspace(folder: Path) -> bool:
    """Whether a folder is a workspace."""
    return (folder / CONFIGURATION).is_file() or (folder / DATABASE).is_file()


@asynccontextmanager
async def opened(given: Path | None, flags: Mapping[str, object] = _NO_FLAGS) -> AsyncIterator[Shell]:
    """The workspace's store, open while a command runs; a running server follows what is changed.

    flags: the server's settings that were given as flags.
    """
    from gatewright.store.open import open_database

    workspace = find_workspace(given)
    settings = resolve(flags, os.environ, workspace)
    database = await open_database(settings.database, workspace)
    try:
        by = By(shell_actor(), system_clock(), lambda: master_sealer(workspace, dict(os.environ)))
        yield Shell(workspace, settings, database, by)
    finally:
        await database.close()


def shell_actor() -> Actor:
    """Whoever runs this command on this machine."""
    try:
        return Actor(getpass.getuser(), "shell")
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return Actor(str(os.getuid()), "shell")
