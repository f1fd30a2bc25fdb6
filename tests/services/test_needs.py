"""What packages need, and what administrators put out of use."""

from importlib import metadata
from pathlib import Path

import pytest

from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from tests.services.conftest import ADMIN
from tests.services.test_loader import PYTHON
from tests.services.test_loader import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "packages")
    made.package("Base")
    made.write("Base/services/base.py", PYTHON)
    return made


def active(workspace: Workspace, *disabled: str) -> dict[str, bool]:
    catalogue = workspace.loader.load(frozenset(disabled))
    return {name: service.enabled for name, service in catalogue.services.items() if service.package}


def user_of(workspace: Workspace, versions: str, name: str = "User") -> None:
    workspace.package(name, f"dependencies:\n  Base: '{versions}'\n")
    workspace.write(f"{name}/services/{name.lower()}.py", PYTHON)


@pytest.mark.parametrize("versions", ["*", "", ">=1.0", "==1.0.0", "~=1.0", ">=0.9,<2"])
def test_a_package_whose_dependency_is_there_works(workspace: Workspace, versions: str) -> None:
    user_of(workspace, versions)
    assert active(workspace) == {"base:add": True, "user:add": True}


def test_a_package_whose_dependency_has_another_version_is_disabled_with_the_place(workspace: Workspace) -> None:
    user_of(workspace, ">=2")
    assert active(workspace) == {"base:add": True, "user:add": False}
    assert workspace.messages() == ["User/package.yaml:4: it needs the package Base >=2, and 1.0.0 is there"]


def test_a_package_whose_dependency_is_missing_is_disabled_until_it_comes(workspace: Workspace) -> None:
    workspace.package("User", "dependencies: {Other: '*'}\n")
    workspace.write("User/services/user.py", PYTHON)
    assert active(workspace)["user:add"] is False
    assert workspace.messages() == ["User/package.yaml:3: it needs the package Other, which is not there"]
    workspace.package("Other")
    assert active(workspace)["user:add"] is True


def test_whoever_needs_a_package_that_is_out_of_use_is_too_however_far_away(workspace: Workspace) -> None:
    user_of(workspace, "*")
    workspace.package("Third", "dependencies: {User: '*'}\n")
    workspace.write("Third/services/third.py", PYTHON)
    assert active(workspace, "Base") == {"base:add": False, "third:add": False, "user:add": False}
    assert active(workspace) == {"base:add": True, "third:add": True, "user:add": True}


def test_packages_may_need_each_other(workspace: Workspace) -> None:
    workspace.package("Base", "dependencies: {User: '*'}\n")
    user_of(workspace, "*")
    assert active(workspace) == {"base:add": True, "user:add": True}


def test_a_package_that_needs_a_broken_one_is_disabled(workspace: Workspace) -> None:
    user_of(workspace, "*")
    workspace.write("Base/package.yaml", "name: Base\n")
    assert active(workspace) == {"base:add": False, "user:add": False}
    assert "User/package.yaml:4: it needs the package Base, which is broken" in workspace.messages()


def test_an_installed_requirement_is_met(workspace: Workspace) -> None:
    workspace.package("Base", "requirements: ['msgspec>=0.1', \"nothing-such; python_version < '3'\"]\n")
    assert active(workspace) == {"base:add": True}


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("no-such-distribution>=1", "it needs no-such-distribution>=1, which is not installed; install it with: "),
        ("msgspec<0.1", f"it needs msgspec<0.1, and msgspec {metadata.version('msgspec')} is installed; install it with: "),
    ],
)  # fmt: skip
def test_an_unmet_requirement_disables_with_the_command_that_mends_it_and_runs_nothing(
    workspace: Workspace, requirement: str, said: str
) -> None:
    ran = workspace.packages / "ran"
    workspace.package("Base", f"requirements:\n  - {requirement}\n")
    workspace.write("Base/services/base.py", f"open({str(ran)!r}, 'w')\n{PYTHON}")
    assert active(workspace) == {"base:add": False}
    (message,) = workspace.messages()
    assert message.startswith(f"Base/package.yaml:4: {said}")
    assert message.endswith(f" -m pip install '{requirement}'")
    assert not ran.exists()


def test_a_requirement_that_is_installed_later_is_noticed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.package("Base", "requirements: [late-comer]\n")
    assert active(workspace) == {"base:add": False}
    known = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.0" if name == "late-comer" else known(name))
    assert active(workspace) == {"base:add": True}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dependencies: {Base: '*'}", "a package cannot need itself"),
        ("dependencies: {Other: 'about 2'}", "is no choice of versions"),
        ("dependencies: {'1': '*'}", "'1' is no package's name"),
        ("requirements: ['pandas>=']", "is no requirement"),
        ("requirements: ['x @ https://a.example/x.zip']", "names an address"),
    ],
)
def test_needs_that_cannot_be_read_are_told_with_their_line(workspace: Workspace, line: str, said: str) -> None:
    workspace.package("Base", line + "\n")
    (message,) = workspace.messages()
    assert message.startswith("Base/package.yaml:3: ")
    assert said in message


def test_a_disabled_package_runs_nothing_and_works_again_once_enabled(workspace: Workspace) -> None:
    ran = workspace.packages / "ran"
    workspace.write("Base/services/base.py", f"open({str(ran)!r}, 'w')\n{PYTHON}")
    assert active(workspace, "Base") == {"base:add": False}
    assert not ran.exists()
    catalogue = workspace.loader.load(frozenset({"Base"}))
    assert catalogue.packages["Base"].switched_off
    assert active(workspace) == {"base:add": True}
    assert ran.exists()


async def test_a_disabled_service_is_refused_and_its_neighbours_work(workspace: Workspace, runtime: Runtime) -> None:
    workspace.write("Base/services/more.py", PYTHON)
    catalogue = workspace.loader.load(frozenset({"base:add"}))
    assert catalogue.services["base:add"].switched_off
    assert await runtime.invoke(catalogue, "more:add", {"a": 1, "b": 2}, ADMIN) == 3
    with pytest.raises(ServiceError) as refused:
        await runtime.invoke(catalogue, "base:add", {"a": 1, "b": 2}, ADMIN)
    assert (refused.value.status, refused.value.detail) == (
        503,
        "Base/services/base.py:2: the service is disabled by an administrator",
    )


def test_a_built_in_service_can_be_disabled_too(workspace: Workspace) -> None:
    services = workspace.loader.load(frozenset({"pub.json:parse"})).services
    assert not services["pub.json:parse"].enabled
    assert services["pub.json:serialise"].enabled
