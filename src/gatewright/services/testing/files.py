"""The test files of a package: found, read and run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from gatewright.services.catalogue import Catalogue
from gatewright.services.errors import FileProblem
from gatewright.services.scan import folder_name
from gatewright.services.testing.cases import Case
from gatewright.services.testing.cases import read_cases
from gatewright.services.testing.runner import Result
from gatewright.services.testing.runner import run_case

TEST: Final = ".test.yaml"
_MOST_BYTES: Final = 1_000_000


def files_of(packages: Path, package: str) -> list[str]:
    """The test files of a package, relative to the packages' folder, with `/`, sorted."""
    found = []
    for folder, _, names in os.walk(packages / package / "services"):
        found += [Path(folder, name).relative_to(packages).as_posix() for name in names if name.endswith(TEST)]
    return sorted(file for file in found if "/." not in file)


def read_tests(packages: Path, file: str, catalogue: Catalogue) -> list[Case]:
    """The cases of a test file, its path relative to the packages' folder. Raises FileProblem."""
    try:
        path = packages / file
        if path.stat().st_size > _MOST_BYTES:
            raise FileProblem(file, 0, 0, f"the file is larger than {_MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(file, 0, 0, f"the file cannot be read: {error}") from None
    return read_cases(text, file, catalogue, _beside(file))


async def run_tests(
    packages: Path, catalogue: Catalogue, package: str, *, service: str = "", named: str = ""
) -> AsyncIterator[Result]:
    """Run the cases of a package, or those of one of its services, and give each result as it is there.

    named: only cases whose names contain this. A file that cannot be read is a result with that problem.
    """
    for file in files_of(packages, package):
        try:
            cases = read_tests(packages, file, catalogue)
        except FileProblem as problem:
            yield Result(
                file=file, line=problem.line, name="the file can be read", service="", problems=[problem.message]
            )
            continue
        for case in cases:
            if service in ("", case.service) and named in case.entry.name:
                yield await run_case(catalogue, case)


def _beside(file: str) -> str:
    """`Shop/services/orders/get.test.yaml` → `orders:get`; a file directly in services/ has no service beside it."""
    below = file.partition("/")[2]
    stem = below.rsplit("/", 1)[-1].removesuffix(TEST)
    try:
        return f"{folder_name(below)}:{stem}"
    except ValueError:
        return f":{stem}"
