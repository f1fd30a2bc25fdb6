import json
import sqlite3
from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import Command


def _json(text: str):
    return msgspec.json.decode(text)


@pytest.mark.parametrize("name", ["", "client", "scope", "user", "token", "package", "audit", "flow"])
def test_help_is_there_for_each_group(command: Command, name: str) -> None:
    told = command(*filter(None, [name]), "--help")
    assert told.status == 0
    assert "Usage: gatewright" in told.out


@pytest.mark.parametrize("name", ["init", "run", "apply", "export"])
def test_help_is_there_for_each_command(command: Command, name: str) -> None:
    told = command(name, "--help")
    assert told.status == 0
    assert f"Usage: gatewright {name}" in told.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["client", "nope"],
        ["client", "show"],
        ["client", "list", "--nope"],
        ["run", "--port", "many"],
        ["export"],
        ["export", "--config", "--postman"],
        ["export", "--bruno"],
        ["token", "revoke"],
        ["token", "revoke", "x", "--client", "y"],
    ],
)
def test_wrong_usage_ends_with_status_two(command: Command, arguments: list[str]) -> None:
    told = command(*arguments)
    assert (told.status, told.out) == (2, "")
    assert told.err


def test_client_is_registered_changed_found_by_name_and_deleted(command: Command, workspace: Path) -> None:
    w = ("-w", workspace)
    made = _json(
        command(
            "client",
            "create",
            "Job",
            "--version",
            "2.0",
            "--grant",
            "client_credentials",
            "--scope",
            "airports",
            "--json",
            *w,
        ).out
    )
    assert made["client_secret"].startswith("gw_cs_")
    assert command("client", "update", "Job (2.0)", "--refresh-limit", "3", "--scope", "none", *w).status == 0
    shown = _json(command("client", "show", "Job", "--json", *w).out)
    assert (shown["version"], shown["refresh_limit"], shown["scopes"]) == ("2.0", 3, [])
    assert "Job (2.0)" in command("client", "list", "--search", "jo", *w).out
    secret = _json(command("client", "new-secret", made["client_id"], "--json", *w).out)
    assert secret["client_secret"] != made["client_secret"]
    command("client", "disable", "Job", *w)
    assert _json(command("client", "show", "Job", "--json", *w).out)["enabled"] is False
    assert command("client", "delete", "Job", *w).status == 0
    gone = command("client", "show", "Job", *w)
    assert (gone.status, gone.err) == (1, "gatewright: There is no client Job.\n")


def test_client_that_signs_is_registered_with_its_keys(command: Command, workspace: Path) -> None:
    keys = workspace / "keys.json"
    keys.write_text('{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}')
    options = ["--grant", "client_credentials", "--client-authentication", "private_key_jwt", "-w", workspace]
    made = _json(command("client", "create", "Signer", "--jwks", keys, "--json", *options).out)
    assert made["client_secret"] is None
    shown = _json(command("client", "show", "Signer", "--json", "-w", workspace).out)
    assert shown["jwks"] == _json(keys.read_text())
    refused = command("client", "create", "Other", *options)
    assert (refused.status, "jwks_uri" in refused.err) == (1, True)
    readable = ["--client-authentication", "client_secret_jwt", "--json", "-w", workspace]
    assert _json(command("client", "update", "Signer", *readable).out)["client_secret"].startswith("gw_cs_")


def test_refused_client_is_one_line_that_names_the_field(command: Command, workspace: Path) -> None:
    refused = command("client", "create", "Web", "-w", workspace)
    assert refused.status == 1
    assert refused.err == "gatewright: redirect_uris: Authorization Code needs at least one redirect URI.\n"


def test_scope_is_made_checked_and_associated(command: Command, workspace: Path) -> None:
    w = ("-w", workspace)
    assert "Did you mean 'airports'?" in command("scope", "create", "S", "--folder", "airport", *w).err
    made = command("scope", "create", "S", "--url-template", "GET_airports/{iata}", "--client", "example", *w)
    assert made.status == 0
    shown = _json(command("scope", "show", "S", "--json", *w).out)
    assert (shown["url_templates"], shown["clients"]) == (["GET /airports/{iata}"], ["example"])
    command("scope", "update", "S", "--url-template", "none", "--service", "routes:plan", *w)
    shown = _json(command("scope", "show", "S", "--json", *w).out)
    assert (shown["url_templates"], shown["services"], shown["clients"]) == ([], ["routes:plan"], ["example"])
    assert command("scope", "delete", "S", *w).status == 0
    assert "S" not in [scope["name"] for scope in _json(command("scope", "list", "--json", *w).out)]


