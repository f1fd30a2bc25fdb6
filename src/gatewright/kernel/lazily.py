"""Modules that are loaded once they are used: those that take megabytes and that many servers never need."""

import importlib
from typing import Any


class Lazily:
    """Stands for a module. For type checkers import the module itself, under TYPE_CHECKING."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
