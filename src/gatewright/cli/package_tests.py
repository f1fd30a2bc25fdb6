"""`gatewright package test`: the tests beside services, run without a server."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.app.logs import configure_logs
from gatewright.cli.junit import junit
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import write_text
from gatewright.cli.output import print_json
from gatewright.cli.package_place import PackageArgument
from gatewright.cli.package_place import places
from gatewright.cli.workspace import load_catalogue
from gatewright.services.testing import Result
from gatewright.services.testing import run_tests


def run(
    package: PackageArgument = "",
    /,
    *,
    service: Annotated[str, Parameter(help="Only the cases of this service, folder:name.")] = "",
    named: Annotated[str, Parameter(help="Only the cases whose names contain this.")] = "",
    junit_file: Annotated[Path | None, Parameter(name="--junit", help="Write a JUnit report to this file.")] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> int:
    """Run the tests beside services (*.test.yaml), without a server and without a network."""
    configure_logs("warning")
    packages, names = places(package, workspace)
    results = asyncio.run(_run(packages, names, service, named, quiet=json))
    if junit_file is not None:
        write_text(junit_file, junit(results))
    if json:
        print_json([_line(result) for result in results])
    else:
        failed = sum(not result.passed for result in results)
        print(f"{len(results) - failed} passed, {failed} failed" if results else "no tests")
    return 0 if all(result.passed for result in results) else 1


async def _run(packages: Path, names: list[str], service: str, named: str, *, quiet: bool) -> list[Result]:
    catalogue = await asyncio.to_thread(load_catalogue, packages)
    results = []
    for name in names:
        async for result in run_tests(packages, catalogue, name, service=service, named=named):
            results.append(result)
            if not quiet:
                _print(result)
    return results


def _print(result: Result) -> None:
    word = "ok  " if result.passed else "FAIL"
    print(f"{word}  {result.file}:{result.line}  {result.name}  ({result.seconds * 1000:.0f} ms)")
    for problem in result.problems:
        print(f"      {problem}")


def _line(result: Result) -> dict[str, object]:
    return {
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "service": result.service,
        "passed": result.passed,
        "seconds": round(result.seconds, 6),
        "problems": result.problems,
    }
