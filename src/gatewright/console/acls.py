"""Access control lists."""

from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import acls as operations
from gatewright.console.visit import Visit
from gatewright.console.visit import errors_by_field
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.services.names import folders_above
from gatewright.store import access
from gatewright.store.records import Acl

_LIST: Final = "/console/acls"


async def show_list(visit: Visit) -> Response:
    """The lists by target, with how many services each decides for."""
    acls = await visit.parts.directory.acls()
    decided = [_deciding(name, acls) for name in visit.catalogue.services]
    rows = [
        {"acl": Acl(target=target, execute=groups), "services": decided.count(target)}
        for target, groups in acls.items()
    ]
    return visit.page("people/acls.html", rows=rows)


async def edit(visit: Visit) -> Response:
    """The form of a list, new or not, and its answer."""
    target = visit.query("target")
    acls = await visit.parts.directory.acls()
    acl = Acl(target=target, execute=acls[target]) if target in acls else None
    if not visit.is_post:
        return await _form(visit, acl, {"target": target, "execute": acl.execute if acl else []})
    target, execute = acl.target if acl else visit.field("target").strip(), visit.fields("execute")
    try:
        await visit.write(operations.save, visit.by, target, execute, visit.catalogue)
    except Invalid as error:
        return await _form(visit, acl, {"target": target, "execute": execute}, errors_by_field(error), 422)
    return visit.go(_LIST, f"Access control list of {target} saved. In force from the next call on.")


async def delete(visit: Visit) -> Response:
    """Delete a list, after saying what holds then."""
    target = visit.query("target")
    acls = await visit.parts.directory.acls()
    if target not in acls:
        raise NotFound(f"There is no access control list of {target}.")
    if visit.is_post:
        await visit.write(operations.delete, visit.by, target)
        return visit.go(_LIST, f"Access control list of {target} deleted.")
    above = next((folder for folder in folders_above(target) if folder != target and folder in acls), None)
    then = f"Then the list of {above} holds." if above else "Then every authenticated user and client may execute it."
    return visit.ask(
        section="acls",
        trail=[("Users and Groups", ""), ("Access control lists", _LIST)],
        heading=f"Delete the list of {target}?",
        sentences=[then],
        action=f"{_LIST}/delete?target={quote(target, safe='')}",
        button="Delete list",
        cancel=_LIST,
    )


def _deciding(service: str, acls: Any) -> str | None:
    return next((target for target in (service, *folders_above(service)) if target in acls), None)


async def _form(
    visit: Visit, acl: Acl | None, values: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    catalogue = visit.catalogue
    return visit.page(
        "people/acl_form.html",
        status,
        acl=acl,
        values=values,
        errors=errors or {},
        targets=sorted([*catalogue.folders, *catalogue.services]),
        groups=await visit.read(access.all_groups),
    )
