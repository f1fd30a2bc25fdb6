"""A service under another name, or gone: what that changes elsewhere, shown before it is done."""

import asyncio
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import service_names
from gatewright.admin.service_names import Named
from gatewright.console.saving import change_files
from gatewright.console.saving import rewrite
from gatewright.console.service_page import find_service
from gatewright.console.visit import Visit
from gatewright.kernel import yaml
from gatewright.kernel.errors import Conflict
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import deciding_target
from gatewright.services.names import is_service
from gatewright.services.new_service import label
from gatewright.services.new_service import service_file
from gatewright.services.references import Reference
from gatewright.services.references import references
from gatewright.services.references import renamed
from gatewright.services.references import without_templates
from gatewright.services.scan import FLOW
from gatewright.services.scan import UPSTREAM
from gatewright.services.source import read_file
from gatewright.services.testing import TEST
from gatewright.services.upstream_edit import operation_renamed
from gatewright.services.upstream_edit import without_operation

_PYTHON: Final = (
    "{name} is a function in {file}. Rename or remove it there, where other Python code that calls it is seen too;"
    " Find usages lists everything else that names it."
)
_BUILT_IN: Final = "What is built in keeps its name."


class Found(msgspec.Struct, frozen=True):
    """Everything that names a service: in files, and in the database."""

    references: list[Reference]
    named: Named

    @property
    def python(self) -> list[Reference]:
        """Places in Python files: they are told, not changed."""
        return [each for each in self.references if each.kind == "python"]

    def by_file(self) -> dict[str, list[Reference]]:
        """The places that are changed, by file."""
        files: dict[str, list[Reference]] = {}
        for each in self.references:
            if each.kind != "python":
                files.setdefault(each.file, []).append(each)
        return files


async def usages(visit: Visit) -> Response:
    """Everything that names the service."""
    service = find_service(visit)
    return visit.page("packages/usages.html", service=service, found=await _find(visit, service.name))


async def rename(visit: Visit) -> Response:
    """Ask for the new name, show what changes, and do it."""
    service, to = _changeable(visit), (visit.field("to") or visit.query("to")).strip()
    found = await _find(visit, service.name)
    error = _refusal(visit, service, to) if to else ""
    if visit.is_post and to and not error:
        await (_rename_operation if _is_operation(service) else _rename)(visit, service, to, found)
        return visit.go(
            f"/console/services?name={quote(to)}", f"{service.name} is {to} now, and so wherever it is named."
        )
    return visit.page(
        "packages/rename.html",
        422 if error else 200,
        service=service,
        to=to,
        error=error,
        found=found,
        rights=await _rights(visit, service.name, to) if to and not error else [],
    )


async def delete(visit: Visit) -> Response:
    """Say what breaks, and remove the service's file."""
    service = _changeable(visit)
    found = await _find(visit, service.name)
    if visit.is_post:
        await _delete(visit, service, found)
        return visit.go(
            "/console/packages", f"{service.name} is deleted. Its last text stays among the versions of that name."
        )
    callers = sorted(
        {each.service for each in found.references if each.kind == "flow" and each.service != service.name}
    )
    routes = [each.what for each in found.references if each.kind == "template"]
    return visit.ask(
        section="packages",
        trail=[("Packages", "/console/packages"), (service.name, f"/console/services?name={quote(service.name)}")],
        heading=f"Delete {service.name}?",
        sentences=[_what_goes(service)],
        items=[
            *(f"{name} calls it, and is disabled from then on" for name in callers),
            *(
                f"{each.file}, line {each.line}, names it"
                for each in found.references
                if each.kind in ("python", "http")
            ),
            *(f"{route} leads nowhere, and is removed" for route in routes),
            *(f"The scope {scope} lists it" for scope in found.named.scopes),
        ],
        action=f"/console/services/delete?name={quote(service.name)}",
        button="Delete service",
        cancel=f"/console/services?name={quote(service.name)}",
    )


def _what_goes(service: Service) -> str:
    """An API whose last operation goes would else be served whole."""
    shares = _is_operation(service) and not _is_last(service)
    begin = f"It is taken out of {service.file}" if shares else "Its file goes"
    return f"{begin}, and with it its URL templates and its place in scopes and access control lists."


async def _find(visit: Visit, name: str) -> Found:
    found = await asyncio.to_thread(references, visit.parts.packages_folder, visit.catalogue, name)
    return Found(found, await visit.read(service_names.find, name))


def _changeable(visit: Visit) -> Service:
    service = find_service(visit)
    if service.kind == "python":
        raise Conflict(_PYTHON.format(name=service.name, file=service.file))
    if service.kind == "builtin":
        raise Conflict(_BUILT_IN)
    return service


def _suffix(service: Service) -> str:
    return FLOW if service.kind == "flow" else UPSTREAM


def _is_operation(service: Service) -> bool:
    """Whether it shares its file with the other operations of an upstream."""
    return service.forwarder is not None and service.forwarder.operation is not None


def _is_last(service: Service) -> bool:
    return service.forwarder is None or len(service.forwarder.upstream.operations) < 2


