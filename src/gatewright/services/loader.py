"""Packages on disk into a catalogue, again and again: what has not changed is kept as it was compiled."""

import fcntl
import os
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gatewright.services import python_modules
from gatewright.services.builtin.table import builtin_services
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.flow_loader import FlowFile
from gatewright.services.flow_loader import FlowLoader
from gatewright.services.manifest import MANIFEST
from gatewright.services.manifest import Manifest
from gatewright.services.manifest import read_manifest
from gatewright.services.python_loader import LoadedPython
from gatewright.services.python_loader import list_python
from gatewright.services.python_loader import load_python
from gatewright.services.requirements import unmet_dependencies
from gatewright.services.routes import check_routes
from gatewright.services.scan import FLOW
from gatewright.services.scan import PYTHON
from gatewright.services.scan import UPSTREAM
from gatewright.services.scan import ScannedPackage
from gatewright.services.scan import Stamp
from gatewright.services.scan import scan
from gatewright.services.upstream_loader import LoadedUpstreams
from gatewright.services.upstream_loader import UpstreamLoader

NOTHING_DISABLED: frozenset[str] = frozenset()


class _Known(msgspec.Struct):
    """What is kept of a package between two loads, with what it was made from.

    kept_out: why its Python files were not run.
    """

    manifest: Manifest
    python_stamps: dict[str, Stamp] = {}
    kept_out: Problem | None = None
    python: LoadedPython | None = None
    upstreams: LoadedUpstreams = LoadedUpstreams()


