"""Importing a package's Python files, each time under a new generation's name.

All Python files of a package are loaded together: a changed helper changes what uses it. They import each other
relatively (`from .geo import distance`). Requests that began with an older generation keep its functions.
"""

import importlib
import itertools
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder
from importlib.machinery import ModuleSpec
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from types import ModuleType

_PREFIX = "gatewright_package_"
_generations = itertools.count(1)


class _FreshLoader(SourceFileLoader):
    """Compiles from the source each time: bytecode files are told apart by whole seconds, too coarse for an editor."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        """A file and a folder may have one name: what is in the folder lies below what is in the file.

        A package would be more: the file's own relative imports would then begin one level deeper.
        """
        folder = Path(self.path).with_suffix("")
        if folder.is_dir():
            module.__path__ = [str(folder)]
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds modules below our own generations only, and loads them without bytecode."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PREFIX) or path is None:
            return None
        found = FileFinder(path[0], (_FreshLoader, [".py"])).find_spec(fullname)
        if found is None or found.loader is not None:
            return found
        folder = ModuleSpec(fullname, None, is_package=True)  # a folder without __init__.py
        folder.submodule_search_locations = found.submodule_search_locations
        return folder


def new_generation(package: str, services: Path) -> str:
    """Make the module that stands for one generation of a package's `services` folder; gives its name."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())  # before the one that goes by bytecode
    name = f"{_PREFIX}{next(_generations)}_{package}"
    root = ModuleType(name, f"Generation of the package {package}")
    root.__path__ = [str(services)]
    sys.modules[name] = root
    return name


def load_module(generation: str, path: Path, services: Path) -> ModuleType:
    """Import one file of a generation. Raises whatever the file raises, and SyntaxError."""
    parts = path.relative_to(services).with_suffix("").parts
    return importlib.import_module(".".join((generation, *parts)))


def forget_generation(name: str) -> None:
    """Drop a generation that no catalogue to come will use. Functions that still run keep what they refer to."""
    for module in [module for module in sys.modules if module == name or module.startswith(name + ".")]:
        sys.modules.pop(module, None)
