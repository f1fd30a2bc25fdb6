"""Packages as a tree of folders and services, and Add flow."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright import __version__
from gatewright.console.visit import Visit
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.names import folder_of
from gatewright.store import activity

_LIST: Final = "/console/packages"


_DAY: Final = 86_400


async def show(visit: Visit) -> Response:
    """Every package with what it holds, and what keeps it from working."""
    ordered = sorted(visit.catalogue.packages.values(), key=lambda loaded: (not loaded.folder, loaded.folder))
    packages = [_package(visit, loaded) for loaded in ordered]
    calls = await visit.read(activity.since, "service", visit.now - _DAY)
    return visit.page("packages/packages.html", packages=packages, calls=calls)


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
