"""Built-in services for flows that are checked and run without a server."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gatewright.flow import FlowError
from gatewright.flow import Signature
from gatewright.services.builtin.table import builtin_services
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.draft import signature_of
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from gatewright.services.local_documents import LocalDocuments
from gatewright.services.names import is_builtin
from gatewright.services.names import is_service


class BuiltinsAlone:
    """The registry of a lone flow: built-in services are known, any other full name is taken. folder: of its file."""

    def __init__(self, folder: Path | None = None) -> None:
        self._documents = LocalDocuments(folder)
        self._services = {service.name: service for service in builtin_services()}

    def signature(self, name: str) -> Signature | None:
        """What a service takes and gives; of one that is not built in nothing is known."""
        if name in self._services:
            return signature_of(self._services[name])
        return Signature(name) if is_service(name) and not is_builtin(name) else None

    def names(self) -> Iterable[str]:
        """The full names of the built-in services."""
        return self._services

    def connections(self) -> None:
        """Not known without a server."""

    def document(self, name: str) -> bytes | None:
        """The OpenAPI document of that file name beside the flow."""
        return self._documents.read(name)


async def call_alone(name: str, arguments: dict[str, Any]) -> object:
    """Call a service that needs no server. Raises FlowError."""
    catalogue = Catalogue([LoadedPackage(folder="", package=None, services=builtin_services())])
    runtime = Runtime()
    try:
        return await runtime.invoke(catalogue, name, arguments, Caller(groups=frozenset(["Administrators"])))
    except ServiceError as error:
        raise FlowError(error.type, error.status, error.title, error.detail, extensions=error.extensions) from None
    finally:
        await runtime.close()
