import os
import re
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

from tests.cli.conftest import Command
from tests.running import seed
from tests.running.browser import Browser

GATEWRIGHT = Path(sys.executable).with_name("gatewright")


def test_init_makes_folders_the_secret_and_an_administrator_whose_password_is_shown(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    made = command("init", folder, "--example")
    assert made.status == 0
    assert re.search(r"admin, one-time password \w{4}-\w{4}-\w{4}-\w{4} \(shown only now\)", made.out)
    secret = folder / "data" / "example-client.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text() not in made.out
    assert str(secret) in made.out
    assert (folder / ".gitignore").read_text() == "/data/\n"
    assert (folder / "packages" / "Airports" / "package.yaml").is_file()
    assert command("user", "show", "admin", "-w", folder, "--json").out.count("Administrators") == 1


def test_init_twice_is_refused_and_changes_nothing(command: Command, workspace: Path) -> None:
    before = command("audit", "list", "-w", workspace).out
    again = command("init", workspace)
    assert (again.status, again.out) == (1, "")
    assert again.err.startswith("gatewright: ")
    assert again.err.count("\n") == 1
    assert command("audit", "list", "-w", workspace).out == before


def test_password_from_the_environment_is_used_and_not_shown(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWRIGHT_ADMIN_PASSWORD", "correct horse")
    made = command("init", tmp_path / "new")
    assert made.status == 0
    assert "correct horse" not in made.out
    admin = msgspec.json.decode(command("user", "show", "admin", "-w", tmp_path / "new", "--json").out)
    assert admin["must_change_password"] is False


def test_init_applies_a_file_that_is_there_already(command: Command, tmp_path: Path) -> None:
    (tmp_path / "gatewright.yaml").write_text("clients:\n  - {client_id: job, name: Job, allowed_grants: []}\n")
    made = command("init", tmp_path)
    assert "+ client job" in made.out
    assert re.search(r"Client +job, secret gw_cs_\w+ \(shown only now\)", made.out)


def test_administrator_that_the_file_names_is_the_one_to_sign_in_as(command: Command, tmp_path: Path) -> None:
    (tmp_path / "gatewright.yaml").write_text("users:\n  - {name: grace, groups: [Administrators]}\n")
    made = command("init", tmp_path)
    assert re.search(r"User +grace, one-time password \w{4}-", made.out)
    assert "user reset-password grace" in made.out
    users = msgspec.json.decode(command("user", "list", "--json", "-w", tmp_path).out)
    assert [user["name"] for user in users] == ["grace"]


def test_file_that_will_not_do_can_be_mended_and_init_run_again(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "gatewright.yaml"
    file.write_text("clients:\n  - {name: Job}\n")
    refused = command("init", tmp_path)
    assert refused.status == 1
    assert f"{file}:2: redirect_uris: " in refused.err
    file.write_text("clients:\n  - {name: Job, allowed_grants: []}\n")
    assert command("init", tmp_path).status == 0


def test_folder_that_cannot_be_written_is_one_clear_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = command("init", tmp_path / "file" / "workspace")
    assert refused.status == 1
    assert refused.err.startswith("gatewright: cannot write ")


def test_run_without_a_workspace_says_how_to_make_one(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = command("run")
    assert (refused.status, refused.out) == (1, "")
    assert "gatewright init workspace" in refused.err


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def first_words(tmp_path: Path, port: int) -> Iterator[str]:
    """What `gatewright run --example` prints in an empty folder; the server runs meanwhile."""
    words = tmp_path / "words"
    with words.open("w") as out:
        server = subprocess.Popen(
            [str(GATEWRIGHT), "run", "--example", "--port", str(port)], cwd=tmp_path, stdout=out, env=os.environ
        )
    try:
        _wait_until_ready(server, port)
        yield words.read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(200):
        time.sleep(0.1)
        assert server.poll() is None
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            continue
    raise AssertionError("the server did not become ready")


def _pasted(line: str) -> bytes:
    return subprocess.run(["sh", "-c", line], capture_output=True, check=True, cwd="/", timeout=30).stdout


def test_pasted_lines_get_a_token_and_real_data(first_words: str) -> None:
    token, call = [line.strip() for line in first_words.splitlines() if line.strip().startswith("curl ")]
    assert msgspec.json.decode(_pasted(token))["token_type"] == "Bearer"
    assert msgspec.json.decode(_pasted(call))["name"] == "John F Kennedy International Airport"


def test_later_runs_show_no_password_but_the_command_that_resets_it(
    workspace: Path, port: int, command: Command
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = command("run", "-w", workspace, "--port", taken.getsockname()[1])
    assert refused.status == 1
    assert "password" in refused.out
    assert "one-time" not in refused.out
    assert f" user reset-password admin --workspace {workspace}" in refused.out
    assert "Address already in use" in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.clients
def test_newman_runs_the_exported_collection(
    first_words: str, tmp_path: Path, port: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    newman = Path(__file__).parents[1] / "clients" / "node_modules" / ".bin" / "newman"
    if not newman.exists():
        pytest.skip("newman is not installed; make test installs it")
    workspace = tmp_path / "workspace"
    monkeypatch.setenv("DEMO_PASSWORD", "correct horse")
    command("user", "create", "demo", "--password-env", "DEMO_PASSWORD", "-w", workspace)
    collection = tmp_path / "collection.json"
    assert command("export", "--postman", "-o", collection, "-w", workspace).status == 0
    variables = {
        "baseUrl": f"http://localhost:{port}",
        "client_secret": (workspace / "data" / "example-client.secret").read_text(),
        "username": "demo",
        "password": "correct horse",
    }
    given = [part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")]
    report = tmp_path / "report.json"
    ran = subprocess.run(
        [str(newman), "run", str(collection), *given, "--reporters", "json", "--reporter-json-export", str(report)],
        capture_output=True,
        timeout=120,
    )
    run = msgspec.json.decode(report.read_bytes())["run"]
    assert ran.returncode == 0, run["failures"]
    passed = [test["assertion"] for each in run["executions"] for test in each["assertions"]]
    assert passed.count("a token is issued") == 9  # password, refresh and client credentials, three encodings each
    assert passed.count("the service answers") == 8


@pytest.mark.clients
def test_newman_redeems_codes_in_each_encoding(
    first_words: str, tmp_path: Path, port: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one token request of the form's grants that a browser comes before."""
    newman = Path(__file__).parents[1] / "clients" / "node_modules" / ".bin" / "newman"
    if not newman.exists():
        pytest.skip("newman is not installed; make test installs it")
    workspace, collection, url = tmp_path / "workspace", tmp_path / "collection.json", f"http://localhost:{port}"
    monkeypatch.setenv("ADA_PASSWORD", seed.PASSWORD)
    command("user", "create", "ada", "--password-env", "ADA_PASSWORD", "-w", workspace)
    command("export", "--postman", "-o", collection, "-w", workspace)
    secret = (workspace / "data" / "example-client.secret").read_text()
    asked = {"client_id": "example", "redirect_uri": "https://oauth.pstmn.io/v1/callback", "scope": "airports"}
    for encoding in ("form", "multipart", "JSON"):
        with Browser(url) as browser:
            code = browser.approve(**asked)["code"]
        given = {"baseUrl": url, "client_secret": secret, "authorization_code": code, **asked}
        variables = [part for name, value in given.items() for part in ("--env-var", f"{name}={value}")]
        folder = ["--folder", f"Authorization Code, {encoding}"]
        command_line = [str(newman), "run", str(collection), *variables, *folder]
        ran = subprocess.run(command_line, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stdout
        assert "a token is issued" in ran.stdout
