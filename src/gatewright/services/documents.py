"""OpenAPI documents that flows' calls name: fetched when the flows are loaded, so that no call waits for them.

A document that does not come, or does not fit the call, is a warning: the server starts without it, and it is tried again.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow.openapi.document import Document
from gatewright.flow.openapi.document import parse_document
from gatewright.flow.openapi.kept import misfit
from gatewright.flow.tasks.call_openapi import DOCUMENT_WANTED
from gatewright.kernel.clock import Clock
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.outgoing import Outgoing

_AGAIN: Final = 600
"""Seconds after which a document is asked for again."""
_SOON: Final = 30
"""Seconds after which one that did not come is."""
_PATIENCE: Final = 10.0
_AT_ONCE: Final = 4
_MOST: Final = 200
_log = structlog.get_logger("gatewright.services")

_Place = tuple[str, tuple[str, ...]]
"""An address, and the hosts that the package which asks for it may call."""


class _Kept(msgspec.Struct):
    """What is known of a document. due: when to ask again, in seconds since the epoch. trouble: why there is none."""

    due: int
    document: Document | None = None
    etag: str = ""
    trouble: str = ""


class DocumentKeeper:
    """Keeps the documents of all flows of a process. `run` is its work, `follow` tells it of new flows."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing, self._clock = outgoing, clock
        self._catalogue = Catalogue()
        self._changed = asyncio.Event()
        self._kept: dict[_Place, _Kept] = {}
        self._problems: dict[str, tuple[Problem, ...]] = {}

    def follow(self, catalogue: Catalogue) -> None:
        """Look after the flows of this catalogue from now on."""
        self._catalogue = catalogue
        self._changed.set()

    def problems(self) -> dict[str, tuple[Problem, ...]]:
        """What is wrong with documents, by service; no service is disabled for it."""
        return self._problems

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self.look()
            except Exception:
                _log.exception("OpenAPI documents were not looked after")
            with suppress(TimeoutError):
                async with asyncio.timeout(_SOON):
                    await self._changed.wait()

    async def look(self) -> None:
        """Fetch what is due, give it to the flows, and hold their calls against it."""
        flows = [each for each in self._catalogue.services.values() if each.documents and each.documents.uses]
        places = dict.fromkeys(place for each in flows for place in self._places(each))
        wanted = list(places)[:_MOST]
        self._kept = {place: kept for place, kept in self._kept.items() if place in places}
        now = self._clock()
        due = [place for place in wanted if place not in self._kept or self._kept[place].due <= now]
        room = asyncio.Semaphore(_AT_ONCE)

        async def fetch(place: _Place) -> None:
            async with room:
                self._kept[place] = await self._fetched(place, self._kept.get(place))

        await asyncio.gather(*map(fetch, due))
        self._problems = {each.name: found for each in flows if (found := tuple(self._hand_over(each)))}

    def _places(self, service: Service) -> list[_Place]:
        loaded = self._catalogue.packages.get(service.package)
        allowed = loaded.package.allowed_hosts if loaded and loaded.package else ()
        return [(use.address, tuple(allowed)) for use in service.documents.uses] if service.documents else []

    async def _fetched(self, place: _Place, before: _Kept | None) -> _Kept:
        address, allowed = place
        document, etag = (before.document, before.etag) if before else (None, "")
        condition = {"If-None-Match": etag} if document is not None and etag else {}
        now = self._clock()
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._outgoing.send(HttpRequest("GET", address, DOCUMENT_WANTED | condition), allowed)
            if answer.status != 304:
                if answer.status != 200:
                    raise HttpFailure("unreachable", f"it was answered {answer.status}")
                document = await asyncio.to_thread(parse_document, answer.body, address)
                etag = next((value for name, value in answer.headers.items() if name.lower() == "etag"), "")
        except (HttpFailure, TimeoutError) as error:
            why = str(error) or f"no answer within {_PATIENCE:g} s"
            shown = address.partition("?")[0]
            trouble = (
                f"the OpenAPI document {shown} does not come: {why} (it is asked for again, at the latest by the call)"
            )
        except FlowError as error:
            trouble = error.detail
        else:
            return _Kept(now + _AGAIN, document, etag)
        if before is None or before.trouble != trouble:
            _log.warning("OpenAPI document cannot be used", address=address.partition("?")[0], reason=trouble)
        return _Kept(now + _SOON, document, etag, trouble)

    def _hand_over(self, service: Service) -> Iterable[Problem]:
        assert service.documents is not None
        for use, place in zip(service.documents.uses, self._places(service), strict=True):
            kept = self._kept.get(place)
            if kept is None:
                continue
            if kept.document is not None:
                service.documents.keep(use.address, kept.document, self._clock())
            why = kept.trouble or (misfit(use, kept.document) if kept.document is not None else "")
            if why:
                yield Problem(file=service.file, line=use.line, column=use.column, message=why)