def test_user_is_made_grouped_reset_and_deleted(command: Command, workspace: Path) -> None:
    w = ("-w", workspace)
    made = _json(command("user", "create", "ada", "--group", "Developers", "--json", *w).out)
    assert len(made["password"]) == 19
    reset = _json(command("user", "reset-password", "ada", "--json", *w).out)
    assert reset["password"] != made["password"]
    command("user", "update", "ada", "--group", "none", *w)
    assert _json(command("user", "show", "ada", "--json", *w).out)["groups"] == []
    assert command("user", "disable", "admin", *w).status == 1
    assert command("user", "delete", "ada", *w).status == 0
    assert [user["name"] for user in _json(command("user", "list", "--json", *w).out)] == ["admin"]


def test_users_sign_ins_are_listed_and_ended(command: Command, workspace: Path) -> None:
    w = ("-w", workspace)
    assert _json(command("user", "sessions", "admin", "--json", *w).out) == []
    assert command("user", "end-sessions", "admin", *w).out == "0 sessions of admin ended.\n"
    assert command("user", "reset-factors", "admin", *w).out == "User admin has no second factor.\n"
    assert _json(command("user", "show", "admin", "--json", *w).out)["second_factor"] is False
    for verb in ("sessions", "end-sessions", "reset-factors"):
        assert command("user", verb, "nobody", *w).status == 1


def test_tokens_of_an_unknown_client_are_not_found(command: Command, workspace: Path) -> None:
    assert command("token", "list", "-w", workspace).out == "none\n"
    assert command("token", "revoke", "--client", "nobody", "-w", workspace).status == 1
    assert command("token", "revoke", "nothing", "-w", workspace).status == 1


def test_audit_names_who_did_it(command: Command, workspace: Path) -> None:
    command("client", "disable", "example", "-w", workspace)
    row = _json(command("audit", "list", "--limit", "1", "--json", "-w", workspace).out)[0]
    assert (row["action"], row["target"]) == ("client.disable", "Example (1.0)")
    assert row["actor"].endswith(" (shell)")


def test_audit_verify_finds_a_row_that_somebody_changed_in_the_database(command: Command, workspace: Path) -> None:
    whole = command("audit", "verify", "-w", workspace)
    assert whole.status == 0
    noted = whole.out.split()[-1]
    command("client", "disable", "example", "-w", workspace)
    assert command("audit", "verify", "--expect", noted, "-w", workspace).status == 0
    assert command("audit", "verify", "--expect", "1:00", "-w", workspace).status == 1
    assert command("audit", "verify", "--expect", "x", "-w", workspace).status == 2
    with sqlite3.connect(workspace / "data" / "gatewright.db") as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'eve' WHERE action = 'client.disable'")
    connection.close()
    broken = command("audit", "verify", "-w", workspace)
    assert broken.status == 1
    assert "was changed" in broken.out
    assert "client.disable of Example (1.0) by eve" in broken.out


def test_audit_exports_json_lines(command: Command, workspace: Path) -> None:
    command("client", "disable", "example", "-w", workspace)
    lines = [json.loads(line) for line in command("audit", "export", "-w", workspace).out.splitlines()]
    assert lines[0]["action"] == "client.disable"
    assert lines[0]["before"] is None or isinstance(lines[0]["before"], dict)


def test_a_refusal_is_explained_in_the_shell(command: Command, workspace: Path) -> None:
    missing = command("audit", "refusal", "nothing", "-w", workspace)
    assert missing.status == 1
    assert "no receipt is kept under nothing" in missing.err
    assert command("audit", "refusals", "-w", workspace).out == "none\n"


