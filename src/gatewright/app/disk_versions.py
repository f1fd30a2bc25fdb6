"""Flows that are changed past the console: what the file holds then becomes a version, as a save would."""

import asyncio
from pathlib import Path
from typing import Final

import structlog

from gatewright.admin import service_versions
from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import Unavailable
from gatewright.services.catalogue import Catalogue
from gatewright.services.scan import Stamp
from gatewright.services.scan import stamp_of
from gatewright.store import service_versions as store
from gatewright.store.database import Database

_AGAIN: Final = 5.0
"""Seconds after which it is tried again when the store could not be written."""
_log = structlog.get_logger("gatewright.packages")


class DiskVersions:
    """Looks at flows' files when a new catalogue is there. `run` is its work, `follow` tells it of catalogues."""

    def __init__(self, database: Database, packages: Path, clock: Clock) -> None:
        self._database, self._packages, self._clock = database, packages, clock
        self._catalogue = Catalogue()
        self._changed = asyncio.Event()
        self._seen: dict[str, Stamp | None] | None = None

    def follow(self, catalogue: Catalogue) -> None:
        """Look at these services."""
        self._catalogue = catalogue
        self._changed.set()

    async def run(self) -> None:
        """Look after each change until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.look()
            except (Unavailable, OSError) as error:
                _log.warning("versions of changed files put off", reason=str(error))
                await asyncio.sleep(_AGAIN)
                self._changed.set()

    async def look(self) -> None:
        """Keep what flows hold whose files are others than at the last look; at first, of those that have versions."""
        flows = {each.name: each.file for each in self._catalogue.services.values() if each.kind == "flow"}
        stamps = await asyncio.to_thread(self._stamps, flows)
        if self._seen is None:
            changed = await self._database.read(store.services)
        else:
            changed = {name for name, stamp in stamps.items() if self._seen.get(name, stamp) != stamp}
        for name in changed & flows.keys():
            file = flows[name]
            if await self._database.write(
                service_versions.keep_changed, name, file, self._packages / file, self._clock()
            ):
                _log.info("version kept of a file changed on disk", service=name, file=file)
        self._seen = stamps

    def _stamps(self, flows: dict[str, str]) -> dict[str, Stamp | None]:
        return {name: stamp_of(self._packages / file) for name, file in flows.items()}
