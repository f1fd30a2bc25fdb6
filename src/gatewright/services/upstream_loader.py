"""Upstream files into services: one for each operation, or one for the whole API."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.errors import FileProblem
from gatewright.services.names import is_part
from gatewright.services.sample import sample_of
from gatewright.services.scan import UPSTREAM
from gatewright.services.scan import Stamp
from gatewright.services.scan import folder_name
from gatewright.services.upstream import Operation
from gatewright.services.upstream import Upstream
from gatewright.services.upstream import parse_upstream
from gatewright.services.upstream_headers import USUALLY_RECEIVED
from gatewright.services.upstream_headers import USUALLY_SENT
from gatewright.services.upstream_headers import allowed
from gatewright.services.upstream_path import PathMapping
from gatewright.services.upstream_service import WHOLE
from gatewright.services.upstream_service import Forwarder

_PATH_VALUE = {"type": ["string", "number"]}
_WHOLE_INPUT = {
    "type": "object",
    "properties": {
        "method": {"type": "string", "default": "GET"},
        "path": {"type": "string"},
        "query": {"type": "object"},
        "body": {},
    },
    "additionalProperties": False,
}


class LoadedUpstreams(msgspec.Struct, frozen=True):
    """The services of a package's upstreams, and problems of files that give none that can be named."""

    services: tuple[Service, ...] = ()
    problems: tuple[Problem, ...] = ()


class UpstreamLoader:
    """Loads upstream files; what has not changed is kept. `packages` is the folder that all packages are in."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self._kept: dict[str, tuple[Stamp, tuple[Service, ...]]] = {}

    def load(self, package: str, files: Iterable[tuple[str, Stamp]]) -> LoadedUpstreams:
        """The services of one package's upstreams. files: paths below its folder, with stamps. Nothing raises."""
        services: list[Service] = []
        problems: list[Problem] = []
        for file, stamp in files:
            shown = f"{package}/{file}"
            try:
                name = _name(file)
            except ValueError as error:
                problems.append(Problem(file=shown, message=str(error)))
                continue
            kept = self._kept.get(shown)
            if kept is None or kept[0] != stamp:
                kept = self._kept[shown] = (stamp, self._load(name, package, shown))
            services += kept[1]
        return LoadedUpstreams(tuple(services), tuple(problems))

    def _load(self, name: str, package: str, shown: str) -> tuple[Service, ...]:
        try:
            upstream = parse_upstream((self._packages / shown).read_text(encoding="utf-8"), shown)
        except FileProblem as found:
            problem = Problem(file=shown, line=found.line, column=found.column, message=found.message)
        except (OSError, UnicodeDecodeError) as error:
            problem = Problem(file=shown, message=f"the file cannot be read: {error}")
        else:
            return upstream_services(upstream, name, package, shown)
        return (Service(name=name, kind="upstream", package=package, file=shown, problems=(problem,)),)


def upstream_services(upstream: Upstream, name: str, package: str, file: str) -> tuple[Service, ...]:
    """The services that an upstream stands for. name: the file's, `orders:erp`; operations are in `orders.erp`."""
    if not upstream.operations:
        return (_service(upstream, None, name, name, package, file),)
    folder = name.replace(":", ".")
    return tuple(
        _service(upstream, operation, f"{folder}:{each}", folder, package, file)
        for each, operation in upstream.operations.items()
    )


def _service(
    upstream: Upstream, operation: Operation | None, name: str, shared: str, package: str, file: str
) -> Service:
    path = WHOLE if operation is None else PathMapping(operation.path)
    forwarder = Forwarder(
        name=shared,
        upstream=upstream,
        operation=operation,
        path=path,
        sent=allowed(USUALLY_SENT, upstream.headers.send),
        received=allowed(USUALLY_RECEIVED, upstream.headers.receive),
    )
    schema = _WHOLE_INPUT if operation is None else _input_schema(operation, path)
    return Service(
        name=name,
        kind="upstream",
        package=package,
        file=file,
        title=(operation.title if operation else "") or upstream.title or name,
        description=(operation.description if operation else "") or upstream.description,
        input_schema=schema,
        output_schema=operation.output if operation else None,
        sample=sample_of(schema),
        connections=frozenset([upstream.authentication.use] if upstream.authentication else ()),
        run=forwarder.run,
        forwarder=forwarder,
    )


def _input_schema(operation: Operation, path: PathMapping) -> dict[str, Any]:
    """What a call by name takes: the path's variables, and what the document says of the rest."""
    given = operation.input or {}
    found = given.get("properties")
    properties = {**dict.fromkeys(path.variables, _PATH_VALUE), **(found if isinstance(found, dict) else {})}
    required = given.get("required")
    names = [*path.variables, *(required if isinstance(required, list) else ())]
    return {**given, "type": "object", "properties": properties, "required": list(dict.fromkeys(names))}


def _name(file: str) -> str:
    """The full name that a file's place says. Raises ValueError when it gives none."""
    stem = file.rsplit("/", 1)[-1].removesuffix(UPSTREAM)
    if not is_part(stem):
        raise ValueError(f"the file name {stem!r} cannot be a service's name (letters, digits, _ and -)")
    folder = folder_name(file)
    if not folder:
        raise ValueError(f"a service is in a folder: put the file into services/FOLDER/{stem}{UPSTREAM}")
    return f"{folder}:{stem}"
