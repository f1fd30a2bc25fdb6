"""Server processes under measurement: started in a process group of their own, which is what CPU time is counted over."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from collections.abc import Sequence
from http.client import HTTPConnection
from http.client import HTTPException
from pathlib import Path

import msgspec

HOST = "127.0.0.1"
_TICK = os.sysconf("SC_CLK_TCK")


class CannotStart(Exception):
    """A server did not come up; `str()` says why."""


class Memory(msgspec.Struct, frozen=True):
    """Resident memory in MB (10⁶ bytes): of the largest process, and of the whole group with shared pages counted once."""

    worker: float
    group: float


class Server:
    """One running server with its process group."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, started: float) -> None:
        self._process = process
        self.port = port
        self.started = started

    def cpu_seconds(self) -> float:
        """User and system time of all processes of the group since they started, those that have ended included."""
        return sum(_cpu_ticks(pid) for pid in self._members()) / _TICK

    def memory(self) -> Memory:
        """Resident memory now."""
        members = list(self._members())
        return Memory(
            worker=max(_kilobytes(f"/proc/{pid}/status", "VmRSS:") for pid in members) * 1024 / 1e6,
            group=sum(_kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in members) * 1024 / 1e6,
        )

    def processes(self) -> list[int]:
        """The ids of the group's processes."""
        return list(self._members())

    def keep_to(self, cores: set[int]) -> None:
        """Have all threads that there are, and those they begin, run on these processors."""
        for pid in self._members():
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), cores)

    def stop(self) -> None:
        """End the group; wait until it is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(timeout=10)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue
            return

    def _members(self) -> Iterator[int]:
        """Found by group, not by parent: a worker may outlive or be adopted away from what started it."""
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                fields = _stat(int(entry.name))
                if fields and int(fields[2]) == self._process.pid:
                    yield int(entry.name)


def start(command: Sequence[str], port: int, log: Path, *, environment: dict[str, str] | None = None) -> Server:
    """Start a server that will listen on `port`, and wait until it accepts. Raises CannotStart with its last words."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    server = Server(process, port, started)
    while not _accepts(port):
        if process.poll() is not None or time.perf_counter() - started > 60:
            server.stop()
            said = log.read_text(errors="replace").strip().splitlines()
            raise CannotStart(said[-1] if said else f"ended with status {process.returncode}")
        time.sleep(0.005)
    return server


def answer_seconds(server: Server, target: str) -> float:
    """How long after its start the server gave the first 200 for `target`. Raises CannotStart after a minute."""
    while time.perf_counter() - server.started < 60:
        connection = HTTPConnection(HOST, server.port, timeout=1)
        try:
            connection.request("GET", target)
            if connection.getresponse().status == 200:
                return time.perf_counter() - server.started
        except (OSError, HTTPException):
            time.sleep(0.005)
        finally:
            connection.close()
    raise CannotStart(f"no answer at {target}")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, from `state` on; empty when the process is gone (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu_ticks(pid: int) -> int:
    """utime, stime, and those of children that were waited for."""
    return sum(int(number) for number in _stat(pid)[11:15])


def _kilobytes(file: str, name: str) -> int:
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
