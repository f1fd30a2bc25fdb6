"""structlog without what it loads only because it is there: whoever starts a process takes it from here, first of all.

It loads rich if it finds it, 6 MB and 60 ms, for tracebacks of a kind that we do not print.
"""

import importlib
import sys
from typing import Any
from typing import cast


def import_without(module: str, *optional: str) -> None:
    """Import a module as if those that it can do without were not installed. Others may import them later."""
    modules = cast(dict[str, Any], sys.modules)
    hidden = [name for name in optional if name not in modules]
    modules.update(dict.fromkeys(hidden))  # importing what is None here fails
    try:
        importlib.import_module(module)
    finally:
        for name in hidden:
            del modules[name]


import_without("structlog", "rich")
import structlog as structlog  # noqa: E402  # as the line above left it