def test_packages_show_services_and_templates(command: Command, workspace: Path) -> None:
    services = {line["service"]: line for line in _json(command("package", "list", "--json", "-w", workspace).out)}
    assert services["airports:get"]["url_templates"] == ["GET /airports/{iata}"]
    assert "routes:plan" in command("package", "list", "-w", workspace).out


def test_apply_plans_applies_and_then_has_nothing_to_do(command: Command, workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "change.yaml"
    file.write_text("scopes:\n  - {name: routes, folders: [geo]}\n")
    planned = command("apply", file, "--plan", "-w", workspace)
    assert planned.out.splitlines() == [
        "~ scope routes: folders [] → [geo]",
        "",
        "Opens 1 more service to 1 client.",
        "+ Example (1.0): geo:distance",
    ]
    assert command("apply", file, "-w", workspace).out == planned.out
    assert command("apply", file, "-w", workspace).out == "Nothing to change.\n"


def test_apply_that_would_open_more_is_refused_whole_when_told_so(
    command: Command, workspace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "change.yaml"
    file.write_text("scopes:\n  - {name: routes, folders: [geo]}\n")
    for options in (["--plan"], []):
        refused = command("apply", file, "--fail-on-widening", *options, "-w", workspace)
        assert refused.status == 1
        assert "Opens 1 more service to 1 client." in refused.out
        assert refused.err == (
            "gatewright: nothing was changed: Opens 1 more service to 1 client. + Example (1.0): geo:distance\n"
        )
    file.write_text("scopes:\n  - {name: airports, folders: [], url_templates: []}\n")
    assert command("apply", file, "--fail-on-widening", "-w", workspace).status == 0
    assert "geo" not in command("scope", "show", "routes", "-w", workspace).out


def test_apply_of_a_missing_file_is_one_clear_line(command: Command, workspace: Path, tmp_path: Path) -> None:
    refused = command("apply", tmp_path / "none.yaml", "-w", workspace)
    assert refused.status == 1
    assert refused.err == f"gatewright: {tmp_path / 'none.yaml'} cannot be read: No such file or directory\n"


def test_exported_configuration_applies_without_a_change(command: Command, workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.yaml"
    assert command("export", "--config", "-o", file, "-w", workspace).status == 0
    assert command("apply", file, "--prune", "-w", workspace).out == "Nothing to change.\n"


def test_flow_is_checked_and_run_without_a_workspace(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "hello.flow.yaml"
    file.write_text(
        "document: {dsl: 1.0.3, namespace: demo, name: hello, version: 1.0.0}\n"
        "do:\n  - greet:\n      set:\n        greeting: '${ \"Hello \" + .name }'\n"
    )
    assert command("flow", "check", file).status == 0
    ran = command("flow", "run", file, "--input", '{"name": "Ada"}')
    assert (ran.status, _json(ran.out)) == (0, {"greeting": "Hello Ada"})
    file.write_text("do: 5\n")
    broken = command("flow", "check", file)
    assert broken.status == 1
    assert f"{file}:1:" in broken.err


def test_doctor_tells_each_finding_with_its_mend(command: Command, workspace: Path) -> None:
    told = command("doctor", "-w", workspace)
    assert told.status == 1  # the example client is allowed the password grant
    assert "MUST    client Example (1.0): the password grant" in told.out
    command("client", "update", "example", "--grant", "client_credentials", "-w", workspace)
    mended = command("doctor", "--json", "-w", workspace)
    assert mended.status == 0
    assert {finding["level"] for finding in _json(mended.out)["findings"]} == {"should"}
    assert command("doctor", "--fail-on", "should", "--offline", "-w", workspace).status == 1
    assert command("doctor", "--fail-on", "may", "-w", workspace).status == 2


def test_migrate_says_that_the_database_is_current(command: Command, workspace: Path) -> None:
    assert command("migrate", "-w", workspace).out == "The database has this release's schema.\n"


def test_exported_description_names_each_service_with_the_issuer(
    command: Command, workspace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "openapi.json"
    assert command("export", "--openapi", "-o", file, "-w", workspace).status == 0
    found = json.loads(file.read_text())
    assert (found["openapi"], found["servers"]) == ("3.1.0", [{"url": "http://localhost:5555"}])
    assert command("export", "--openapi", "--package", "Nothing", "-w", workspace).status == 1
