"""The server's processes: granian in front, one or more workers behind one listener."""

import os
import socket
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

import msgspec

from gatewright.app.logs import configure_logs
from gatewright.kernel.errors import StartupError
from gatewright.kernel.sealing import load_master_key
from gatewright.kernel.settings import ServerSettings
from gatewright.store.migrate import migrate_sqlite

_SETTINGS: Final = "GATEWRIGHT_INTERNAL_SETTINGS"
_WORKSPACE: Final = "GATEWRIGHT_INTERNAL_WORKSPACE"
_APPLICATION: Final = "gatewright.web.main:application"


def serve(settings: ServerSettings, workspace: Path) -> None:
    """Serve until a signal ends it. Raises StartupError when it cannot start: port in use, unwritable workspace, …"""
    from granian.constants import HTTPModes
    from granian.constants import Interfaces
    from granian.constants import Loops
    from granian.server import Server

    configure_logs(settings.log_level)
    _check(settings, workspace)
    hand_over(settings, workspace, os.environ)
    Server(
        _APPLICATION,
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        log_enabled=False,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
        backlog=1024,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    ).serve()


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
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartupError(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error
