"""OpenAPI descriptions as callers get them: made in a thread, for a large catalogue takes its time, and kept."""

import asyncio
from typing import Final

import msgspec

from gatewright.kernel.memory import Memory
from gatewright.kernel.single_flight import SingleFlight
from gatewright.services.caller import Caller
from gatewright.services.coverage import is_open
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.openapi import Sources
from gatewright.services.openapi import Visible
from gatewright.services.openapi import document
from gatewright.services.template import UrlTemplate

_MOST_KEPT: Final = 32
_encode: Final = msgspec.json.Encoder().encode

_Key = tuple[str | None, frozenset[str] | None, frozenset[str]]


class _Kept(msgspec.Struct, frozen=True):
    sources: Sources
    body: bytes


class Descriptions:
    """The descriptions of one process. What they were made from is compared by identity: a change gives new objects."""

    def __init__(self) -> None:
        self._kept: Memory[_Key, _Kept] = Memory(_MOST_KEPT)
        self._runs: SingleFlight[_Key, _Kept] = SingleFlight()

    async def get(self, sources: Sources, caller: Caller | None, package: str | None) -> bytes:
        """The description for a caller, of what his token opens and what is open; None: of everything."""
        key: _Key = (package, None, frozenset())
        visible: Visible = _everything
        if caller is not None:
            key = (package, frozenset(caller.scopes), caller.groups)
            visible = _for(caller, sources)
        kept = self._kept.get(key)
        if kept is None or not _same(kept.sources, sources):
            kept = await self._runs.run(key, lambda: self._make(key, sources, visible))
            if not _same(kept.sources, sources):  # the run had begun before the change
                kept = await self._make(key, sources, visible)
        return kept.body

    async def _make(self, key: _Key, sources: Sources, visible: Visible) -> _Kept:
        body = await asyncio.to_thread(lambda: _encode(document(sources, visible, key[0])))
        made = _Kept(sources, body)
        self._kept.put(key, made)
        return made


def _same(one: Sources, other: Sources) -> bool:
    return one.catalogue is other.catalogue and one.scopes is other.scopes and one.acls is other.acls


def _everything(service: str, template: UrlTemplate | None) -> bool:
    return True


def _for(caller: Caller, sources: Sources) -> Visible:
    """What this caller's token opens; of what is open to everybody, all."""

    def visible(service: str, template: UrlTemplate | None) -> bool:
        acl = nearest_acl(sources.acls, service)
        if is_open(acl):
            return True
        opened_by = sources.openings.scopes_for(service, template)
        return not opened_by.isdisjoint(caller.scopes) and may_execute(acl, caller)

    return visible
