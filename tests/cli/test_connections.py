"""`gatewright connection`, and what `package check` knows of connections."""

from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import Command

FLOW = """
document: {dsl: '1.0.3', namespace: far, name: ask, version: '1.0.0'}
do:
- ask: {call: http, with: {method: get, endpoint: {uri: 'https://a.example', authentication: {use: crm}}}}
"""


@pytest.fixture
def options(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    monkeypatch.setenv("CRM_SECRET", "hunter2hunter2")
    return ("--workspace", workspace)


def create(command: Command, options: tuple[object, ...], *more: str) -> object:
    given = ("--kind", "bearer", "--host", "a.example", "--secret-env", "CRM_SECRET")
    return command("connection", "create", "crm", *given, *more, *options)


def test_a_connection_is_made_shown_changed_and_deleted_and_its_secret_never_printed(
    command: Command, options: tuple[object, ...]
) -> None:
    told = [create(command, options)]
    told.append(
        command(
            "connection",
            "update",
            "crm",
            "--host",
            "a.example",
            "--host",
            "b.example",
            "--description",
            "CRM",
            *options,
        )
    )
    told.append(command("connection", "list", *options))
    shown = command("connection", "show", "crm", "--json", *options)
    assert msgspec.json.decode(shown.out) == {
        "name": "crm", "kind": "bearer", "description": "CRM", "hosts": ["a.example", "b.example"], "used_by": []}  # fmt: skip
    told.append(command("export", "--config", *options))
    told.append(command("connection", "delete", "crm", *options))
    assert [each.status for each in told] == [0] * len(told), told
    assert "hunter2" not in str([*told, shown])
    assert command("connection", "show", "crm", *options).status == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--secret-env", "NOBODY"), "NOBODY is not set"),
        (("--kind", "ntlm"), "kind"),
        (("--host", "https://a.example"), "is no host"),
    ],
)
def test_what_cannot_be_a_connection_is_refused_in_one_line(
    command: Command, options: tuple[object, ...], more: tuple[str, ...], words: str
) -> None:
    given = {"--kind": "bearer", "--host": "a.example", "--secret-env": "CRM_SECRET"} | dict([more])
    told = command("connection", "create", "crm", *(part for pair in given.items() for part in pair), *options)
    assert (told.status, words in told.err) == (1, True)


def test_a_private_address_is_refused_when_it_is_tried(command: Command, options: tuple[object, ...]) -> None:
    create(command, options, "--host", "127.0.0.1", "--test-address", "https://127.0.0.1:9/")
    told = command("connection", "test", "crm", *options)
    assert (told.status, "fetch_private_hosts" in told.err) == (1, True)


def test_a_check_tells_a_connection_that_is_missing_until_it_is_there(
    command: Command, options: tuple[object, ...], workspace: Path
) -> None:
    folder = workspace / "packages/Far/services/far"
    folder.mkdir(parents=True)
    (folder / "ask.flow.yaml").write_text(FLOW)
    (folder.parents[1] / "package.yaml").write_text("name: Far\nversion: 1.0.0\n")
    told = command("package", "check", "Far", *options)
    assert (told.status, "ask.flow.yaml:4:" in told.out, "no connection named 'crm' (make it" in told.out) == (
        1,
        True,
        True,
    )
    create(command, options)
    assert command("package", "check", "Far", *options).status == 0
    assert msgspec.json.decode(command("connection", "show", "crm", "--json", *options).out)["used_by"] == ["far:ask"]
