"""Logs: JSON lines on stderr, readable ones on a terminal. Neither holds a secret (DESIGN, promise 4)."""

import logging
import re
import sys
from typing import TYPE_CHECKING
from typing import Final
from typing import TextIO
from typing import cast

from gatewright.kernel.lean import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict
    from structlog.typing import Processor
    from structlog.typing import WrappedLogger

_SECRET: Final = re.compile(r"gw_([a-z]{2})_[0-9A-Za-z]+")


class _Stderr:
    """Whatever stderr is when a line is written: loggers live longer than a stream that was put in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logs(level: str) -> None:
    """Set up structlog for this process. level: debug, info, warning or error."""
    structlog.configure(
        processors=processors(readable=sys.stderr.isatty()),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )


def processors(*, readable: bool) -> "list[Processor]":
    """What an event goes through on its way out. readable: for a terminal, not as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # As plain text: structlog's richer forms print the frames' variables, and with them passwords and tokens.
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    terminal = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return [*shared, terminal if readable else structlog.processors.JSONRenderer()]


def without_secrets(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
    """The event with each token, code or secret that we made cut down to its prefix, wherever it came in from."""
    return {name: _SECRET.sub(r"gw_\1_…", text) if isinstance(text, str) else text for name, text in event.items()}
