"""A service's tests: the cases beside it, run here as `gatewright package test` runs them, and new ones made of runs."""

from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
import yaml
from starlette.responses import Response

from gatewright.console.saving import change_files
from gatewright.console.service_page import find_service
from gatewright.console.visit import Visit
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.services.catalogue import Service
from gatewright.services.errors import FileProblem
from gatewright.services.scan import FLOW
from gatewright.services.scan import PYTHON
from gatewright.services.source import read_file
from gatewright.services.testing import TEST
from gatewright.services.testing import Case
from gatewright.services.testing import Result
from gatewright.services.testing import files_of
from gatewright.services.testing import read_tests
from gatewright.services.testing import run_tests

_MOST: Final = 200
_MOST_SECONDS: Final = 30.0
_LONGEST: Final = 200_000


async def show(visit: Visit) -> Response:
    """The cases of a service; sent as a form, how each of them went."""
    service = find_service(visit)
    results = await _run(visit, service) if visit.is_post else []
    cases, problems = _cases(visit, service)
    return visit.page(
        "packages/tests.html",
        service=service,
        cases=cases,
        problems=problems,
        results={(each.file, each.line): each for each in results},
        passed=sum(each.passed for each in results) if visit.is_post else None,
        file=_file_of(service),
    )


async def add(visit: Visit) -> Response:
    """Add a case to the file beside the service: an input, and the output that it gave."""
    service = find_service(visit)
    name, given, gave = visit.field("case").strip(), visit.field("input"), visit.field("output")
    if not 1 <= len(name) <= _LONGEST // 1000:
        raise Invalid([FieldError("case", "A case has a name of 1 to 200 characters that says what it shows.")])
    if any(case.entry.name == name for case in _cases(visit, service)[0]):
        raise Invalid([FieldError("case", f"There is a case {name!r} already.")])
    case = {"name": name, "service": service.name, "input": _decoded(given), "expect": {"output": _decoded(gave)}}
    file = _file_of(service)
    path = visit.parts.packages_folder / file
    former = read_file(visit.parts.packages_folder, file).text if path.is_file() else ""
    written = yaml.safe_dump([case], sort_keys=False, allow_unicode=True, width=110)
    await change_files(visit, {file: f"{former.rstrip()}\n\n{written}" if former.strip() else written})
    return visit.go(f"/console/services/tests?name={quote(service.name)}", f"The case is in {file}.")


async def _run(visit: Visit, service: Service) -> list[Result]:
    found: list[Result] = []
    async for result in run_tests(visit.parts.packages_folder, visit.catalogue, service.package, service=service.name):
        found.append(result)
        if len(found) >= _MOST or sum(each.seconds for each in found) > _MOST_SECONDS:
            break
    return found


def _cases(visit: Visit, service: Service) -> tuple[list[Case], list[str]]:
    """The service's cases, and what is wrong with files that cannot be read."""
    packages, cases, problems = visit.parts.packages_folder, [], []
    for file in files_of(packages, service.package) if service.package else ():
        try:
            cases += [case for case in read_tests(packages, file, visit.catalogue) if case.service == service.name]
        except FileProblem as problem:
            problems.append(str(problem))
    return cases, problems


def _file_of(service: Service) -> str:
    for suffix in (FLOW, PYTHON):
        if service.file.endswith(suffix):
            return service.file.removesuffix(suffix) + TEST
    return service.file.partition(".")[0] + TEST


def _decoded(text: str) -> Any:
    if len(text) > _LONGEST:
        raise Invalid([FieldError("input", f"A case's data have at most {_LONGEST:,} characters.")])
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise Invalid([FieldError("input", f"A case's data are JSON: {error}")]) from None
