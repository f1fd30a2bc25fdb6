"""Lines that people paste must work where they stand."""

import sys
from pathlib import Path

import pytest

from gatewright.cli.welcome import example_lines
from gatewright.cli.welcome import reset_command
from gatewright.kernel.settings import ServerSettings

STARTED_BY = ".venv/bin/gatewright"


@pytest.fixture(autouse=True)
def _started_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [STARTED_BY, "run"])


def test_command_is_the_path_it_was_started_by_where_the_shell_does_not_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reset_command(Path("w"), "admin") == f"{STARTED_BY} user reset-password admin --workspace w"


def test_command_is_its_name_where_the_shell_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "gatewright"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reset_command(Path("w"), "admin") == "gatewright user reset-password admin --workspace w"


def test_pasted_lines_trust_the_certificate_that_the_server_was_given(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "example-client.secret").touch()
    settings = ServerSettings(tls_certificate=str(tmp_path / "tls.pem"), tls_key="key.pem")
    assert "\n".join(example_lines(settings, tmp_path)).count(f"curl -s --cacert {tmp_path / 'tls.pem'} ") == 3
    assert "--cacert" not in "\n".join(example_lines(ServerSettings(), tmp_path))
