"""The question before a change that lets somebody call what it could not: what exactly, in numbers and names."""

from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.admin import widening
from gatewright.admin.widening import Concerned
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
    concerned: Concerned,
    change: Verb[P, object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response | None:
    """The question when the change widens something and it was not answered yet; None: go on and make it.

    Raises what the change raises.
    """
    found = await widening.preview(visit.parts.database, visit.catalogue, concerned, change, *args, **kwargs)
    seen = revision_of(found)
    if not found.widens or visit.field(_FIELD) == seen:
        return None
    sent = [(name, value) for name, value in visit.form.multi_items() if name not in ("csrf", _FIELD)]
    return visit.ask(
        section=question.section,
        trail=question.trail,
        heading=question.heading,
        sentences=[*found.sentences(), *_not_looked_at(concerned)],
        items=await named(visit, found),
        action=question.action,
        hidden=[*sent, (_FIELD, seen)],
        button="Save",
        danger=False,
        cancel=question.cancel,
    )


def _not_looked_at(concerned: Concerned) -> list[str]:
    if not concerned.more:
        return []
    what = f"may ask for {concerned.scope}" if concerned.scope else "have scopes that list it"
    return [f"{concerned.more:,} more clients {what}, and were not looked at one by one."]


async def foreseen(
    visit: Visit, concerned: Concerned, change: Verb[P, object], *args: P.args, **kwargs: P.kwargs
) -> tuple[list[str], list[str]]:
    """What a change opens and closes, for a page that asks about it in any case: in sentences, and in names."""
    found = await widening.preview(visit.parts.database, visit.catalogue, concerned, change, *args, **kwargs)
    return [*found.sentences(), *_not_looked_at(concerned)], await named(visit, found)


async def named(visit: Visit, found: Difference) -> list[str]:
    """A difference in names, the first of them."""
    return found.names(await visit.read(widening.labels, found), _MOST)
