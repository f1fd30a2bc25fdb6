"""The server's processes: uvicorn in one, or a main process and its workers behind one listener."""

import os
import resource
import signal
import socket
import ssl
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Final
from typing import NoReturn

import msgspec

from gatewright.app.logs import configure_logs
from gatewright.kernel.errors import StartupError
from gatewright.kernel.sealing import load_master_key
from gatewright.kernel.settings import ServerSettings
from gatewright.store.migrate import migrate_sqlite

if TYPE_CHECKING:
    from uvicorn import Config

_SETTINGS: Final = "GATEWRIGHT_INTERNAL_SETTINGS"
_WORKSPACE: Final = "GATEWRIGHT_INTERNAL_WORKSPACE"
_APPLICATION: Final = "gatewright.web.main:application"
_CONNECTION: Final = "gatewright.web.connection:Connection"
_IDLE_SECONDS: Final = 75  # longer than proxies keep theirs, so that they close first
_STOP_SECONDS: Final = 30


def serve(settings: ServerSettings, workspace: Path) -> None:
    """Serve until a signal ends it. Raises StartupError when it cannot start: port in use, unwritable workspace, …"""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    configure_logs(settings.log_level)
    _check(settings, workspace)
    hand_over(settings, workspace, os.environ)
    _allow_many_connections()
    _run(_configuration(settings))


def _configuration(settings: ServerSettings) -> "Config":
    from uvicorn import Config

    return Config(
        _APPLICATION,
        factory=True,
        interface="asgi3",
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=_CONNECTION,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",  # what goes wrong with a request is logged by whoever answers it
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        backlog=1024,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _run(config: "Config") -> None:
    from uvicorn import Server
    from uvicorn.config import STARTUP_FAILURE

    listener = config.bind_socket()
    if config.workers == 1:
        server = Server(config)
        server.run([listener])
        started = server.started
    else:
        from uvicorn.supervisors import Multiprocess

        supervisor = Multiprocess(config, [listener])
        supervisor.run()
        started = all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)
    if not started:
        raise SystemExit(1)  # the worker has said why


def _allow_many_connections() -> None:
    """Use as many files as the system lets this process: shells often begin with 1,024, and each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _end(number: int, frame: object) -> NoReturn:
    """End without more ado: while there is nothing to finish yet, and once all is finished."""
    raise SystemExit(0)


def hand_over(settings: ServerSettings, workspace: Path, environment: MutableMapping[str, str]) -> None:
    """Put what a worker needs into its environment."""
    environment[_SETTINGS] = msgspec.json.encode(settings).decode()
    environment[_WORKSPACE] = str(workspace.resolve())


def handed_over(environment: MutableMapping[str, str]) -> tuple[ServerSettings, Path]:
    """What `hand_over` put there."""
    return msgspec.json.decode(environment[_SETTINGS], type=ServerSettings), Path(environment[_WORKSPACE])


def _check(settings: ServerSettings, workspace: Path) -> None:
    """Refuse with one line what would otherwise fail in a worker."""
    if settings.database == "sqlite":
        migrate_sqlite(workspace / "data" / "gatewright.db")
    load_master_key(workspace, dict(os.environ))
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise StartupError("tls_certificate and tls_key belong together: give both or neither")
    for path in (settings.tls_certificate, settings.tls_key):
        if path and not os.access(path, os.R_OK):
            raise StartupError(f"{path} cannot be read")
    if settings.tls_certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key)
        except ssl.SSLError as error:
            raise StartupError(
                "tls_certificate and tls_key must be PEM files of a certificate and of its own key"
            ) from error
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartupError(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error
