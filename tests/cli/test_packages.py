import asyncio
import shutil
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from gatewright.kernel import yaml
from gatewright.services.scaffold import new_package
from gatewright.store import failing_runs
from gatewright.store.failing_runs import FailingRun
from gatewright.store.sqlite import SqliteDatabase
from tests.cli.conftest import Command


def test_a_new_package_passes_check_and_test(command: Command, workspace: Path) -> None:
    assert command("package", "new", "Bills-2", "--workspace", workspace).status == 0
    checked = command("package", "check", "Bills-2", "--workspace", workspace)
    assert (checked.status, checked.out) == (0, "2 services, 0 errors, 0 warnings\n")
    tested = command("package", "test", "Bills-2", "--workspace", workspace)
    assert (tested.status, tested.out.splitlines()[-1]) == (0, "4 passed, 0 failed")


@pytest.mark.parametrize(("name", "said"), [("Airports", "is there already"), ("../x", "name is letters")])
def test_a_package_that_cannot_be_made_is_refused(command: Command, workspace: Path, name: str, said: str) -> None:
    told = command("package", "new", name, "--workspace", workspace)
    assert told.status == 1
    assert said in told.err


def test_check_tells_each_problem_with_its_place(command: Command, workspace: Path) -> None:
    package = workspace / "packages/Airports"
    (package / "services/broken.py").write_text("import nothing_such\n")
    (package / "services/routes/plan.flow.yaml").write_text("document: {}\n")
    (package / "services/geo.test.yaml").write_text("- name: a\n  inputs: {}\n")
    told = command("package", "check", package)
    assert told.status == 1
    assert "Airports/services/broken.py:1:0: error: ModuleNotFoundError: No module named 'nothing_such'" in told.out
    assert "Airports/services/routes/plan.flow.yaml:1:" in told.out
    assert "Airports/services/geo.test.yaml:2:" in told.out
    findings = msgspec.json.decode(command("package", "check", package, "--json").out)
    assert {finding["severity"] for finding in findings} == {"error"}


def test_a_disabled_service_is_listed_as_such_until_it_is_enabled(command: Command, workspace: Path) -> None:
    options = ("--workspace", workspace)
    assert command("package", "disable", "geo:distance", *options).out == "geo:distance is disabled\n"
    services = msgspec.json.decode(command("package", "list", "--json", *options).out)
    assert {service["service"] for service in services if not service["active"]} == {"geo:distance"}
    shown = msgspec.json.decode(command("package", "show", "Airports", "--json", *options).out)
    assert (shown["active"], shown["version"]) == (True, "1.0.0")
    assert command("package", "enable", "geo:distance", *options).out == "geo:distance is in use again\n"
    services = msgspec.json.decode(command("package", "list", "--json", *options).out)
    assert all(service["active"] for service in services)


def test_an_unknown_package_or_service_cannot_be_disabled(command: Command, workspace: Path) -> None:
    told = command("package", "disable", "geo:distanc", "--workspace", workspace)
    assert told.status == 1
    assert "geo:distance" in told.err


def test_a_package_is_installed_from_a_zip_file_and_removed(command: Command, workspace: Path, tmp_path: Path) -> None:
    new_package(tmp_path, "Bills")
    archive = shutil.make_archive(str(tmp_path / "bills"), "zip", tmp_path, "Bills")
    installed = command("package", "install", archive, "--workspace", workspace)
    assert (installed.status, installed.out) == (0, "installed Bills 0.1.0\n")
    assert command("package", "install", archive, "--workspace", workspace).out.endswith("in place of 0.1.0\n")
    assert command("package", "test", "Bills", "--workspace", workspace).status == 0
    assert command("package", "remove", "Bills", "--workspace", workspace).out == "removed Bills\n"
    assert command("package", "show", "Bills", "--workspace", workspace).status == 1


def test_a_package_that_cannot_be_used_is_refused_with_its_problems(
    command: Command, workspace: Path, tmp_path: Path
) -> None:
    new_package(tmp_path, "Bills")
    (tmp_path / "Bills/services/bills/words.py").write_text("import nothing_such\n")
    told = command("package", "install", tmp_path / "Bills", "--workspace", workspace)
    assert told.status == 1
    assert "Bills/services/bills/words.py:1:0: error: ModuleNotFoundError" in told.err
    assert not (workspace / "packages/Bills").exists()


async def _keep(workspace: Path, *runs: FailingRun) -> None:
    database = SqliteDatabase(workspace / "data/gatewright.db")
    await database.write(failing_runs.add, runs)
    await database.close()


def test_failing_runs_are_listed_with_the_step_that_failed(command: Command, workspace: Path) -> None:
    steps = ({"pointer": "/do/0/ask", "error": None}, {"pointer": "/do/1/tell", "error": {"title": "T"}})
    run = FailingRun(
        id="1", at=1_700_000_000, service="routes:plan", request="r1", client_id="c1", subject="s", status=502,
        title="Bad gateway", detail="no answer", seconds=0.1, steps=steps,
    )  # fmt: skip
    asyncio.run(_keep(workspace, run))
    told = command("package", "failures", "--workspace", workspace)
    assert told.status == 0
    assert "2023-11-14T22:13:20Z  routes:plan  502     no answer  /do/1/tell  c1      r1" in told.out
    assert command("package", "failures", "other:one", "--workspace", workspace).out == "none\n"
    (line,) = msgspec.json.decode(command("package", "failures", "--json", "--workspace", workspace).out)
    assert line["steps"][1]["error"] == {"title": "T"}


@pytest.mark.parametrize(("kind", "pattern"), [("test", "*.test.yaml"), ("package", "package.yaml")])
def test_the_examples_files_fit_the_schemas_that_editors_are_given(
    command: Command, workspace: Path, kind: str, pattern: str
) -> None:
    schema = jsonschema_rs.validator_for(msgspec.json.decode(command("package", "schema", kind).out))
    files = list((workspace / "packages").rglob(pattern))
    assert files
    for file in files:
        assert [error.message for error in schema.iter_errors(yaml.load(file.read_text()).value)] == []
    assert not schema.is_valid([{"name": "a", "inputs": {}}] if kind == "test" else {"name": "A", "versions": "1"})
