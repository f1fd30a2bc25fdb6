"""The catalogue: one immutable snapshot of all packages, folders, services and URL templates."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Literal

import msgspec

from gatewright.flow import Documents
from gatewright.services.call import Runner
from gatewright.services.faces import Faces
from gatewright.services.names import folder_of
from gatewright.services.names import folders_above
from gatewright.services.package import Package
from gatewright.services.template import Match
from gatewright.services.template import Templates
from gatewright.services.template import UrlTemplate
from gatewright.services.template import parse_template
from gatewright.services.upstream_service import Forwarder


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that keeps a service, a template or a package from working. Line and column from 1; 0: the whole file."""

    file: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One callable API. `file` is relative to the packages' folder, with `/`; `problems` disable it when there are any.

    input_schema, output_schema: JSON Schemas; None: anything.
    wants_envelope: its input is the whole request; gives_response: its output is a whole response (`envelope`).
    lists: inputs that may come more than once in a query or form.
    switched_off: an administrator disabled just this one.
    readers: inputs whose texts, from a path, query or form, stand for something else, with their schemas.
    connections: the names of the connections that a flow uses.
    forwarder: of an upstream service; HTTP requests go through it as they stand.
    documents: the OpenAPI documents of a flow, where they are kept for its calls.
    """

    name: str
    kind: Literal["flow", "python", "upstream", "builtin"]
    package: str
    file: str
    line: int = 1
    title: str = ""
    description: str = ""
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    sample: Mapping[str, Any] = {}
    wants_envelope: bool = False
    gives_response: bool = False
    lists: frozenset[str] = frozenset()
    readers: Mapping[str, Mapping[str, Any]] = {}
    connections: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    switched_off: bool = False
    run: Runner | None = None
    forwarder: Forwarder | None = None
    documents: Documents | None = None

    @property
    def folder(self) -> str:
        """The folder the service is in."""
        return folder_of(self.name)

    @property
    def enabled(self) -> bool:
        """Whether it can be called."""
        return self.run is not None and not self.problems


class LoadedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package as loaded. `folder` is its folder's name; `package` is None when its `package.yaml` cannot be read.

    switched_off: an administrator disabled it.
    """

    folder: str
    package: Package | None
    services: tuple[Service, ...] = ()  # all of them, those disabled for a second use of a name too
    templates: tuple[UrlTemplate, ...] = ()
    problems: tuple[Problem, ...] = ()
    switched_off: bool = False


class Folder(msgspec.Struct, frozen=True):
    """A node of the tree for the console: its full name, what lies below, the services directly in it."""

    name: str
    folders: tuple["Folder", ...]
    services: tuple[Service, ...]


class Catalogue:
    """What can be called now. Never changed: a request keeps the one it began with.

    services: by full name, each name once, disabled ones too.
    packages: by folder name.
    faces: how addresses are served over HTTP, where their packages say so; has_faces: whether any does.
    folders: every folder that holds a service, and those above.
    """

    def __init__(self, packages: Iterable[LoadedPackage] = (), generation: int = 0) -> None:
        self.generation = generation
        self.packages = {package.folder: package for package in packages}
        self.services: dict[str, Service] = {}
        for loaded in self.packages.values():
            for service in loaded.services:
                self.services.setdefault(service.name, service)
        self.faces = Faces(self.packages.values())
        self.has_faces = bool(self.faces)
        self.folders = frozenset(folder for name in self.services for folder in folders_above(name))
        self.templates = Templates(template for loaded in self.packages.values() for template in loaded.templates)
        self._templates_of: dict[str, list[UrlTemplate]] = {}
        for template in self.templates.by_text.values():
            self._templates_of.setdefault(template.service, []).append(template)

    def has_folder(self, name: str) -> bool:
        """Whether some service lies in or below the folder."""
        return name in self.folders

    def has_service(self, name: str) -> bool:
        """Whether a service has this full name; a disabled one counts."""
        return name in self.services

    def has_template(self, text: str) -> bool:
        """Whether a package declares this URL template; spellings that `parse_template` reads as the same count."""
        try:
            return parse_template(text).text in self.templates.by_text
        except ValueError:
            return False

    def service(self, name: str) -> Service | None:
        """The service of a full name, or None."""
        return self.services.get(name)

    def match(self, method: str, raw_path: bytes) -> Match | None:
        """The URL template a request goes to (`Templates.match`)."""
        return self.templates.match(method, raw_path)

    def templates_of(self, service: str) -> tuple[UrlTemplate, ...]:
        """The URL templates that lead to a service."""
        return tuple(self._templates_of.get(service, ()))

    def problems(self) -> tuple[Problem, ...]:
        """Everything that does not work, package by package; what disables several services is told once."""
        found: list[Problem] = []
        for loaded in self.packages.values():
            found += loaded.problems
            found += [problem for service in loaded.services for problem in service.problems]
        return tuple(dict.fromkeys(found))

    def tree(self) -> tuple[Folder, ...]:
        """The topmost folders with everything below, sorted by name."""
        inside: dict[str, list[Service]] = {}
        for name in sorted(self.services):
            inside.setdefault(folder_of(name), []).append(self.services[name])
        below: dict[str, list[str]] = {}
        for folder in sorted(self.folders):
            below.setdefault(folder.rpartition(".")[0], []).append(folder)

        def nodes(parent: str) -> tuple[Folder, ...]:
            return tuple(Folder(name, nodes(name), tuple(inside.get(name, ()))) for name in below.get(parent, ()))

        return nodes("")
