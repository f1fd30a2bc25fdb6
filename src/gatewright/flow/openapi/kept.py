"""The OpenAPI documents of one flow: which ones its text names, and those that are at hand."""

from typing import TYPE_CHECKING
from typing import Final

import msgspec

from gatewright.flow.errors import FlowError

if TYPE_CHECKING:
    from gatewright.flow.openapi.document import Document

FRESH: Final = 3600.0
"""Seconds for which a document serves; then the next call asks for it again, and makes do with the old one if need be."""
_MOST: Final = 16


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose document's address stands in the flow's text, so that it can be fetched before the call.

    line, column: of the operation's id, from 1. arguments: the names it gives; None: not known before it runs.
    """

    address: str
    operation: str
    line: int
    column: int
    arguments: frozenset[str] | None


class Documents:
    """Kept by address, for all runs of the flow. uses: in the text's order."""

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self._kept: dict[str, tuple[Document, float]] = {}

    def find(self, address: str, now: float) -> "Document | None":
        """The document of that address, if it is fresh. now: seconds since the epoch."""
        kept = self._kept.get(address)
        return kept[0] if kept is not None and now < kept[1] else None

    def stale(self, address: str) -> "Document | None":
        """The document of that address, fresh or not."""
        kept = self._kept.get(address)
        return None if kept is None else kept[0]

    def keep(self, address: str, document: "Document", now: float) -> None:
        """Keep a document that was just fetched; the oldest give way."""
        self._kept.pop(address, None)
        while len(self._kept) >= _MOST:
            self._kept.pop(next(iter(self._kept)))
        self._kept[address] = (document, now + FRESH)


def misfit(use: Use, document: "Document") -> str:
    """Why a call cannot succeed with this document, and what to change; "" when nothing speaks against it."""
    try:
        operation = document.operation(use.operation)
    except FlowError as error:
        return error.detail
    needed = [] if use.arguments is None else [each for each in operation.parameters if each.required]
    if not operation.address.startswith(("http://", "https://")):
        return "the document's servers say no full address (a document in a file names them with http:// or https://)"
    missing = [each.name for each in needed if each.name not in (use.arguments or ())]
    if missing:
        return f"the operation {use.operation!r} needs the parameter {missing[0]!r} (add it under 'parameters')"
    return ""
