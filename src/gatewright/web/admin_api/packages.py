"""Packages and their services over the Admin API: what there is, in use or not, installed and removed."""

import io
from typing import Annotated
from typing import Final

import msgspec
from msgspec import Meta

from gatewright.admin import packages as operations
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Service
from gatewright.store.database import Transaction
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation

_PACKAGE: Final = "/packages/{name}"
_SERVICE: Final = "/services/{name}"


class PackageLine(msgspec.Struct, frozen=True):
    """A package. enabled: no administrator disabled it. problems: what keeps it, or files of it, from working."""

    name: str
    version: str
    description: str
    enabled: bool
    services: int
    problems: tuple[str, ...]


class PackageList(msgspec.Struct, frozen=True):
    """All packages by name."""

    items: tuple[PackageLine, ...]


class ServiceLine(msgspec.Struct, frozen=True):
    """A service. enabled: no administrator disabled it. active: it can be called; problems: why not."""

    name: str
    package: str
    kind: str
    title: str
    enabled: bool
    active: bool
    url_templates: tuple[str, ...]
    problems: tuple[str, ...]


class ServiceList(msgspec.Struct, frozen=True):
    """The services of all packages by name."""

    items: tuple[ServiceLine, ...]


class InUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """enabled: whether calls are to be answered."""

    enabled: bool


class Archive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package as a zip file. force: install it although something in it cannot be used."""

    zip: Annotated[bytes, Meta(max_length=4_000_000, description="The zip file, in base64.")]
    force: bool = False


class InstalledPackage(msgspec.Struct, frozen=True):
    """What was installed. before: the version it took the place of. findings: what is wrong in it, with places."""

    name: str
    version: str
    before: str | None
    findings: tuple[str, ...]


async def _list(call: AdminCall) -> PackageList:
    return PackageList(tuple(_line(loaded) for name, loaded in sorted(call.parts.catalogue.packages.items()) if name))


async def _get(call: AdminCall) -> PackageLine:
    return _line(_loaded(call))


async def _switch_package(call: AdminCall) -> PackageLine:
    _loaded(call)
    await _switch(call)
    return await _get(call)


async def _services(call: AdminCall) -> ServiceList:
    services = call.parts.catalogue.services
    return ServiceList(tuple(_service_line(call, each) for _, each in sorted(services.items()) if each.package))


async def _service(call: AdminCall) -> ServiceLine:
    found = call.parts.catalogue.services.get(call.variables["name"])
    if found is None:
        raise NotFound(f"There is no service {call.variables['name']}.")
    return _service_line(call, found)


async def _switch_service(call: AdminCall) -> ServiceLine:
    await _service(call)
    await _switch(call)
    return await _service(call)


async def _install(call: AdminCall) -> InstalledPackage:
    from gatewright.admin import package_installing  # loading it takes memory, and few ever need it
    from gatewright.services.installing import zip_source

    done = await package_installing.install(
        call.parts.database,
        call.by,
        call.parts.packages_folder,
        zip_source(io.BytesIO(call.body.zip)),
        "the Admin API",
        share=call.parts.shared.active,
        force=call.body.force,
    )
    await call.parts.watcher.refresh()
    return InstalledPackage(done.name, done.version, done.before, tuple(map(str, done.findings)))


async def _remove(call: AdminCall) -> None:
    from gatewright.admin import package_installing

    parts = call.parts
    name = call.variables["name"]
    await package_installing.remove(
        parts.database, call.by, parts.packages_folder, name, parts.catalogue, share=parts.shared.active
    )
    await parts.watcher.refresh()


async def _switch(call: AdminCall) -> None:
    await call.parts.database.write(_set_enabled, call)
    await call.parts.watcher.refresh()


def _set_enabled(transaction: Transaction, call: AdminCall) -> None:
    if call.body.enabled:
        operations.enable(transaction, call.by, call.variables["name"])
    else:
        operations.disable(transaction, call.by, call.variables["name"], call.parts.catalogue)


def _loaded(call: AdminCall) -> LoadedPackage:
    found = call.parts.catalogue.packages.get(call.variables["name"])
    if found is None or not found.folder:
        raise NotFound(f"There is no package {call.variables['name']}.")
    return found


def _line(loaded: LoadedPackage) -> PackageLine:
    package = loaded.package
    return PackageLine(
        loaded.folder,
        package.version if package else "unknown",
        package.description if package else "",
        not loaded.switched_off,
        len(loaded.services),
        tuple(map(str, loaded.problems)),
    )


def _service_line(call: AdminCall, service: Service) -> ServiceLine:
    return ServiceLine(
        service.name,
        service.package,
        service.kind,
        service.title,
        not service.switched_off,
        service.enabled,
        tuple(template.text for template in call.parts.catalogue.templates_of(service.name)),
        tuple(map(str, service.problems)),
    )


OPERATIONS: Final = (
    Operation(
        name="packages:list",
        method="GET",
        path="/packages",
        summary="List the packages",
        action="read",
        alone=_list,
        answer=PackageList,
    ),
    Operation(
        name="packages:get",
        method="GET",
        path=_PACKAGE,
        summary="Show a package",
        action="read",
        alone=_get,
        answer=PackageLine,
    ),
    Operation(
        name="packages:update",
        method="PATCH",
        path=_PACKAGE,
        summary="Put a package out of use, or into use again, on every worker and node within a second",
        action="package.disable",
        alone=_switch_package,
        body=InUse,
        answer=PackageLine,
    ),
    Operation(
        name="packages:install",
        method="POST",
        path="/packages",
        summary="Install a package, in place of a former version; it is checked first",
        action="package.install",
        alone=_install,
        body=Archive,
        answer=InstalledPackage,
        status=201,
        location=lambda done: f"/packages/{done.name}",
    ),
    Operation(
        name="packages:remove",
        method="DELETE",
        path=_PACKAGE,
        summary="Take a package away",
        action="package.remove",
        alone=_remove,
        status=204,
    ),
    Operation(
        name="services:list",
        method="GET",
        path="/services",
        summary="List the services of all packages",
        action="read",
        alone=_services,
        answer=ServiceList,
    ),
    Operation(
        name="services:get",
        method="GET",
        path=_SERVICE,
        summary="Show a service",
        action="read",
        alone=_service,
        answer=ServiceLine,
    ),
    Operation(
        name="services:update",
        method="PATCH",
        path=_SERVICE,
        summary="Put a service out of use, or into use again, on every worker and node within a second",
        action="service.disable",
        alone=_switch_service,
        body=InUse,
        answer=ServiceLine,
    ),
)
