"""Packages that many nodes share (DESIGN section 2): a save is a revision in the database that every node writes out.

On SQLite, which one machine has for itself, the files are the truth and nothing here does anything.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import structlog

from gatewright.admin.actor import By
from gatewright.services.package_folder import read_files
from gatewright.services.package_folder import remove_folder
from gatewright.services.package_folder import write_files
from gatewright.store import package_files
from gatewright.store.database import Database

_log = structlog.get_logger("gatewright.packages")


class SharedPackages:
    """This node's packages' folder, kept as the database has it. active: whether there are other nodes to share with."""

    def __init__(self, database: Database, packages: Path, *, active: bool) -> None:
        self._database, self._packages = database, packages
        self.active = active
        self._position: int | None = None
        self._written: dict[str, int] = {}

    async def save(self, by: By, changes: Mapping[str, str | None], expected: Mapping[str, str]) -> None:
        """Tell all nodes of changed files; this one has them when `follow` returns.

        changes: texts by paths below the packages' folder, all of one package; None removes a file. expected: by path the
        digest (`services.source.digest_of`) of the text that was edited, "" for a new file.
        Raises Conflict when another node changed one of them meanwhile.
        """
        if not self.active or not changes:
            return
        package = next(iter(changes)).partition("/")[0]
        base = await asyncio.to_thread(read_files, self._packages / package)
        contents = {_inside(path): None if text is None else text.encode() for path, text in changes.items()}
        digests = {_inside(path): digest for path, digest in expected.items()}
        await self._database.write(package_files.change, package, contents, digests, base, by.now, str(by.actor))
        await self.follow()

    async def follow(self) -> bool:
        """Write out what was shared since the last time; whether there was something."""
        if not self.active:
            return False
        position = self._database.feed.position()
        if position is not None and position == self._position:
            return False
        newer = {
            name: newest
            for name, newest in (await self._database.read(package_files.revisions)).items()
            if self._written.get(name) != newest.number
        }
        for name, newest in newer.items():
            if newest.removed:
                await asyncio.to_thread(remove_folder, self._packages, name)
            else:
                contents = await self._database.read(package_files.files, name)
                await asyncio.to_thread(write_files, self._packages, name, contents)
            self._written[name] = newest.number
            _log.info("package written out", package=name, revision=newest.number, removed=newest.removed)
        self._position = position
        return bool(newer)


def _inside(path: str) -> str:
    return path.partition("/")[2]
