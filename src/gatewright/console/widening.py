"""The question before a change that lets somebody call what it could not: what exactly, in numbers and names."""

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.admin import widening
from gatewright.console.visit import Visit
from gatewright.console.visit import revision_of
from gatewright.services.widening import Difference
from gatewright.store.database import P
from gatewright.store.database import Verb

_FIELD: Final = "widening"
_MOST: Final = 20


class Question(msgspec.Struct, frozen=True):
    """How the question stands on its page. action: where the form goes that is answered."""

    section: str
    trail: list[tuple[str, str]]
    heading: str
    action: str
    cancel: str


async def asked_first(
    visit: Visit,
    question: Question,
    client_ids: Sequence[str],
    change: Verb[P, object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response | None:
    """The question when the change widens something and it was not answered yet; None: go on and make it.

    client_ids: the clients whose reach can change. Raises what the change raises.
    """
    found = await widening.preview(visit.parts.database, visit.catalogue, client_ids, change, *args, **kwargs)
    seen = revision_of(found)
    if not found.widens or visit.field(_FIELD) == seen:
        return None
    sent = [(name, value) for name, value in visit.form.multi_items() if name not in ("csrf", _FIELD)]
    return visit.ask(
        section=question.section,
        trail=question.trail,
        heading=question.heading,
        sentences=found.sentences(),
        items=await named(visit, found),
        action=question.action,
        hidden=[*sent, (_FIELD, seen)],
        button="Save",
        danger=False,
        cancel=question.cancel,
    )


async def named(visit: Visit, found: Difference) -> list[str]:
    """A difference in names, the first of them."""
    lines = found.names(await visit.read(widening.labels, found))
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"… and {more:,} more"] if more > 0 else lines
