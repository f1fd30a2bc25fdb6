"""The audit log: who changed what, with the values before and after, and what happened on each day in sum."""

import datetime
from collections.abc import AsyncIterator
from collections.abc import Iterable
from itertools import groupby
from typing import Any
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response
from starlette.responses import StreamingResponse

from gatewright.admin import audit
from gatewright.console.sorting import sorting
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.store.daily_sums import Sum
from gatewright.store.records import AuditRow

_DAY: Final = 86_400
_DAYS_SHOWN: Final = 31
_BATCH: Final = 500
_FILTERS: Final = ("actor", "action", "target", "since", "until")
_ACTIONS: Final = (
    ("client.", "Clients"),
    ("scope.", "Scopes"),
    ("acl.", "Access control lists"),
    ("group.", "Groups"),
    ("user.", "Users and sign-ins"),
    ("consent.", "Consents"),
    ("factor.", "Second factors"),
    ("token.", "Tokens"),
    ("key.", "Signing keys"),
    ("settings.", "Settings"),
    ("trusted_issuer.", "Trusted issuers"),
    ("external_server.", "External servers"),
    ("service.", "Services"),
    ("package.", "Packages"),
    ("connection.", "Connections"),
)


async def show_list(visit: Visit) -> Response:
    """The log, newest first, narrowed by who, what, which and when."""
    chosen = {name: visit.query(name) for name in _FILTERS}
    sort = sorting(visit, {"Time": "-time"}, "-time", **chosen)
    found = await visit.read(
        audit.page,
        visit.query("cursor") or None,
        PAGE_SIZE + 1,
        oldest_first=not sort.descending,
        **_narrowed(chosen),
    )
    shown = found[:PAGE_SIZE]
    return visit.page(
        "explain/audit.html",
        rows=[{"row": row, "changes": differences(row)} for row in shown],
        chosen=chosen,
        actions=_ACTIONS,
        days=by_day(await visit.read(audit.sums, days=_DAYS_SHOWN, **_window(chosen))),
        most_days=_DAYS_SHOWN,
        head=await visit.read(audit.head),
        sort=sort,
        next_cursor=shown[-1].id if len(found) > PAGE_SIZE else "",
        is_first=not visit.query("cursor"),
        query=urlencode({name: text for name, text in chosen.items() if text}),
    )


async def export(visit: Visit) -> Response:
    """The log, as narrowed, as JSON lines, newest first."""
    chosen = _narrowed({name: visit.query(name) for name in _FILTERS})

    async def written() -> AsyncIterator[bytes]:
        before: str | None = None
        while True:
            rows = await visit.read(audit.page, before, _BATCH, **chosen)
            if rows:
                yield b"".join(audit.json_line(row) for row in rows)
            if len(rows) < _BATCH:
                return
            before = rows[-1].id

    return StreamingResponse(
        written(),
        media_type="application/jsonl",
        headers={"content-disposition": 'attachment; filename="audit.jsonl"'},
    )


def differences(row: AuditRow) -> list[tuple[str, str, str]]:
    """What a change changed: name, value before and after, each as people read it; "" for none."""
    before, after = _values(row.before), _values(row.after)
    return [
        (name, _shown(before.get(name)), _shown(after.get(name)))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and name not in ("revision", "updated_at")
    ]


def _values(text: str | None) -> dict[str, Any]:
    value = msgspec.json.decode(text) if text else {}
    return value if isinstance(value, dict) else {"value": value}


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_shown, value)) or "none"
        case str():
            return value or "“”"
    return msgspec.json.encode(value).decode()


def _narrowed(chosen: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: chosen[name] for name in ("actor", "action", "target")}
    return given | _window(chosen)


def _window(chosen: dict[str, str]) -> dict[str, int]:
    return {"since": _midnight(chosen["since"]), "until": _midnight(chosen["until"], days=1)}


def _midnight(text: str, days: int = 0) -> int:
    """When a day began, `days` later; 0 for none that can be read."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return 0
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp()) + days * _DAY


_SUMMED: Final = (
    ("Sign-ins", "person", "user.sign_in"),
    ("Consents", "person", "consent."),
    ("Tokens issued", "grant", ""),
    ("Requests refused", "refusal", ""),
)
"""The columns of the sums: their headers, and the kind and the beginning of the names that each adds up."""


def by_day(sums: Iterable[Sum]) -> list[dict[str, Any]]:
    """The days, as they come; of each column how many in all, and of what."""
    return [{"day": day, "cells": _cells(list(found))} for day, found in groupby(sums, key=lambda each: each.day)]


def _cells(sums: list[Sum]) -> list[dict[str, Any]]:
    cells = []
    for label, kind, prefix in _SUMMED:
        found = sorted(
            ((each.name.removeprefix(prefix).lstrip("."), each.count) for each in sums if _is_of(each, kind, prefix)),
            key=lambda part: (-part[1], part[0]),
        )
        cells.append(
            {"label": label, "count": sum(count for _, count in found), "parts": [part for part in found if part[0]]}
        )
    return cells


def _is_of(each: Sum, kind: str, prefix: str) -> bool:
    return each.kind == kind and each.name.startswith(prefix)
