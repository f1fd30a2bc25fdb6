"""Test files that cannot be used say where and why."""

import pytest

from tests.services.testing.conftest import Runner


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("- name: a\n  inputs: {}\n", 2, "unknown key 'inputs'"),
        ("name: a\n", 1, "Expected `array`"),
        ("- input: {}\n", 1, "missing required field `name`"),
        ("- {name: a}\n- {name: a}\n", 2, "two cases named 'a'"),
        ("- name: a\n  service: shop:gone\n", 2, "there is no service shop:gone"),
        ("- name: a\n  mocks:\n  - {service: 'shop:gone', output: 1}\n", 3, "there is no service shop:gone"),
        ("- name: a\n  mocks:\n  - {service: 'shop:order', output: 1}\n", 3, "under test cannot be replaced"),
        ("- name: a\n  mocks:\n  - {output: 1}\n", 3, "a mock stands for one thing"),
        ("- name: a\n  mocks:\n  - {service: 'shop:price'}\n", 3, "either `output` or `error`"),
        ("- name: a\n  mocks:\n  - {http: 'GET https://a.example/', output: 1}\n", 3, "either `answer` or `failure`"),
        ("- name: a\n  mocks:\n  - {http: 'a.example', failure: timeout}\n", 3, "is no method and address"),
        (
            "- name: a\n  mocks:\n  - {http: 'GET https://a.example', with: {host: x}, failure: timeout}\n",
            3,
            "not host",
        ),
        ("- name: a\n  expect: {output: 1, error: {}}\n", 2, "expect one of them"),
        ("- name: a\n  expect:\n    that:\n    - .a\n    - .a ==\n", 5, "is no expression"),
        ("- name: a\n  expect:\n    that: [$other]\n", 3, "is no expression"),
        ("- name: a\n  now: tomorrow\n", 2, "is no time with its zone"),
        ("- name: a\n  input: [\n", 3, ""),
    ],
)
async def test_a_file_that_cannot_be_used_is_a_failure_with_its_line_and_what_is_wrong(
    run: Runner, text: str, line: int, said: str
) -> None:
    (result,) = await run(text)
    assert not result.passed
    assert said in result.problems[0]
    assert result.line == line


async def test_a_file_beside_no_service_needs_one_named(run: Runner) -> None:
    (result,) = await run("- name: a\n", "other.test.yaml")
    assert result.problems == ["there is no service :other; say which one with `service: folder:name`"]
