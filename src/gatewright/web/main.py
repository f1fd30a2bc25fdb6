"""What granian's worker process calls. It imports little itself, so that signals are taken care of before the rest loads."""

import multiprocessing
import signal
from typing import TYPE_CHECKING
from typing import Final

if TYPE_CHECKING:
    from gatewright.web.worker import Worker

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def application() -> "Worker":
    """The application of this process."""
    if multiprocessing.parent_process() is not None:
        for number in ENDING_SIGNALS:  # the handlers that a fork inherits from the main process would swallow them
            signal.signal(number, signal.SIG_DFL)
    from gatewright.web.worker import Worker

    return Worker()
