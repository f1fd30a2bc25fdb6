"""Installing and removing packages: the files and the audit row together, or neither."""

import asyncio
from pathlib import Path

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.installing import Source
from gatewright.services.installing import put_in_place
from gatewright.services.installing import receive
from gatewright.services.installing import take_away
from gatewright.services.installing import undo
from gatewright.services.package_check import Finding
from gatewright.store import disabled
from gatewright.store.database import Database
from gatewright.store.database import Transaction


class Installed(msgspec.Struct, frozen=True):
    """What was done. before: the version that was replaced; None: there was none. findings: warnings, and errors by `force`."""

    name: str
    version: str
    before: str | None
    findings: tuple[Finding, ...]


async def install(
    database: Database, by: By, packages: Path, source: Source, origin: str, *, force: bool = False
) -> Installed:
    """Receive a package, check it, and put it in place of a former version.

    origin: where it comes from, in words for the audit log. force: install it although something in it is wrong.
    Raises CannotInstall, and leaves everything as it was.
    """
    out_of_use = frozenset(await database.read(disabled.all_disabled))
    incoming = await asyncio.to_thread(receive, packages, source, out_of_use)
    try:
        if not force:
            incoming.require_good()
        done = Installed(incoming.package.name, incoming.package.version, incoming.before, incoming.findings)
        await asyncio.to_thread(put_in_place, packages, incoming)
        try:
            await database.write(_record_install, by, done, origin)
        except BaseException:
            undo(packages, done.name)
            raise
    finally:
        await asyncio.to_thread(incoming.discard)
    return done


async def remove(
    database: Database, by: By, packages: Path, name: str, catalogue: Catalogue, *, force: bool = False
) -> None:
    """Take a package away. force: although others need it. Raises NotFound, Conflict."""
    loaded = catalogue.packages.get(name) if name else None
    if loaded is None:
        raise NotFound(f"There is no package {name}.")
    needed_by = [
        other.folder for other in catalogue.packages.values() if other.package and name in other.package.dependencies
    ]
    if needed_by and not force:
        raise Conflict(f"{', '.join(sorted(needed_by))} needs the package {name}; it would be disabled.")
    version = loaded.package.version if loaded.package else "unknown"
    await asyncio.to_thread(take_away, packages, name)
    try:
        await database.write(_record_removal, by, name, version)
    except BaseException:
        undo(packages, name)
        raise


def _record_install(transaction: Transaction, by: By, done: Installed, origin: str) -> None:
    before = {"version": done.before} if done.before is not None else None
    audit.record(transaction, by, "package.install", done.name, before, {"version": done.version, "from": origin})


def _record_removal(transaction: Transaction, by: By, name: str, version: str) -> None:
    disabled.enable(transaction, name, by.now)
    audit.record(transaction, by, "package.remove", name, {"version": version})
