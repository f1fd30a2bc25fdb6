"""A workspace made once by `gatewright init --example`, copied for each test."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gatewright.cli.main import run_command


class Ran(msgspec.Struct, frozen=True):
    """How a command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("GATEWRIGHT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = run_command([str(each) for each in arguments])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def made_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "workspace"
    assert run_command(["init", str(folder), "--example"]) == 0
    return folder


@pytest.fixture
def workspace(made_workspace: Path, tmp_path: Path) -> Path:
    """This test's own example workspace."""
    return Path(shutil.copytree(made_workspace, tmp_path / "workspace"))
