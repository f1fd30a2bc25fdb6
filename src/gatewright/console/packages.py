"""Packages as a tree of folders and services, and Add flow."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright import __version__
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.names import folder_of
from gatewright.services.names import is_service
from gatewright.services.source import create_source

_LIST: Final = "/console/packages"

FIRST_FLOW: Final = """\
document:
  dsl: '1.0.3'
  namespace: {folder}
  name: {name}
  version: '1.0.0'
  title: {title}
  summary: Say here what it gives, and for whom.
input:
  schema:
    document:
      type: object
      properties:
        name: {{type: string, examples: [Ada]}}
      required: [name]
do:
  - greet:
      set:
        greeting: '${{ "Hello, \\(.name)" }}'
"""


async def show(visit: Visit) -> Response:
    """Every package with what it holds, and what keeps it from working."""
    ordered = sorted(visit.catalogue.packages.values(), key=lambda loaded: (not loaded.folder, loaded.folder))
    packages = [_package(visit, loaded) for loaded in ordered]
    return visit.page("packages/packages.html", packages=packages)


async def add_flow(visit: Visit) -> Response:
    """The form for a new flow, and its answer: the flow's page."""
    names = sorted(folder for folder in visit.catalogue.packages if folder)
    values = {"package": visit.field("package"), "name": visit.field("name").strip()}
    if not visit.is_post:
        return visit.page("packages/flow_new.html", packages=names, values=values, errors={})
    errors = _problems(visit, values)
    if not errors:
        try:
            await _create(visit, values)
        except (Conflict, NotFound) as error:
            errors = {"name": str(error)}
    if errors:
        return visit.page("packages/flow_new.html", 422, packages=names, values=values, errors=errors)
    await visit.parts.watcher.refresh()
    return visit.go(
        f"/console/services?name={values['name']}", f"Flow {values['name']} made. Change its source and save."
    )


async def _create(visit: Visit, values: dict[str, str]) -> None:
    folder, _, name = values["name"].partition(":")
    text = FIRST_FLOW.format(folder=label(folder), name=label(name), title=name.replace("_", " ").capitalize())
    file = f"{values['package']}/services/{folder.replace('.', '/')}/{name}.flow.yaml"
    create_source(visit.parts.packages_folder, file, text)
    await visit.parts.shared.save(visit.by, {file: text}, {})


def label(name: str) -> str:
    """A name as the flow language takes it in `document`: letters, digits and hyphens."""
    return name.replace(".", "-").replace("_", "-").strip("-")[:63].rstrip("-") or "flow"


def _problems(visit: Visit, values: dict[str, str]) -> dict[str, str]:
    if not values["package"] or values["package"] not in visit.catalogue.packages:
        return {"package": "Choose a package."}
    if not is_service(values["name"]):
        return {
            "name": "Write folder:service, for instance orders.reports:daily; letters, digits, _ and - are allowed."
        }
    if visit.catalogue.has_service(values["name"]):
        return {"name": f"There is a service {values['name']} already."}
    return {}


def _package(visit: Visit, loaded: LoadedPackage) -> dict[str, Any]:
    version = loaded.package.version if loaded.package else "unknown"
    return {
        "folder": loaded.folder,
        "name": loaded.folder or "Built in",
        "switched_off": loaded.switched_off,
        "version": version if loaded.folder else __version__,
        "problems": [str(problem) for problem in loaded.problems],
        "nodes": _nodes(visit, loaded),
    }


def _nodes(visit: Visit, loaded: LoadedPackage) -> list[dict[str, Any]]:
    """The package's services below their folders."""
    top: list[dict[str, Any]] = []
    folders: dict[str, list[dict[str, Any]]] = {"": top}
    for service in sorted(loaded.services, key=lambda each: each.name):
        children = _folder(folders, folder_of(service.name))
        routes = [template.text for template in visit.catalogue.templates_of(service.name)]
        children.append({"service": service, "name": service.name.partition(":")[2], "routes": routes})
    return top


def _folder(folders: dict[str, list[dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    if name not in folders:
        parent, _, last = name.rpartition(".")
        folders[name] = []
        _folder(folders, parent).append({"folder": name, "name": last, "children": folders[name]})
    return folders[name]
