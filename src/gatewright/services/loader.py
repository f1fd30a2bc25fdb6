"""Packages on disk into a catalogue, again and again: what has not changed is kept as it was compiled."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from gatewright.services import python_modules
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.errors import FileProblem
from gatewright.services.flow_loader import FlowFile
from gatewright.services.flow_loader import FlowLoader
from gatewright.services.package import Package
from gatewright.services.package import parse_package
from gatewright.services.python_loader import LoadedPython
from gatewright.services.python_loader import load_python
from gatewright.services.routes import check_routes
from gatewright.services.scan import FLOW
from gatewright.services.scan import PYTHON
from gatewright.services.scan import UPSTREAM
from gatewright.services.scan import ScannedPackage
from gatewright.services.scan import Stamp
from gatewright.services.scan import scan
from gatewright.services.upstream_loader import LoadedUpstreams
from gatewright.services.upstream_loader import UpstreamLoader

_MANIFEST = "package.yaml"


class _Known(msgspec.Struct):
    """What is kept of a package between two loads, with the stamps it was made from."""

    manifest_stamp: Stamp | None = None
    package: Package | None = None
    problem: Problem | None = None
    python_stamps: dict[str, Stamp] = {}
    python: LoadedPython | None = None
    upstreams: LoadedUpstreams = LoadedUpstreams()


class Loader:
    """Loads the packages below one folder. Not for use by two threads at once.

    builtins: services that every catalogue holds beside the packages'.
    """

    def __init__(self, packages: Path, builtins: Iterable[Service] = ()) -> None:
        self._packages = packages
        self._builtins = tuple(builtins)
        self._known: dict[str, _Known] = {}
        self._flows = FlowLoader(packages)
        self._upstreams = UpstreamLoader(packages)
        self._scanned: list[ScannedPackage] | None = None
        self._catalogue = Catalogue()
        self._outdated: list[str] = []

    def load(self) -> Catalogue:
        """The catalogue of what lies there now; the same object as before when nothing has changed.

        Files that cannot be used disable their services with a message; nothing of them raises.
        """
        scanned = scan(self._packages)
        if scanned == self._scanned:
            return self._catalogue
        outdated = self._outdated
        self._outdated = []
        self._known = {each.folder: self._update(each) for each in scanned}
        self._catalogue = self._assemble(scanned)
        self._scanned = scanned
        # One generation longer, for functions of the preceding catalogue that import something only when they run.
        for generation in outdated:
            python_modules.forget_generation(generation)
        return self._catalogue

    def _update(self, scanned: ScannedPackage) -> _Known:
        known = self._known.get(scanned.folder) or _Known()
        manifest = scanned.files.get(_MANIFEST)
        if known.manifest_stamp != manifest or manifest is None:
            known.manifest_stamp = manifest
            known.package, known.problem = self._read_manifest(scanned.folder)
        python = {file: stamp for file, stamp in scanned.files.items() if file.endswith(PYTHON)}
        if known.python_stamps != python:
            if known.python is not None:
                self._outdated.append(known.python.generation)
            known.python_stamps = python
            known.python = (
                load_python(scanned.folder, self._packages / scanned.folder, list(python)) if python else None
            )
        upstreams = [(file, stamp) for file, stamp in scanned.files.items() if file.endswith(UPSTREAM)]
        known.upstreams = self._upstreams.load(scanned.folder, upstreams)
        return known

    def _read_manifest(self, folder: str) -> tuple[Package | None, Problem | None]:
        file = f"{folder}/{_MANIFEST}"
        try:
            package = parse_package((self._packages / file).read_text(encoding="utf-8"), file)
        except FileProblem as problem:
            return None, Problem(file=file, line=problem.line, column=problem.column, message=problem.message)
        except FileNotFoundError:
            return None, Problem(file=file, message="the file is missing; it needs at least `name` and `version`")
        except (OSError, UnicodeDecodeError) as error:
            return None, Problem(file=file, message=f"the file cannot be read: {error}")
        if package.name != folder:
            return None, Problem(
                file=file, line=1, message=f"the name {package.name!r} is not its folder's, {folder!r}"
            )
        return package, None

    def _assemble(self, scanned: list[ScannedPackage]) -> Catalogue:
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
        found = {
            folder: (services[folder], [*self._file_problems(folder), *flows.problems.get(folder, ())])
            for folder in services
        }
        loaded = [self._package(folder, *parts) for folder, parts in found.items()]
        if self._builtins:
            loaded.insert(0, LoadedPackage(folder="", package=None, services=self._builtins))
        return Catalogue(check_routes(_without_duplicates(loaded)), self._catalogue.generation + 1)

    def _file_problems(self, folder: str) -> list[Problem]:
        known = self._known[folder]
        python = known.python.problems if known.python else ()
        return [*([known.problem] if known.problem else ()), *python, *known.upstreams.problems]

    def _package(self, folder: str, services: list[Service], problems: list[Problem]) -> LoadedPackage:
        known = self._known[folder]
        if known.problem is not None:  # its limits and hosts are not known, so nothing of it may run
            services = [msgspec.structs.replace(each, problems=(*each.problems, known.problem)) for each in services]
        ordered = tuple(sorted(services, key=lambda service: (service.file, service.line, service.name)))
        return LoadedPackage(folder=folder, package=known.package, services=ordered, problems=tuple(problems))


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
