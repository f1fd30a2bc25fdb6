from pathlib import Path
from xml.etree import ElementTree

import msgspec

from tests.cli.conftest import Command

BROKEN = "- name: wrong on purpose\n  service: airports:get\n  input: {iata: JFK}\n  expect: {contains: {iata: LHR}}\n"


def test_the_tests_of_the_example_package_pass(command: Command, workspace: Path) -> None:
    told = command("package", "test", "Airports", "--workspace", workspace)
    assert told.status == 0, told.out
    assert told.out.endswith(" passed, 0 failed\n")


def test_a_package_in_any_folder_is_tested_where_it_lies(command: Command, workspace: Path) -> None:
    told = command("package", "test", workspace / "packages/Airports", "--named", "due north")
    assert (told.status, told.out.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_a_failing_case_is_told_with_its_place_and_difference_and_the_status_is_1(
    command: Command, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "packages/Airports/services/broken.test.yaml").write_text(BROKEN)
    told = command("package", "test", "--workspace", workspace, "--named", "on purpose")
    assert told.status == 1
    assert "FAIL  Airports/services/broken.test.yaml:1  wrong on purpose" in told.out
    assert '      .iata: expected "LHR", got "JFK"' in told.out


def test_results_are_given_as_json(command: Command, workspace: Path) -> None:
    told = command("package", "test", "--workspace", workspace, "--service", "geo:distance", "--json")
    results = msgspec.json.decode(told.out)
    assert {(result["service"], result["passed"]) for result in results} == {("geo:distance", True)}
    assert all(result["line"] > 0 for result in results)


def test_a_junit_report_is_written(command: Command, workspace: Path, tmp_path: Path) -> None:
    (workspace / "packages/Airports/services/broken.test.yaml").write_text(BROKEN)
    report = tmp_path / "report.xml"
    assert command("package", "test", "--workspace", workspace, "--junit", report).status == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(report).getroot()}
    broken = suites["Airports/services/broken.test.yaml"]
    assert (broken.get("tests"), broken.get("failures")) == ("1", "1")
    failure = broken.find("testcase/failure")
    assert failure is not None
    assert failure.text == '.iata: expected "LHR", got "JFK"'


def test_an_unknown_package_is_refused_with_those_that_there_are(command: Command, workspace: Path) -> None:
    told = command("package", "test", "Nope", "--workspace", workspace)
    assert told.status == 1
    assert "there is no package Nope" in told.err
    assert "Airports" in told.err
