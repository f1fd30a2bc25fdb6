"""Flow files into services, compiled once and kept while neither they nor what they call by name changes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from gatewright.flow import FlowProblems
from gatewright.flow import Signature
from gatewright.flow import load_flow
from gatewright.kernel import yaml
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.draft import signature_of
from gatewright.services.flow_service import flow_service
from gatewright.services.local_documents import LocalDocuments
from gatewright.services.local_documents import are_current
from gatewright.services.names import is_part
from gatewright.services.scan import FLOW
from gatewright.services.scan import Stamp
from gatewright.services.scan import folder_name


class FlowFile(msgspec.Struct, frozen=True):
    """A flow file: its package's folder, its path below it, and its stamp."""

    package: str
    file: str
    stamp: Stamp

    @property
    def shown(self) -> str:
        """The path below the packages' folder."""
        return f"{self.package}/{self.file}"

    def name(self) -> str:
        """The full name of the service. Raises ValueError when the path gives none."""
        stem = self.file.rsplit("/", 1)[-1].removesuffix(FLOW)
        if not is_part(stem):
            raise ValueError(f"the file name {stem!r} cannot be a service's name (letters, digits, _ and -)")
        folder = folder_name(self.file)
        if not folder:
            raise ValueError(f"a service is in a folder: put the file into services/FOLDER/{stem}{FLOW}")
        return f"{folder}:{stem}"


class LoadedFlows(msgspec.Struct, frozen=True):
    """The services, broken ones disabled, and by package the problems of files that cannot be named."""

    services: list[Service]
    problems: dict[str, list[Problem]]


class _Kept(msgspec.Struct, frozen=True):
    stamp: Stamp
    asked: dict[str, Signature | None]
    documents: dict[Path, Stamp | None]
    service: Service


class FlowLoader:
    """Loads flow files; `packages` is the folder that `FlowFile.shown` is below."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self._kept: dict[str, _Kept] = {}
        self._peeked: dict[str, tuple[Stamp, Signature]] = {}

    def load(self, files: Iterable[FlowFile], others: Iterable[Service]) -> LoadedFlows:
        """Load all flow files, which may call each other and `others` by name."""
        named: dict[str, FlowFile] = {}
        everything: list[tuple[str, FlowFile]] = []
        problems: dict[str, list[Problem]] = {}
        for file in files:
            try:
                name = file.name()
            except ValueError as error:
                problems.setdefault(file.package, []).append(Problem(file=file.shown, message=str(error)))
                continue
            named.setdefault(name, file)
            everything.append((name, file))
        known = {service.name: signature_of(service) for service in others}
        kept = {file.shown: self._load(name, file, self._registry(file, named, known)) for name, file in everything}
        self._kept = kept
        return LoadedFlows([each.service for each in kept.values()], problems)

    def _load(self, name: str, file: FlowFile, registry: "_Registry") -> _Kept:
        kept = self._kept.get(file.shown)
        if (
            kept
            and kept.stamp == file.stamp
            and all(registry.signature(n) == s for n, s in kept.asked.items())
            and are_current(kept.documents)
        ):
            return kept
        registry.asked.clear()
        service = self._compile(name, file, registry)
        return _Kept(file.stamp, registry.asked, registry.documents.given, service)

    def _registry(self, file: FlowFile, flows: dict[str, FlowFile], known: dict[str, Signature]) -> "_Registry":
        return _Registry(self, flows, known, LocalDocuments((self._packages / file.shown).parent))

    def _compile(self, name: str, file: FlowFile, registry: "_Registry") -> Service:
        try:
            flow = load_flow(self.read(file), registry)
        except FlowProblems as found:
            problems = tuple(
                Problem(
                    file=file.shown,
                    line=each.line,
                    column=each.column,
                    message=f"{each.message}" + (f" ({each.mend})" if each.mend else ""),
                )
                for each in found.problems
                if each.severity == "error"
            )
        except (OSError, UnicodeDecodeError) as error:
            problems = (Problem(file=file.shown, message=f"the file cannot be read: {error}"),)
        else:
            return flow_service(flow, name, file.package, file.shown)
        return Service(name=name, kind="flow", package=file.package, file=file.shown, problems=problems)

    def read(self, file: FlowFile) -> str:
        """The text of a flow file."""
        return (self._packages / file.shown).read_text(encoding="utf-8")

    def peek(self, name: str, file: FlowFile) -> Signature:
        """The schemas a flow file declares, without compiling it, so that flows may call each other in a circle."""
        found = self._peeked.get(file.shown)
        if found is None or found[0] != file.stamp:
            found = self._peeked[file.shown] = (file.stamp, self._declared(name, file))
        return found[1]

    def _declared(self, name: str, file: FlowFile) -> Signature:
        try:
            document = yaml.load(self.read(file)).value
        except (yaml.YamlProblem, OSError, UnicodeDecodeError):
            return Signature(name)  # its own load tells the problem
        return Signature(name, _schema(document, "input"), _schema(document, "output"))


class _Registry:
    """What one flow may call; remembers what it asked for."""

    def __init__(
        self,
        loader: FlowLoader,
        flows: dict[str, FlowFile],
        known: dict[str, Signature],
        documents: LocalDocuments,
    ) -> None:
        self._loader, self._flows, self._known = loader, flows, known
        self.documents = documents
        self.asked: dict[str, Signature | None] = {}

    def signature(self, name: str) -> Signature | None:
        if name in self._flows and name not in self._known:
            found: Signature | None = self._loader.peek(name, self._flows[name])
        else:
            found = self._known.get(name)
        self.asked[name] = found
        return found

    def names(self) -> Iterable[str]:
        return {*self._flows, *self._known}

    def document(self, name: str) -> bytes | None:
        return self.documents.read(name)

    def connections(self) -> None:
        """Not known when files are loaded: a connection that is missing is told by check, and by the call that needs it."""


def _schema(document: Any, part: str) -> dict[str, Any] | None:
    for key in (part, "schema", "document"):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else None
