"""Saving a service's text from the console: its file, its version, and the catalogue that follows."""

from gatewright.admin import service_versions
from gatewright.console.visit import Visit
from gatewright.services.catalogue import Service
from gatewright.services.source import Source
from gatewright.services.source import read_source
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
