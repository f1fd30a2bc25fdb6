"""OpenAPI documents that lie beside flows, as files: `shop.openapi.yaml`."""

from pathlib import Path
from typing import Final

from gatewright.services.scan import Stamp
from gatewright.services.scan import stamp_of

_LONGEST: Final = 5_000_000
"""Bytes."""


class LocalDocuments:
    """The documents beside one flow; remembers which it gave. folder: the flow's; None: there are no files at hand."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.given: dict[Path, Stamp | None] = {}

    def read(self, name: str) -> bytes | None:
        """The content of a document, None when it is not there or too long. name: `flow.openapi.document.is_local`."""
        if self._folder is None:
            return None
        path = self._folder / name
        stamp = self.given[path] = stamp_of(path)
        if stamp is None or stamp[1] > _LONGEST:
            return None
        try:
            return path.read_bytes()
        except OSError:
            return None


def are_current(given: dict[Path, Stamp | None]) -> bool:
    """Whether the documents are still those that were given."""
    return all(stamp_of(path) == stamp for path, stamp in given.items())
