"""A real server in processes of its own, on a free port, over a seeded workspace."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from gatewright.kernel.settings import ServerSettings
from tests.running import seed

_SERVE = """
import sys
from pathlib import Path
import msgspec
from gatewright.app.server import serve
from gatewright.kernel.settings import ServerSettings
if __name__ == "__main__":
    serve(msgspec.json.decode(sys.argv[1], type=ServerSettings), Path(sys.argv[2]))
"""


class Server:
    """A server that can be started, killed and started again over the same workspace."""

    def __init__(self, workspace: Path, workers: int = 1) -> None:
        self.workspace = workspace
        self.settings = ServerSettings(port=free_port(), workers=workers, log_level="info")
        self.url = f"http://localhost:{self.settings.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._script = workspace / "serve.py"
        self._script.write_text(_SERVE)

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.workspace / "server.log").read_text()

    @property
    def pid(self) -> int:
        """The main process's."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when every worker answers."""
        command = [sys.executable, str(self._script), msgspec.json.encode(self.settings).decode(), str(self.workspace)]
        with open(self.workspace / "server.log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def send_signal(self, number: int) -> None:
        """Send a signal to its main process."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ask it to end, and wait until it has."""
        assert self._process is not None
        self.send_signal(number)
        self._process.wait(timeout=20)

    def kill(self) -> None:
        """`kill -9` of all its processes at once, as when the machine loses power."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)

    def kill_main(self) -> None:
        """`kill -9` of the main process alone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)

    def clean_up(self) -> None:
        """End whatever is left of it."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_server(seeded: Path, workspace: Path, workers: int) -> Server:
    """A server, not yet started, over a copy of the seeded database and the package Shop."""
    seed.copy_database(seeded, workspace)
    seed.write_package(workspace)
    return Server(workspace, workers)


@pytest.fixture(scope="session")
def server(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with two workers for all tests that only talk to it."""
    running = new_server(seeded, tmp_path_factory.mktemp("server"), workers=2)
    running.start()
    yield running
    running.stop()
    running.clean_up()


@pytest.fixture
def own_server(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with two workers, not yet started, that a test may kill."""
    running = new_server(seeded, tmp_path, workers=2)
    yield running
    running.clean_up()
