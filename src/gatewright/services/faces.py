"""What holds for each address of a catalogue, worked out once; nothing for packages that say nothing."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatewright.services.face import NOTHING_SAID
from gatewright.services.face import Face
from gatewright.services.face import PackageFace
from gatewright.services.face import resolved
from gatewright.services.face import spelled

if TYPE_CHECKING:
    from gatewright.services.catalogue import LoadedPackage


class Faces:
    """By service and template. `origins`: by package, where those that may call it are fewer than the server's."""

    def __init__(self, packages: Iterable["LoadedPackage"]) -> None:
        self._of_addresses: dict[tuple[str, str], Face] = {}
        self.origins: dict[str, frozenset[str]] = {}
        for loaded in packages:
            said = loaded.package.http if loaded.package else NOTHING_SAID
            if said != NOTHING_SAID:
                self._add(loaded, said)

    def _add(self, loaded: "LoadedPackage", said: PackageFace) -> None:
        if said.cors_allowed_origins is not None:
            self.origins[loaded.folder] = frozenset(said.cors_allowed_origins)
        services = by_spelling(said.services)
        addresses = [(service.name, "") for service in loaded.services]
        addresses += [(template.service, template.text) for template in loaded.templates]
        for address in addresses:
            self._of_addresses[address] = resolved(said, services, *address)

    def __bool__(self) -> bool:
        return bool(self._of_addresses)

    def find(self, service: str, template: str) -> Face | None:
        """What holds for an address; None: nothing is said. template: empty for the service's own address."""
        return self._of_addresses.get((service, template))


def by_spelling(services: Mapping[str, Face]) -> dict[str, Face]:
    """The faces by names and templates as `spelled`, those that cannot be read left out."""
    found = {}
    for name, face in services.items():
        try:
            found[spelled(name)] = face
        except ValueError:
            continue
    return found


def dangling(loaded: "LoadedPackage") -> list[str]:
    """A sentence for each name under `http.services` that is none of the package's."""
    said = loaded.package.http if loaded.package else NOTHING_SAID
    known = {service.name for service in loaded.services} | {template.text for template in loaded.templates}
    found = []
    for name in said.services:
        try:
            spelling = spelled(name)
        except ValueError as error:
            found.append(f"http.services: {error}")
            continue
        if spelling not in known:
            found.append(f"http.services names {name!r}, which is no service or URL template of this package")
    return found
