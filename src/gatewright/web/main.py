"""What a worker process loads: the application, built from what the server handed over."""

import os

from gatewright.app.logs import configure_logs
from gatewright.app.parts import Parts
from gatewright.app.server import handed_over
from gatewright.web.asgi import Gatewright
from gatewright.web.pages import pages_for


async def _start() -> Parts:
    settings, workspace = handed_over(os.environ)
    configure_logs(settings.log_level)
    return await Parts.start(settings, workspace)


application = Gatewright(_start, pages_for)
