"""All that is wrong with a package: what disables it or a service of it, warnings in flows, tests that cannot be read."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import msgspec

from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Problem
from gatewright.services.draft import check_source
from gatewright.services.errors import FileProblem
from gatewright.services.source import read_source
from gatewright.services.testing import files_of
from gatewright.services.testing import read_tests


class Finding(msgspec.Struct, frozen=True):
    """A place in a package's file and what is wrong there. Line and column from 1; 0: the whole file."""

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.severity}: {self.message}"


def check_package(
    packages: Path, catalogue: Catalogue, name: str, connections: Collection[str] | None = None
) -> list[Finding]:
    """The findings of one package of the catalogue, errors first, each once.

    connections: the names of the server's; None: not known, and any name is taken.
    """
    loaded = catalogue.packages[name]
    found = [_error(problem) for problem in loaded.problems]
    for service in loaded.services:
        found += [_error(problem) for problem in service.problems]
        if service.kind == "flow" and service.enabled:
            found += [
                Finding(service.file, each.line, each.column, each.severity, each.message + _mend(each.mend))
                for each in check_source(
                    catalogue, read_source(packages, service).text, connections, (packages / service.file).parent
                )
            ]
    for file in files_of(packages, name):
        try:
            read_tests(packages, file, catalogue)
        except FileProblem as error:
            found.append(Finding(error.file, error.line, error.column, "error", error.message))
    return sorted(dict.fromkeys(found), key=lambda each: (each.severity, each.file, each.line, each.column))


def _mend(mend: str) -> str:
    return f" ({mend})" if mend else ""


def _error(problem: Problem) -> Finding:
    return Finding(problem.file, problem.line, problem.column, "error", problem.message)
