"""The composition root: builds the parts of one process from its settings, starts and stops them."""

import asyncio
from pathlib import Path

from gatewright.kernel.clock import Clock
from gatewright.kernel.clock import system_clock
from gatewright.kernel.settings import ServerSettings
from gatewright.oauth.server import AuthorizationServer
from gatewright.services.catalogue import Catalogue
from gatewright.services.guard import Guard
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from gatewright.services.outgoing import Outgoing
from gatewright.services.watcher import Watcher
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from gatewright.store.open import open_database


class Parts:
    """Everything a process serves requests with. Made by `start`, let go by `stop`."""

    def __init__(self, settings: ServerSettings, workspace: Path, database: Database, clock: Clock) -> None:
        self.settings = settings
        self.workspace = workspace
        self.database = database
        self.clock = clock
        self.directory = Directory(database)
        self.server = AuthorizationServer(database, self.directory, clock, settings.issuer)
        self.guard = Guard(self.server)
        self.runtime = Runtime(outgoing=Outgoing(self._private_hosts))
        self.watcher = Watcher(Loader(workspace / "packages"), self._publish)
        self.catalogue = Catalogue()
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: ServerSettings, workspace: Path, clock: Clock = system_clock) -> "Parts":
        """Open the database, load the packages and begin to watch them. Raises StartupError."""
        parts = cls(settings, workspace, await open_database(settings.database, workspace), clock)
        await parts.watcher.refresh()
        parts._watching = asyncio.create_task(parts.watcher.run())
        return parts

    async def stop(self) -> None:
        """Finish what is waiting and let go of everything."""
        if self._watching is not None:
            self._watching.cancel()
        await self.runtime.close()
        await self.database.close()

    async def _private_hosts(self) -> tuple[str, ...]:
        return (await self.directory.settings()).fetch_private_hosts

    def _publish(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
