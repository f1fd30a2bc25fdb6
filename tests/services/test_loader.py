import os
import time
from pathlib import Path
from typing import Any

import pytest

from gatewright.services.catalogue import Catalogue
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from tests.services.conftest import ADA
from tests.services.conftest import ADMIN
from tests.services.conftest import own

PYTHON = "from gatewright.services import service\n@service(inline=True)\ndef add(a: int, b: int) -> int:\n    return a + b\n"
FLOW = """
document: {{dsl: '1.0.3', namespace: calc, name: {name}, version: '1.0.0'}}
input:
  schema:
    document:
      type: object
      properties: {{a: {{type: integer}}}}
      required: [a]
do:
  - step:
      {step}
"""


class Workspace:
    def __init__(self, packages: Path) -> None:
        self.packages = packages
        self.loader = Loader(packages)

    def write(self, file: str, text: str) -> None:
        path = self.packages / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def package(self, name: str, more: str = "") -> None:
        self.write(f"{name}/package.yaml", f"name: {name}\nversion: 1.0.0\n{more}")

    def flow(self, file: str, step: str) -> None:
        name = file.rsplit("/", 1)[-1].removesuffix(".flow.yaml")
        self.write(file, FLOW.format(name=name, step=step))

    def load(self) -> Catalogue:
        return self.loader.load()

    def messages(self) -> list[str]:
        return [str(problem) for problem in self.load().problems()]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "packages")
    made.package("Calc", 'url_templates:\n  - {template: "GET /sums/{a}/{b}", service: "calc:add"}\n')
    made.write("Calc/services/calc.py", PYTHON)
    made.flow("Calc/services/calc/twice.flow.yaml", "call: calc:add\n      with: {a: '${ .a }', b: '${ .a }'}")
    return made


async def call(runtime: Runtime, catalogue: Catalogue, name: str, values: dict[str, Any], caller=ADA) -> object:
    return await runtime.invoke(catalogue, name, values, caller)


async def test_python_and_flow_services_are_loaded_and_call_each_other(workspace, runtime) -> None:
    catalogue = workspace.load()
    assert workspace.messages() == []
    assert {name: service.kind for name, service in own(catalogue).items()} == {
        "calc:add": "python",
        "calc:twice": "flow",
    }
    assert await call(runtime, catalogue, "calc:add", {"a": 1, "b": 2}) == 3
    assert await call(runtime, catalogue, "calc:twice", {"a": 4}) == 8
    assert catalogue.match("GET", b"/sums/1/2").template.service == "calc:add"


def test_no_packages_folder_is_an_empty_catalogue(tmp_path) -> None:
    assert own(Loader(tmp_path / "nowhere").load()) == {}


def test_nothing_changed_gives_the_same_catalogue(workspace) -> None:
    assert workspace.load() is workspace.load()


async def test_request_keeps_the_catalogue_it_began_with(workspace, runtime) -> None:
    before = workspace.load()
    workspace.write("Calc/services/calc.py", PYTHON.replace("a + b", "a - b"))
    after = workspace.load()
    assert after.generation > before.generation
    assert await call(runtime, before, "calc:twice", {"a": 4}) == 8
    assert await call(runtime, after, "calc:twice", {"a": 4}) == 0


def test_unchanged_flow_is_kept_as_it_was_compiled(workspace) -> None:
    before = workspace.load().services["calc:twice"]
    workspace.flow("Calc/services/calc/other.flow.yaml", "set: {a: 1}")
    assert workspace.load().services["calc:twice"] is before


def test_flow_is_checked_again_when_what_it_calls_changes(workspace) -> None:
    workspace.load()
    workspace.write(
        "Calc/services/calc.py", PYTHON.replace("a: int, b: int", "a: int, c: int").replace("a + b", "a + c")
    )
    after = workspace.load()
    assert not after.services["calc:twice"].enabled
    workspace.write("Calc/services/calc.py", PYTHON)
    assert workspace.load().services["calc:twice"].enabled


def test_flow_that_calls_a_service_that_comes_later_works_from_then_on(workspace) -> None:
    workspace.flow("Calc/services/calc/uses.flow.yaml", "call: later:one\n      with: {a: 1}")
    assert not workspace.load().services["calc:uses"].enabled
    workspace.flow("Calc/services/later/one.flow.yaml", "set: {b: 1}")
    assert workspace.load().services["calc:uses"].enabled


async def test_flows_may_call_each_other_in_a_circle_until_it_is_too_deep(workspace, runtime) -> None:
    workspace.flow("Calc/services/calc/a.flow.yaml", "call: calc:b\n      with: {a: 1}")
    workspace.flow("Calc/services/calc/b.flow.yaml", "call: calc:a\n      with: {a: 1}")
    catalogue = workspace.load()
    assert workspace.messages() == []
    with pytest.raises(ServiceError, match="nested"):
        await call(runtime, catalogue, "calc:a", {"a": 1}, ADMIN)


async def test_broken_flow_disables_itself_alone_with_its_place(workspace, runtime) -> None:
    workspace.flow("Calc/services/calc/broken.flow.yaml", "sett: {b: 1}")
    catalogue = workspace.load()
    broken = catalogue.services["calc:broken"]
    assert not broken.enabled
    assert (broken.problems[0].file, broken.problems[0].line > 1) == ("Calc/services/calc/broken.flow.yaml", True)
    assert await call(runtime, catalogue, "calc:twice", {"a": 1}) == 2


