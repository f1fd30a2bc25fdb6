"""Access control lists."""

from collections.abc import Callable
from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import acls as operations
from gatewright.admin.widening import Concerned
from gatewright.console.sorting import sorting
from gatewright.console.visit import Visit
from gatewright.console.visit import refuse_if_changed
from gatewright.console.visit import revision_of
from gatewright.console.widening import Question
from gatewright.console.widening import asked_first
from gatewright.console.widening import foreseen
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.services.coverage import deciding_target
from gatewright.services.names import folders_above
from gatewright.store import access
from gatewright.store.database import Transaction
from gatewright.store.records import Acl

_LIST: Final = "/console/acls"
_COLUMNS: Final = {"Folder or service": "target", "May execute": "groups", "Services": "-services"}
_KEYS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "target": lambda row: row["acl"].target,
    "groups": lambda row: (row["acl"].execute, row["acl"].target),
    "services": lambda row: (row["services"], row["acl"].target),
}


async def show_list(visit: Visit) -> Response:
    """The lists by target, with how many services each decides for."""
    acls = await visit.parts.directory.acls()
    decided = [deciding_target(acls, name) for name in visit.catalogue.services]
    rows = [
        {"acl": Acl(target=target, execute=groups), "services": decided.count(target)}
        for target, groups in acls.items()
    ]
    sort = sorting(visit, _COLUMNS, "target")
    return visit.page("people/acls.html", rows=sort.rows(rows, _KEYS), sort=sort)


async def edit(visit: Visit) -> Response:
    """The form of a list, new or not, and its answer."""
    target = visit.query("target")
    acls = await visit.parts.directory.acls()
    acl = Acl(target=target, execute=acls[target]) if target in acls else None
    if not visit.is_post:
        execute = acl.execute if acl else ()
        return await _form(visit, acl, {"target": target, "execute": execute, "revision": revision_of(acl)})
    chosen = acl.target if acl else visit.field("target").strip()
    try:
        question = _question(chosen, is_new=not target)
        if asked := await asked_first(visit, question, Concerned(), _save, visit, chosen, is_new=not target):
            return asked
        await visit.write(_save, visit, chosen, is_new=not target)
    except (Invalid, Conflict) as refused:
        typed = {"target": chosen, "execute": visit.fields("execute"), "revision": visit.field("revision")}
        return await _form(visit, acl, typed, refused)
    return visit.go(_LIST, f"Access control list of {chosen} saved. In force from the next call on.")


def _question(target: str, *, is_new: bool) -> Question:
    form = f"{_LIST}/edit" if is_new else f"{_LIST}/edit?target={quote(target, safe='')}"
    trail = [("Users and Groups", ""), ("Access control lists", _LIST)]
    return Question("acls", trail, f"Admit more callers to {target}?", form, form)


def _save(transaction: Transaction, visit: Visit, target: str, *, is_new: bool) -> None:
    kept = access.all_acls(transaction).get(target)
    if is_new and kept is not None:
        raise Invalid([FieldError("target", f"There is a list of {target} already; edit that one.")])
    refuse_if_changed(visit.field("revision"), None if kept is None else Acl(target=target, execute=kept))
    operations.save(transaction, visit.by, target, visit.fields("execute"), visit.catalogue)


async def delete(visit: Visit) -> Response:
    """Delete a list, after saying what holds then."""
    target = visit.query("target")
    acls = await visit.parts.directory.acls()
    if target not in acls:
        raise NotFound(f"There is no access control list of {target}.")
    if visit.is_post:
        await visit.write(operations.delete, visit.by, target)
        return visit.go(_LIST, f"Access control list of {target} deleted.")
    sentences, items = await foreseen(visit, Concerned(), operations.delete, visit.by, target)
    above = next((folder for folder in folders_above(target) if folder != target and folder in acls), None)
    then = f"Then the list of {above} holds." if above else "Then every authenticated user and client may execute it."
    return visit.ask(
        section="acls",
        trail=[("Users and Groups", ""), ("Access control lists", _LIST)],
        heading=f"Delete the list of {target}?",
        sentences=[then, *sentences],
        items=items,
        action=f"{_LIST}/delete?target={quote(target, safe='')}",
        button="Delete list",
        cancel=_LIST,
    )


async def _form(
    visit: Visit, acl: Acl | None, values: dict[str, Any], refused: Invalid | Conflict | None = None
) -> Response:
    catalogue = visit.catalogue
    return visit.form_page(
        "people/acl_form.html",
        refused,
        acl=acl,
        values=values,
        targets=sorted([*catalogue.folders, *catalogue.services]),
        groups=await visit.read(access.all_groups),
    )
