"""Python files into services: a package's modules are loaded together, and each marked function compiled."""

import re
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from gatewright.services import python_modules
from gatewright.services.authoring import marking_of
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.names import is_part
from gatewright.services.python_service import Compiled
from gatewright.services.python_service import compile_function
from gatewright.services.sample import sample_of
from gatewright.services.scan import folder_name
from gatewright.services.schema import list_names
from gatewright.services.schema import readers

# Only for files that cannot be loaded, so that their services are shown as disabled rather than gone.
_MARKED = re.compile(r"^@service\b.*?^(?:async )?def (\w+)", re.MULTILINE | re.DOTALL)


class LoadedPython(msgspec.Struct, frozen=True):
    """The services of a package's Python files, and problems of files that hold none that can be named."""

    generation: str
    services: tuple[Service, ...]
    problems: tuple[Problem, ...]


def load_python(package: str, root: Path, files: list[str]) -> LoadedPython:
    """Load all Python files of one package under a new generation; `files` are relative to `root`, the package's folder.

    Nothing raises: what cannot be used is disabled with its problem.
    """
    generation = python_modules.new_generation(package, root / "services")
    services: list[Service] = []
    problems: list[Problem] = []
    for file in files:
        if file.rsplit("/", 1)[-1].startswith("_"):
            continue  # a helper: loaded when a service's file imports it
        found, problem = _load_file(package, root, file, generation)
        services += found
        if problem is not None and not found:
            problems.append(problem)
    return LoadedPython(generation, tuple(services), tuple(problems))


def list_python(package: str, root: Path, files: list[str], problem: Problem) -> LoadedPython:
    """What the files seem to hold, all of it disabled by `problem`: nothing of them is run."""
    services = []
    for file in files:
        if file.rsplit("/", 1)[-1].startswith("_"):
            continue
        try:
            folder = _folder_of(file)
        except ValueError:
            continue
        names = _marked_names(root / file)
        services += [_disabled(f"{folder}:{name}", package, f"{package}/{file}", problem) for name in names]
    return LoadedPython("", tuple(services), ())


def _load_file(package: str, root: Path, file: str, generation: str) -> tuple[list[Service], Problem | None]:
    shown = f"{package}/{file}"
    try:
        folder = _folder_of(file)
    except ValueError as error:
        return [], Problem(file=shown, message=str(error))
    try:
        module = python_modules.load_module(generation, root / file, root / "services")
    except (Exception, SystemExit) as error:  # a user's module may raise anything; it must not take the server down
        problem = _problem_of(error, root / file, shown)
        names = _marked_names(root / file)
        return [_disabled(f"{folder}:{name}", package, shown, problem) for name in names], problem
    return [_compile(function, folder, package, shown) for function in _marked(module)], None


def _folder_of(file: str) -> str:
    stem = file.rsplit("/", 1)[-1].removesuffix(".py")
    if not is_part(stem):
        raise ValueError(f"the file name {stem!r} cannot be part of a service's name (letters, digits, _ and -)")
    parent = folder_name(file)
    return f"{parent}.{stem}" if parent else stem


def _marked(module: ModuleType) -> list[Any]:
    return [f for f in vars(module).values() if marking_of(f) and f.__module__ == module.__name__]


def _marked_names(path: Path) -> list[str]:
    try:
        return _MARKED.findall(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return []


def _compile(function: Any, folder: str, package: str, file: str) -> Service:
    name = f"{folder}:{function.__name__}"
    line = function.__code__.co_firstlineno
    marking = marking_of(function)
    try:
        assert marking is not None
        compiled = compile_function(function, marking)
    except TypeError as error:
        return _disabled(name, package, file, Problem(file=file, line=line, message=str(error)))
    return _service(name, package, file, line, compiled, marking.sample)


def _service(name: str, package: str, file: str, line: int, compiled: Compiled, sample: Any) -> Service:
    return Service(
        name=name,
        kind="python",
        package=package,
        file=file,
        line=line,
        title=compiled.title,
        description=compiled.description,
        input_schema=compiled.input_schema,
        output_schema=compiled.output_schema,
        sample=sample if sample is not None else sample_of(compiled.input_schema),
        lists=list_names(compiled.input_schema),
        readers=readers(compiled.input_schema),
        run=compiled.run,
    )


def _disabled(name: str, package: str, file: str, problem: Problem) -> Service:
    return Service(name=name, kind="python", package=package, file=file, line=problem.line or 1, problems=(problem,))


def _problem_of(error: BaseException, path: Path, shown: str) -> Problem:
    """The problem with the place in the file itself that led to it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return Problem(file=shown, line=error.lineno or 0, column=error.offset or 0, message=error.msg)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = (own[-1].lineno or 0) if own else 0
    return Problem(file=shown, line=line, message=f"{type(error).__name__}: {error}")