def test_file_that_is_not_utf8_disables_itself_alone(workspace) -> None:
    (workspace.packages / "Calc/services/calc/odd.flow.yaml").write_bytes(b"\xff\xfe")
    (workspace.packages / "Calc/services/odd.py").write_bytes(b"\xff\xfe")
    state = {name: service.enabled for name, service in own(workspace.load()).items()}
    assert state == {"calc:add": True, "calc:twice": True, "calc:odd": False}
    assert any("odd.py" in message for message in workspace.messages())


def test_second_service_of_a_name_is_disabled_with_where_the_first_is(workspace) -> None:
    workspace.package("Other")
    workspace.write("Other/services/calc.py", PYTHON)
    catalogue = workspace.load()
    assert catalogue.services["calc:add"].package == "Calc"
    (second,) = catalogue.packages["Other"].services
    assert second.problems[0].message == "calc:add is already defined in Calc/services/calc.py, line 2"
    workspace.write("Other/services/calc.py", PYTHON.replace("add", "sum"))
    assert workspace.load().services["calc:sum"].enabled


def test_broken_package_yaml_disables_its_package_and_no_other(workspace) -> None:
    workspace.package("Other", "colour: red\n")
    workspace.write("Other/services/other.py", PYTHON)
    catalogue = workspace.load()
    assert not catalogue.services["other:add"].enabled
    assert catalogue.services["calc:add"].enabled
    assert workspace.messages() == ["Other/package.yaml:3: unknown key 'colour'"]
    workspace.package("Other")
    assert workspace.load().services["other:add"].enabled


@pytest.mark.parametrize(
    ("template", "service", "words"),
    [
        ("GET /oauth/x", "calc:add", "belongs to the server"),
        ("GET /x", "calc:nothing", "does not exist"),
        ("GET /x", "calc", "folder.sub:service"),
        ("GET /x/{colour}", "calc:add", "which calc:add does not take"),
        ("GET /sums/{b}/{a}", "calc:add", "cannot be told from"),
        ("GET /x/", "calc:add", "empty"),
    ],
)
def test_template_that_cannot_be_used_is_left_out_with_its_reason(workspace, template, service, words) -> None:
    workspace.package("Other", f'url_templates:\n  - {{template: "{template}", service: "{service}"}}\n')
    assert list(workspace.load().templates.by_text) == ["GET /sums/{a}/{b}"]
    assert any(words in message for message in workspace.messages())


def test_route_of_a_broken_service_stays_so_that_it_answers_disabled(workspace) -> None:
    workspace.write("Calc/services/calc.py", PYTHON + "def (:\n")
    match = workspace.load().match("GET", b"/sums/1/2")
    assert match.template.service == "calc:add"
    assert not workspace.load().services["calc:add"].enabled


def test_removed_package_is_gone(workspace) -> None:
    workspace.load()
    for file in sorted(workspace.packages.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    catalogue = workspace.load()
    assert (own(catalogue), catalogue.has_folder("calc")) == ({}, False)


def test_flow_outside_a_folder_is_told_where_to_go(workspace) -> None:
    workspace.flow("Calc/services/top.flow.yaml", "set: {a: 1}")
    assert any("services/FOLDER/top.flow.yaml" in message for message in workspace.messages())


def test_replaced_file_of_the_same_size_and_time_is_noticed(workspace) -> None:
    file = workspace.packages / "Calc/services/calc.py"
    workspace.load()
    times = file.stat()
    file.with_suffix(".new").write_text(PYTHON.replace("a + b", "a - b"))
    os.utime(file.with_suffix(".new"), ns=(times.st_atime_ns, times.st_mtime_ns))
    before = workspace.load()
    file.with_suffix(".new").replace(file)
    assert workspace.load() is not before


def test_symlinked_folder_within_a_package_is_not_followed(workspace, tmp_path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.py").write_text(PYTHON)
    (workspace.packages / "Calc/services/link").symlink_to(tmp_path / "outside")
    assert "link.x:add" not in workspace.load().services


def test_has_knows_folders_services_and_templates(workspace) -> None:
    workspace.flow("Calc/services/deep/er/one.flow.yaml", "set: {a: 1}")
    catalogue = workspace.load()
    assert [catalogue.has_folder(name) for name in ("calc", "deep", "deep.er", "de", "deep.er.x")] == [True] * 3 + [
        False
    ] * 2
    assert [catalogue.has_service(name) for name in ("calc:add", "deep.er:one", "calc:none")] == [True, True, False]
    assert [catalogue.has_template(text) for text in ("GET /sums/{a}/{b}", "GET_sums/{a}/{b}", "GET /sums/{x}/{y}", "x")] == [
        True, True, False, False]  # fmt: skip


def test_tree_shows_folders_with_their_services(workspace) -> None:
    workspace.flow("Calc/services/deep/er/one.flow.yaml", "set: {a: 1}")
    calc, deep, *_ = workspace.load().tree()
    assert (calc.name, [service.name for service in calc.services]) == ("calc", ["calc:add", "calc:twice"])
    assert (deep.name, deep.services) == ("deep", ())
    assert [(f.name, [s.name for s in f.services]) for f in deep.folders] == [("deep.er", ["deep.er:one"])]


def test_rescan_of_a_thousand_services_after_one_change_is_quick(workspace) -> None:
    for number in range(1000):
        workspace.flow(f"Calc/services/many/f{number}.flow.yaml", "set: {b: '${ .a + 1 }'}")
    assert len(own(workspace.load())) == 1002
    began = time.process_time()
    workspace.load()
    unchanged = time.process_time() - began
    workspace.flow("Calc/services/many/f7.flow.yaml", "set: {b: '${ .a + 22 }'}")
    began = time.process_time()
    workspace.load()
    changed = time.process_time() - began
    assert unchanged < 0.1
    assert changed < 0.5
