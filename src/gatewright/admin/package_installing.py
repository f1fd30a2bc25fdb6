"""Installing and removing packages: the files and the audit row together, or neither."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.installing import CannotInstall
from gatewright.services.installing import Source
from gatewright.services.installing import put_in_place
from gatewright.services.installing import receive
from gatewright.services.installing import take_away
from gatewright.services.installing import undo
from gatewright.services.package_check import Finding
from gatewright.services.package_folder import read_files
from gatewright.store import disabled
from gatewright.store import package_files
from gatewright.store.database import Database
from gatewright.store.database import Transaction


class Installed(msgspec.Struct, frozen=True):
    """What was done. before: the version that was replaced; None: there was none. findings: warnings, and errors by `force`."""

    name: str
    version: str
    before: str | None
    findings: tuple[Finding, ...]


async def install(
    database: Database, by: By, packages: Path, source: Source, origin: str, *, share: bool, force: bool = False
) -> Installed:
    """Receive a package, check it, and put it in place of a former version.

    origin: where it comes from, in words for the audit log. share: whether other nodes are to have it too.
    force: install it although something in it is wrong.
    Raises CannotInstall, and leaves everything as it was.
    """
    out_of_use = frozenset(await database.read(disabled.all_disabled))
    try:
        incoming = await asyncio.to_thread(receive, packages, source, out_of_use)
    except OSError as error:
        raise CannotInstall(f"it could not be written: {error.strerror or error}") from error
    try:
        if not force:
            incoming.require_good()
        done = Installed(incoming.package.name, incoming.package.version, incoming.before, incoming.findings)
        await asyncio.to_thread(put_in_place, packages, incoming)
        try:
            files = await asyncio.to_thread(read_files, packages / done.name) if share else None
            await database.write(_record_install, by, done, origin, files)
        except BaseException:
            undo(packages, done.name)
            raise
    finally:
        await asyncio.to_thread(incoming.discard)
    return done


async def remove(
    database: Database, by: By, packages: Path, name: str, catalogue: Catalogue, *, share: bool, force: bool = False
) -> None:
    """Take a package away. share: from the other nodes too. force: although others need it. Raises NotFound, Conflict."""
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
        await database.write(_record_removal, by, name, version, share)
    except BaseException:
        undo(packages, name)
        raise


def _record_install(
    transaction: Transaction, by: By, done: Installed, origin: str, files: Mapping[str, bytes] | None
) -> None:
    if files is not None:
        package_files.replace(transaction, done.name, files, by.now, str(by.actor))
    before = {"version": done.before} if done.before is not None else None
    audit.record(transaction, by, "package.install", done.name, before, {"version": done.version, "from": origin})


def _record_removal(transaction: Transaction, by: By, name: str, version: str, share: bool) -> None:
    if share:
        package_files.remove(transaction, name, by.now, str(by.actor))
    disabled.enable(transaction, name, by.now)
    audit.record(transaction, by, "package.remove", name, {"version": version})
