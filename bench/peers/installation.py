"""Installing the peers, from PyPI and npm in the locked versions, into a folder of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json")


class NotInstalled(Exception):
    """Peers could not be installed; `str()` says why."""


def install_python(folder: Path) -> Path:
    """The folder of the Python peers' commands, installed when it is not there yet. Raises NotInstalled."""
    lock = _HERE / "requirements.txt"
    if not _is_current(folder, [lock]):
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(folder / "bin/python"), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)])
        _remember(folder, [lock])
    return folder / "bin"


def install_node(folder: Path) -> Path:
    """The folder of the Node peers with their packages. Raises NotInstalled."""
    locks = [_HERE / name for name in _FILES]
    if not _is_current(folder, locks):
        folder.mkdir(parents=True, exist_ok=True)
        for lock in locks:
            shutil.copy(lock, folder)
        _run(["npm", "ci", "--silent"], folder)
        _remember(folder, locks)
    for script in _HERE.glob("*.mjs"):  # Node looks for packages beside the script
        shutil.copy(script, folder)
    return folder


def _stamp(locks: Sequence[Path]) -> str:
    return "".join(lock.read_text() for lock in locks)


def _is_current(folder: Path, locks: Sequence[Path]) -> bool:
    stamp = folder / "installed"
    return stamp.is_file() and stamp.read_text() == _stamp(locks)


def _remember(folder: Path, locks: Sequence[Path]) -> None:
    (folder / "installed").write_text(_stamp(locks))


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    try:
        subprocess.run(command, cwd=folder, env=os.environ, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NotInstalled(f"there is no {command[0]} here") from None
    except subprocess.CalledProcessError as error:
        raise NotInstalled(f"{' '.join(command[:4])} failed: {error.stderr.strip()[-300:]}") from None
