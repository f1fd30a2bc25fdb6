"""The console's routes."""

from starlette.routing import BaseRoute
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from gatewright.app.parts import Parts
from gatewright.console.templating import HERE
from gatewright.console.templating import STATIC_URL


def console_routes(parts: Parts) -> list[BaseRoute]:
    """Every page under `/console`, and the assets."""
    return [Mount(STATIC_URL, StaticFiles(directory=HERE / "static", check_dir=False))]
