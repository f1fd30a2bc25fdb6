"""Flows as they are being written: checked and run against the catalogue before they are saved."""

from collections.abc import Collection
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gatewright.flow import Problem
from gatewright.flow import Signature
from gatewright.flow import check_flow
from gatewright.flow import load_flow
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.flow_service import flow_service
from gatewright.services.local_documents import LocalDocuments


class CatalogueRegistry:
    """The services of a catalogue as a flow may call them (`gatewright.flow.Registry`).

    connections: the names of the server's; None: not known. folder: where the flow's file is or will be.
    """

    def __init__(
        self, catalogue: Catalogue, connections: Collection[str] | None = None, folder: Path | None = None
    ) -> None:
        self._services, self._connections = catalogue.services, connections
        self._documents = LocalDocuments(folder)

    def signature(self, name: str) -> Signature | None:
        """What a service takes and gives, or None when there is none of that name."""
        service = self._services.get(name)
        return None if service is None else signature_of(service)

    def names(self) -> Iterable[str]:
        """All full names."""
        return self._services

    def connections(self) -> Collection[str] | None:
        """The names of the server's connections, if they are known."""
        return self._connections

    def document(self, name: str) -> bytes | None:
        """The OpenAPI document of that file name beside the flow."""
        return self._documents.read(name)


def signature_of(service: Service) -> Signature:
    """A service's schemas as the flow language takes them."""
    schemas = (service.input_schema, service.output_schema)
    return Signature(service.name, *(None if schema is None else dict(schema) for schema in schemas))


def check_source(
    catalogue: Catalogue, text: str, connections: Collection[str] | None = None, folder: Path | None = None
) -> list[Problem]:
    """Every problem and warning of a flow's text, with places, held against the services it calls.

    connections: the names of those there are; None: any name is taken. folder: of the flow's file.
    """
    return check_flow(text, CatalogueRegistry(catalogue, connections, folder))


def with_draft(catalogue: Catalogue, service: Service, text: str, folder: Path | None = None) -> Catalogue:
    """The catalogue with a flow service as `text` would make it, to run it once. folder: of its file. Raises FlowProblems."""
    flow = load_flow(text, CatalogueRegistry(catalogue, folder=folder))
    draft = flow_service(flow, service.name, service.package, service.file)
    owner = catalogue.packages[service.package]
    services = tuple(
        draft if each.file == service.file and each.name == service.name else each for each in owner.services
    )
    packages = catalogue.packages | {owner.folder: msgspec.structs.replace(owner, services=services)}
    return Catalogue(packages.values(), catalogue.generation)
