"""What the server's worker process calls."""

from gatewright.web.worker import Worker


def application() -> Worker:
    """The application of this process."""
    return Worker()
