"""The way out of one process: connections, and what they need to get tokens and reach other servers."""

import os
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.kernel.clock import Clock
from gatewright.kernel.clock import system_clock
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.sealing import master_sealer
from gatewright.services.connection_tokens import ConnectionTokens
from gatewright.services.connections import Connections
from gatewright.services.outgoing import Outgoing
from gatewright.store.connections import Connection
from gatewright.store.database import Database
from gatewright.store.directory import Directory


class WayOut:
    """Requests to other servers, and the stored credentials that go with them."""

    def __init__(self, database: Database, directory: Directory, sealer: Sealer, clock: Clock, workspace: Path) -> None:
        self._directory = directory
        self.outgoing = Outgoing(self.private_hosts)
        tokens = ConnectionTokens(database, sealer, self.outgoing.send, clock)
        self.connections = Connections(directory.connections, sealer, tokens, workspace)

    async def private_hosts(self) -> tuple[str, ...]:
        """The hosts that may have a private address."""
        return (await self._directory.settings()).fetch_private_hosts

    async def try_out(self, connection: Connection) -> str:
        """Use a connection once: a sentence about what came of it. Raises GatewrightError with one."""
        try:
            return await self.connections.test(connection, self.outgoing.send)
        except FlowError as error:
            raise GatewrightError(error.detail or error.title) from None
        except HttpFailure as failure:
            raise GatewrightError(f"{connection.test_address}: {failure}") from None


@asynccontextmanager
async def testing(database: Database, workspace: Path) -> AsyncIterator[Callable[[Connection], Awaitable[str]]]:
    """`WayOut.try_out` for a command beside the server."""
    sealer = master_sealer(workspace, dict(os.environ))
    way = WayOut(database, Directory(database), sealer, system_clock, workspace)
    try:
        yield way.try_out
    finally:
        await way.outgoing.close()
