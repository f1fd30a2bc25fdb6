"""`gatewright client registration-token`."""

from pathlib import Path

import msgspec

from gatewright.kernel.secrets import INITIAL_ACCESS_TOKEN
from gatewright.kernel.secrets import is_well_formed
from tests.cli.conftest import Command


def test_a_registration_token_is_made_shown_once_and_audited_without_it(command: Command, workspace: Path) -> None:
    made = command("client", "registration-token", "--expires-in", 60, "--json", "-w", workspace)
    told = msgspec.json.decode(made.out)
    assert (made.status, told["expires_in"]) == (0, 60)
    assert is_well_formed(told["initial_access_token"], INITIAL_ACCESS_TOKEN)
    audit = command("audit", "list", "--json", "-w", workspace)
    assert "registration_token.create" in audit.out
    assert told["initial_access_token"] not in audit.out


def test_a_lifetime_without_end_is_refused(command: Command, workspace: Path) -> None:
    for seconds in (0, 10**9):
        refused = command("client", "registration-token", "--expires-in", seconds, "-w", workspace)
        assert (refused.status, refused.out) == (1, "")
        assert "31536000" in refused.err