class Loader:
    """Loads the packages below one folder. Not for use by two threads at once.

    builtins: services that every catalogue holds beside the packages' and `pub.*`.
    """

    def __init__(self, packages: Path, builtins: Iterable[Service] = ()) -> None:
        self._packages = packages
        self._builtins = (*builtin_services(), *builtins)
        self._known: dict[str, _Known] = {}
        self._flows = FlowLoader(packages)
        self._upstreams = UpstreamLoader(packages)
        self._scanned: list[ScannedPackage] | None = None
        self._disabled = NOTHING_DISABLED
        self._catalogue = Catalogue()
        self._outdated: list[str] = []

    def load(self, disabled: frozenset[str] = NOTHING_DISABLED) -> Catalogue:
        """The catalogue of what lies there now; the same object as before when nothing has changed.

        disabled: names of packages, and full names of services, that administrators put out of use.
        Files that cannot be used disable their services with a message; nothing of them raises.
        """
        with _not_replaced_meanwhile(self._packages):
            scanned = scan(self._packages)
            installed = [known.manifest.look_again() for known in self._known.values()]
            if scanned == self._scanned and disabled == self._disabled and not any(installed):
                return self._catalogue
            outdated = self._outdated
            self._outdated = []
            self._known = {each.folder: self._update(each, each.folder in disabled) for each in scanned}
            self._catalogue = self._assemble(scanned, disabled)
            self._scanned, self._disabled = scanned, disabled
        # One generation longer, for functions of the preceding catalogue that import something only when they run.
        for generation in outdated:
            python_modules.forget_generation(generation)
        return self._catalogue

    def forget(self) -> None:
        """Let go of all Python modules that were loaded; nothing of the catalogues may be called any more."""
        loaded = [known.python.generation for known in self._known.values() if known.python]
        for generation in [*self._outdated, *loaded]:
            python_modules.forget_generation(generation)

    def _update(self, scanned: ScannedPackage, disabled: bool) -> _Known:
        folder, stamp = scanned.folder, scanned.files.get(MANIFEST)
        known = self._known.get(folder)
        if known is None:
            known = _Known(read_manifest(self._packages, folder, stamp))
        elif known.manifest.stamp != stamp or stamp is None:
            known.manifest = read_manifest(self._packages, folder, stamp)
        self._update_python(known, scanned, _switched_off(folder) if disabled else None)
        upstreams = [(file, stamp) for file, stamp in scanned.files.items() if file.endswith(UPSTREAM)]
        known.upstreams = self._upstreams.load(folder, upstreams)
        return known

    def _update_python(self, known: _Known, scanned: ScannedPackage, switched_off: Problem | None) -> None:
        python = {file: stamp for file, stamp in scanned.files.items() if file.endswith(PYTHON)}
        kept_out = switched_off or next(iter(known.manifest.unmet), None)
        if known.python_stamps == python and known.kept_out == kept_out:
            return
        if known.python is not None and known.python.generation:
            self._outdated.append(known.python.generation)
        known.python_stamps, known.kept_out = python, kept_out
        root = self._packages / scanned.folder
        if not python:
            known.python = None
        elif kept_out is not None:
            known.python = list_python(scanned.folder, root, list(python), kept_out)
        else:
            known.python = load_python(scanned.folder, root, list(python))

    def _assemble(self, scanned: list[ScannedPackage], disabled: frozenset[str]) -> Catalogue:
        others = [service for known in self._known.values() if known.python for service in known.python.services]
        others += [service for known in self._known.values() for service in known.upstreams.services]
        files = [
            FlowFile(each.folder, file, stamp)
            for each in scanned
            for file, stamp in each.files.items()
            if file.endswith(FLOW)
        ]
        flows = self._flows.load(files, [*self._builtins, *others])
        services: dict[str, list[Service]] = {each.folder: [] for each in scanned}
        for service in [*others, *flows.services]:
            services[service.package].append(service)
        in_the_way = self._in_the_way(disabled)
        loaded = [
            self._package(folder, found, in_the_way[folder], flows.problems.get(folder, []), disabled)
            for folder, found in services.items()
        ]
        if self._builtins:
            builtins = tuple(_unless_disabled(each, disabled) for each in self._builtins)
            loaded.insert(0, LoadedPackage(folder="", package=None, services=builtins))
        return Catalogue(check_routes(_without_duplicates(loaded)), self._catalogue.generation + 1)

    def _in_the_way(self, disabled: frozenset[str]) -> dict[str, list[Problem]]:
        """For each package what keeps all of it from being used."""
        found: dict[str, list[Problem]] = {}
        for folder, known in self._known.items():
            own = (known.manifest.problem, *known.manifest.unmet, _switched_off(folder) if folder in disabled else None)
            found[folder] = [problem for problem in own if problem is not None]
        packages = {name: known.manifest.package for name, known in self._known.items() if known.manifest.package}
        places = {name: known.manifest.place for name, known in self._known.items()}
        out_of_use = [name for name, problems in found.items() if problems]
        for name, problems in unmet_dependencies(packages, places, out_of_use).items():
            found[name] += problems
        return found

    def _package(
        self,
        folder: str,
        services: list[Service],
        in_the_way: list[Problem],
        of_flows: list[Problem],
        disabled: frozenset[str],
    ) -> LoadedPackage:
        known = self._known[folder]
        services = [_unless_disabled(each, disabled) for each in services]
        if in_the_way:
            services = [
                msgspec.structs.replace(each, problems=tuple(dict.fromkeys((*each.problems, *in_the_way))))
                for each in services
            ]
        python = known.python.problems if known.python else ()
        return LoadedPackage(
            folder=folder,
            package=known.manifest.package,
            services=tuple(sorted(services, key=lambda service: (service.file, service.line, service.name))),
            problems=(*in_the_way, *python, *known.upstreams.problems, *of_flows),
            switched_off=folder in disabled,
        )


@contextmanager
def _not_replaced_meanwhile(packages: Path) -> Iterator[None]:
    """Hold off whoever would put another package in a package's place (`services.installing`)."""
    try:
        handle = os.open(packages, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _switched_off(folder: str) -> Problem:
    return Problem(file=f"{folder}/{MANIFEST}", message="the package is disabled by an administrator")


def _unless_disabled(service: Service, disabled: frozenset[str]) -> Service:
    if service.name not in disabled:
        return service
    problem = Problem(file=service.file, line=service.line, message="the service is disabled by an administrator")
    return msgspec.structs.replace(service, problems=(*service.problems, problem), switched_off=True)


def _without_duplicates(packages: list[LoadedPackage]) -> list[LoadedPackage]:
    """The packages with every second service of a name disabled. First is who is first by package, then by file."""
    first: dict[str, Service] = {}
    result = []
    for loaded in packages:
        services = []
        for service in loaded.services:
            other = first.setdefault(service.name, service)
            services.append(service if other is service else _duplicate(service, other))
        result.append(msgspec.structs.replace(loaded, services=tuple(services)))
    return result


def _duplicate(service: Service, other: Service) -> Service:
    message = f"{service.name} is already defined in {other.file}, line {other.line}"
    problem = Problem(file=service.file, line=service.line, message=message)
    return msgspec.structs.replace(service, problems=(*service.problems, problem))
