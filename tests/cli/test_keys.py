from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import Command


def test_keys_are_listed_rotated_and_retired(command: Command, workspace: Path) -> None:
    assert command("key", "list", "-w", workspace).out == "none\n"
    first = msgspec.json.decode(command("key", "rotate", "--json", "-w", workspace).out)["kid"]
    told = command("key", "rotate", "-w", workspace)
    assert (told.status, "signs from now on" in told.out) == (0, True)
    listed = command("key", "list", "-w", workspace)
    assert [line.split()[2] for line in listed.out.splitlines()[1:]] == ["in", "retired"]
    assert command("key", "retire", first, "-w", workspace).status == 0
    assert first not in command("key", "list", "-w", workspace).out
    (line,) = msgspec.json.decode(command("key", "list", "--json", "-w", workspace).out)
    assert (line["state"], line["algorithm"]) == ("in use", "ES256")


def test_an_unknown_key_is_refused_in_one_line(command: Command, workspace: Path) -> None:
    told = command("key", "retire", "nope", "-w", workspace)
    assert (told.status, told.err) == (1, "gatewright: There is no signing key nope.\n")


def test_rotating_is_audited_with_who_did_it(command: Command, workspace: Path) -> None:
    command("key", "rotate", "-w", workspace)
    assert "key.rotate" in command("audit", "list", "-w", workspace).out


@pytest.mark.parametrize("name", ["list", "rotate", "retire"])
def test_help_is_there(command: Command, name: str) -> None:
    assert f"Usage: gatewright key {name}" in command("key", name, "--help").out


def test_a_clients_token_format_is_chosen_in_the_shell(command: Command, workspace: Path) -> None:
    made = command("client", "create", "Jay", "--grant", "client_credentials", "--access-token-format", "jwt",
                   "--client-id", "jay", "-w", workspace)  # fmt: skip
    assert made.status == 0, made.err
    shown = msgspec.json.decode(command("client", "show", "jay", "--json", "-w", workspace).out)
    assert shown["access_token_format"] == "jwt"
    refused = command("client", "update", "jay", "--access-token-lifetime", "never", "-w", workspace)
    assert (refused.status, "must expire" in refused.err) == (1, True)
