"""Fetching a repository by the git command: one commit, no hooks, no submodules, no questions, bounded."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gatewright.services.package_bounds import MOST_BYTES
from gatewright.services.package_bounds import CannotInstall

_ADDRESS: Final = re.compile(
    r"(?:(?:https|ssh|file)://[^\s-][^\s]*|[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s-][^\s]*)\Z"
)
_LOOKS_LIKE_ONE: Final = re.compile(r"[a-z][a-z0-9+.-]*:/?/?|[^/\s]+@[^/\s]+:")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,200}\Z")
_SECONDS: Final = 120
_LARGEST_CLONE: Final = 4 * MOST_BYTES
_LOOK_EVERY: Final = 0.2
# Nothing of the repository, nor of whoever runs this, may make git run something or follow another protocol.
_QUIETLY: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.symlinks=false",
    "-c", "core.fsmonitor=false",
    "-c", "protocol.allow=never",
    "-c", "protocol.https.allow=always",
    "-c", "protocol.ssh.allow=always",
    "-c", "protocol.file.allow=always",
    "-c", "http.followRedirects=false",
    "-c", "submodule.recurse=false",
    "-c", "filter.lfs.smudge=",
    "-c", "filter.lfs.process=",
    "-c", "filter.lfs.required=false",
)  # fmt: skip


def is_git(where: str) -> bool:
    """Whether this is meant as the address of a repository, a bad one too."""
    return _LOOKS_LIKE_ONE.match(where) is not None


def git_source(
    address: str, reference: str, folder_source: Callable[[Path], Callable[[Path], None]]
) -> Callable[[Path], None]:
    """The files of a branch or tag, by default the repository's own. Raises CannotInstall for an address that is none."""
    if not _ADDRESS.match(address) or "@-" in address:
        raise CannotInstall(
            f"{address} is no address that packages are fetched from: https://, ssh://, file:// or git@host:path"
        )
    if reference and (not _REFERENCE.match(reference) or ".." in reference):
        raise CannotInstall(f"{reference!r} is no branch or tag")

    def fill(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".clone-", dir=target.parent) as folder:
            clone = Path(folder, "clone")
            _clone(address, reference, clone)
            shutil.rmtree(clone / ".git")
            folder_source(clone)(target)

    return fill


def _clone(address: str, reference: str, target: Path) -> None:
    chosen = ["--branch", reference] if reference else []
    command = ["git", *_QUIETLY, "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--template="]
    try:
        process = subprocess.Popen(  # noqa: S603  every part of it was checked
            [*command, *chosen, "--", address, str(target)],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CannotInstall("git is not installed") from None
    with process:
        _watch(process, target)
        said = process.stderr.read(2_000).decode("utf-8", "replace").strip() if process.stderr else ""
    if process.returncode != 0:
        raise CannotInstall(f"git could not fetch it: {said.splitlines()[-1] if said else 'no reason given'}")


def _watch(process: subprocess.Popen[bytes], target: Path) -> None:
    """Wait for its end; kill it when it takes too long or too much room."""
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            process.wait(_LOOK_EVERY)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
        if time.monotonic() > deadline:
            _kill(process)
            raise CannotInstall(f"git did not end within {_SECONDS} seconds")
        if _size(target) > _LARGEST_CLONE:
            _kill(process)
            raise CannotInstall(f"the repository is larger than {_LARGEST_CLONE:,} bytes")


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, 9)
    process.wait()


def _size(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(at, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oProxyCommand=none -oPermitLocalCommand=no",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