def _refusal(visit: Visit, service: Service, to: str) -> str:
    if not is_service(to):
        return "Write folder:service, for instance orders.reports:daily; letters, digits, _ and - are allowed."
    if to == service.name:
        return "That is its name already."
    if visit.catalogue.has_service(to):
        return f"There is a service {to} already."
    if _is_operation(service):
        return _refused_operation(visit, service, to)
    suffix = _suffix(service)
    new = service_file(service.package, to, suffix)
    for file in (new, new.removesuffix(suffix) + TEST):
        if (visit.parts.packages_folder / file).exists():
            return f"{file} exists already."
    return ""


def _refused_operation(visit: Visit, service: Service, to: str) -> str:
    if to.partition(":")[0] != service.folder:
        return f"An operation stays with its API, in the folder {service.folder}; the API's folder is its file's name."
    try:
        operation_renamed(read_file(visit.parts.packages_folder, service.file).text, _own(service.name), _own(to))
    except ValueError as error:
        return f"{service.file} is not changed from here: {error}."
    return ""


def _own(name: str) -> str:
    return name.partition(":")[2]


async def _rights(visit: Visit, name: str, to: str) -> list[tuple[str, str, str]]:
    """What another folder means for who may call it: the kind, before, after; only what changes."""
    scopes = Openings((await visit.parts.directory.scopes()).values())
    acls = await visit.parts.directory.acls()
    before, after = set(scopes.scopes_for(name)), set(scopes.scopes_for(to))
    listed = {scope for scope in before if name in (await visit.parts.directory.scopes())[scope].services}
    after |= listed  # they list its new name then
    own = name in acls
    rules = (deciding_target(acls, name) or "", to if own else deciding_target(acls, to) or "")
    return [
        *([("Scopes that open it", ", ".join(sorted(before)), ", ".join(sorted(after)))] if before != after else ()),
        *([("Access control list", *rules)] if rules[0] != rules[1] and not own else ()),
    ]


async def _rename(visit: Visit, service: Service, to: str, found: Found) -> None:
    """The new file first, so that whatever is renamed then finds it; the old one goes last."""
    packages, files, suffix = visit.parts.packages_folder, found.by_file(), _suffix(service)
    new, test = service_file(service.package, to, suffix), service.file.removesuffix(suffix) + TEST
    text = renamed(read_file(packages, service.file).text, files.pop(service.file, []), service.name, to)
    made = {new: _relabelled(text, service.name, to) if service.kind == "flow" else text}
    gone: dict[str, None] = {service.file: None}
    if (packages / test).is_file():
        places = files.pop(test, [])
        made[new.removesuffix(suffix) + TEST] = renamed(read_file(packages, test).text, places, service.name, to)
        gone[test] = None
    await change_files(visit, made)
    await visit.write(service_names.rename, visit.by, service.name, to)
    changes = {
        file: renamed(read_file(packages, file).text, places, service.name, to) for file, places in files.items()
    }
    await rewrite(visit, changes, f"{service.name} is {to} now")
    await change_files(visit, gone)


async def _rename_operation(visit: Visit, service: Service, to: str, found: Found) -> None:
    """All at once: the API's file and what names the operation."""
    packages = visit.parts.packages_folder
    own = read_file(packages, service.file).text
    changes = {service.file: operation_renamed(own, _own(service.name), _own(to))}
    for file, places in found.by_file().items():
        changes[file] = renamed(read_file(packages, file).text, places, service.name, to)
    await visit.write(service_names.rename, visit.by, service.name, to)
    await rewrite(visit, changes, f"{service.name} is {to} now")


async def _delete(visit: Visit, service: Service, found: Found) -> None:
    packages = visit.parts.packages_folder
    text = read_file(packages, service.file).text
    shares = _is_operation(service) and not _is_last(service)
    left = _without(service, text) if shares else None
    await visit.write(service_names.delete, visit.by, service.name, service.file, text)
    manifests = {each.file for each in found.references if each.kind == "template"}
    changes = {file: without_templates(read_file(packages, file).text, service.name) for file in manifests}
    if left is not None:
        await rewrite(visit, {**changes, service.file: left}, f"{service.name} was deleted")
        return
    await rewrite(visit, changes, f"{service.name} was deleted")
    test = service.file.removesuffix(_suffix(service)) + TEST
    gone = [service.file, *([test] if (packages / test).is_file() else ())]
    await change_files(visit, dict.fromkeys(gone))


def _without(service: Service, text: str) -> str:
    try:
        return without_operation(text, _own(service.name))
    except ValueError as error:
        raise Conflict(f"{service.file} is not changed from here: {error}.") from None


def _relabelled(text: str, name: str, to: str) -> str:
    """A flow whose `document` bears its service's name bears the new one."""
    (folder, _, own), (new_folder, _, new_own) = name.partition(":"), to.partition(":")
    try:
        document = yaml.load(text)
    except yaml.YamlProblem:
        return text
    head: Any = document.value.get("document") if isinstance(document.value, dict) else None
    lines = text.split("\n")
    for key, former, other in (("name", own, new_own), ("namespace", folder, new_folder)):
        if not isinstance(head, dict) or head.get(key) != label(former):
            continue
        line, column = document.place(f"/document/{key}")
        at = lines[line - 1].find(label(former), column - 1)
        if at >= 0:
            lines[line - 1] = lines[line - 1][:at] + label(other) + lines[line - 1][at + len(label(former)) :]
    return "\n".join(lines)
