"""Saving a service's text from the console: its file, its version, and the catalogue that follows."""

from collections.abc import Mapping
from pathlib import Path

from gatewright.admin import service_versions
from gatewright.console.visit import Visit
from gatewright.services.catalogue import Service
from gatewright.services.source import Source
from gatewright.services.source import create_source
from gatewright.services.source import delete_file
from gatewright.services.source import read_file
from gatewright.services.source import read_source
from gatewright.services.source import save_file
from gatewright.services.source import save_source


async def keep(visit: Visit, service: Service, text: str, revision: str, note: str = "") -> Source:
    """Write the service's file and record the version; in force when this returns.

    revision: the digest of the text that was edited. Raises Conflict when the file is another by now.
    """
    found = read_source(visit.parts.packages_folder, service)
    if visit.parts.shared.active:
        await visit.parts.shared.save(visit.by, {service.file: text}, {service.file: revision})
        source = read_source(visit.parts.packages_folder, service)
    else:
        source = save_source(visit.parts.packages_folder, service, text, revision)
    # The file is the truth: should the record fail, the next save finds a text "changed on disk".
    await visit.write(
        service_versions.save, visit.by, service.name, service.file, text=text, found=found.text, note=note
    )
    await visit.parts.watcher.refresh()
    return source


async def change_files(visit: Visit, changes: Mapping[str, str | None]) -> None:
    """Write, make or remove files below the packages' folder, on every node; a text of None removes. Raises Conflict."""
    packages = visit.parts.packages_folder
    expected = {file: read_file(packages, file).digest for file in changes if (packages / file).is_file()}
    if visit.parts.shared.active:
        for package in dict.fromkeys(file.partition("/")[0] for file in changes):
            own = {file: text for file, text in changes.items() if file.startswith(f"{package}/")}
            await visit.parts.shared.save(visit.by, own, {file: expected.get(file, "") for file in own})
    else:
        for file, text in changes.items():
            _change_file(packages, file, text, expected.get(file))
    await visit.parts.watcher.refresh()


def _change_file(packages: Path, file: str, text: str | None, digest: str | None) -> None:
    if digest is None:
        if text is not None:
            create_source(packages, file, text)
    elif text is None:
        delete_file(packages, file, digest)
    else:
        save_file(packages, file, text, digest)


async def rewrite(visit: Visit, changes: Mapping[str, str], note: str) -> None:
    """Write files that are there; of those that are flows, a version is recorded."""
    packages = visit.parts.packages_folder
    flows = {service.file: service.name for service in visit.catalogue.services.values() if service.kind == "flow"}
    found = {file: read_file(packages, file).text for file in changes}
    await change_files(visit, changes)
    for file, text in changes.items():
        if file in flows:
            await visit.write(
                service_versions.save, visit.by, flows[file], file, text=text, found=found[file], note=note
            )
