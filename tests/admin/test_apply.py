from collections.abc import Mapping

import pytest

from gatewright.admin.apply import apply
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import read_configuration
from gatewright.admin.plan import Outcome
from gatewright.kernel.passwords import hash_password_now
from gatewright.kernel.passwords import verify_password
from gatewright.kernel.secrets import digest
from gatewright.store import access
from gatewright.store import changes
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import settings
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import User
from tests.admin.support import BY
from tests.admin.support import CATALOGUE

FULL = """\
settings:
  require_pkce: true
  access_token_lifetime: never
clients:
  - client_id: postman
    name: Postman
    version: "1.0"
    redirect_uris: ["https://oauth.pstmn.io/v1/callback"]
    allowed_grants: [authorization_code, client_credentials]
    refresh_limit: unlimited
    default_scopes: [IntScope]
    groups: [integration]
    secret: {env: POSTMAN_SECRET}
    scopes: [IntScope]
scopes:
  - name: IntScope
    folders: [orders]
    url_templates: ["GET_orders/{id}"]
groups:
  - {name: integration}
users:
  - {name: ada, password: {env: ADA_PASSWORD}, groups: [integration]}
acls:
  - {target: "orders", execute: [integration]}
"""
ENVIRONMENT = {"POSTMAN_SECRET": "postman secret", "ADA_PASSWORD": "correct horse"}


async def _apply(
    database: Database, text: str, environment: Mapping[str, str] = ENVIRONMENT, **options: bool
) -> Outcome:
    return await apply(database, BY, read_configuration(text, "gatewright.yaml"), CATALOGUE, environment, **options)


async def _lines(database: Database, text: str, environment: Mapping[str, str] = ENVIRONMENT, **options: bool):
    return [str(line) for line in (await _apply(database, text, environment, **options)).lines]


async def _problems(database: Database, text: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    with pytest.raises(Refused) as refusal:
        await _apply(database, text, environment)
    assert await database.read(changes.audit_page) == []
    return refusal.value.problems


async def test_whole_file_is_applied(database: Database) -> None:
    assert await _lines(database, FULL) == [
        "+ group integration",
        "+ user ada",
        "+ scope IntScope",
        "~ settings: require_pkce false → true, access_token_lifetime 3600 → never",
        "+ client postman",
        "+ acl orders",
    ]
    registered = await database.read(clients.registered, "postman")
    assert registered is not None
    assert (registered.scopes, registered.groups) == (("IntScope",), {"integration"})
    assert registered.client.default_scopes == ("IntScope",)
    assert await verify_password("postman secret", registered.secrets[0].hash)
    ada = await database.read(users.find_named, "ada")
    assert ada is not None
    assert await verify_password("correct horse", ada.password_hash)
    assert not ada.must_change_password
    scope = await database.read(scopes.find, "IntScope")
    assert scope is not None
    assert scope.url_templates == ("GET /orders/{id}",)
    assert (await database.read(settings.load)).require_pkce
    assert await database.read(access.all_acls) == {"orders": ("integration",)}


async def test_second_application_changes_nothing(database: Database) -> None:
    await _apply(database, FULL)
    audited = await database.read(changes.audit_page)
    assert await _lines(database, FULL, prune=True) == []
    assert await database.read(changes.audit_page) == audited


async def test_plan_says_what_would_change_and_changes_nothing(database: Database) -> None:
    planned = await _lines(database, FULL, plan_only=True)
    assert await database.read(clients.find, "postman") is None
    assert await database.read(changes.audit_page) == []
    assert await _lines(database, FULL) == planned


async def test_changes_are_shown_with_before_and_after(database: Database) -> None:
    await _apply(database, FULL)
    changed = """
scopes:
  - {name: IntScope, folders: [orders, orders.eu]}
clients:
  - client_id: postman
    refresh_limit: 5
    scopes: []
    groups: []
users:
  - {name: ada, groups: [], enabled: false}
acls:
  - {target: orders, execute: [Developers]}
groups:
  - {name: integration, description: Partners}
"""
    assert await _lines(database, changed) == [
        '~ group integration: description "" → Partners',
        "~ user ada: groups [integration] → [], enabled true → false",
        "~ scope IntScope: folders [orders] → [orders, orders.eu]",
        "~ client postman: refresh_limit unlimited → 5, default_scopes [IntScope] → [],"
        " scopes [IntScope] → [], groups [integration] → []",
        "~ acl orders: execute [integration] → [Developers]",
    ]
    assert await _lines(database, changed) == []


async def test_absent_field_stays_as_it_is_on_change(database: Database) -> None:
    await _apply(database, FULL)
    await _apply(database, "clients:\n  - {client_id: postman, description: New}\n")
    client = await database.read(clients.find, "postman")
    assert client is not None
    assert (client.description, client.refresh_limit, client.name) == ("New", "unlimited", "Postman")


async def test_absent_part_is_left_alone_even_when_pruning(database: Database) -> None:
    await _apply(database, FULL)
    assert await _lines(database, "settings: {}\n", prune=True) == []


async def test_prune_removes_what_the_lists_do_not_name(database: Database) -> None:
    await _apply(database, FULL)
    empty = "clients: []\nscopes: []\ngroups: []\nusers: []\nacls: []\n"
    assert await _lines(database, empty) == []
    assert await _lines(database, empty, prune=True) == [
        "- acl orders",
        "- client postman Postman (1.0)",
        "- scope IntScope",
        "- user ada",
        "- group integration",
    ]


async def test_prune_keeps_the_last_administrator_and_so_changes_nothing(database: Database) -> None:
    await database.write(users.insert, User(id="u", name="admin", password_hash="$x"))
    await database.write(access.set_groups, "user", "u", ["Administrators"], BY.now)
    with pytest.raises(Refused, match="last active administrator"):
        await _apply(database, "users: []\nscopes:\n  - {name: S}\n", prune=True)
    assert await database.read(scopes.find, "S") is None


async def test_client_without_id_is_found_again_by_name_and_version(database: Database) -> None:
    text = "clients:\n  - {name: Job, allowed_grants: [client_credentials]}\n"
    made = await _apply(database, text)
    ((client_id, secret),) = made.secrets.items()
    assert [str(line) for line in made.lines] == ["+ client Job (1.0)"]
    (kept,) = await database.read(clients.secrets, client_id)
    assert kept.digest == digest(secret)
    assert await _lines(database, text) == []


async def test_user_without_password_gets_one_to_change_at_the_first_sign_in(database: Database) -> None:
    made = await _apply(database, "users:\n  - {name: bob}\n")
    bob = await database.read(users.find_named, "bob")
    assert bob is not None
    assert await verify_password(made.passwords["bob"], bob.password_hash)
    assert bob.must_change_password


async def test_changed_secret_and_password_replace_the_old_ones(database: Database) -> None:
    await _apply(database, FULL)
    other = {"POSTMAN_SECRET": "another secret", "ADA_PASSWORD": "battery staple"}
    assert await _lines(database, FULL, other) == ["~ user ada: password changed", "~ client postman: secret changed"]
    (kept,) = await database.read(clients.secrets, "postman")
    assert await verify_password("another secret", kept.hash)


async def test_secrets_are_in_no_audit_row(database: Database) -> None:
    await _apply(database, FULL)
    for row in await database.read(changes.audit_page):
        assert "secret" not in f"{row.before}{row.after}".replace("client_secret_", "")
        assert "argon2" not in f"{row.before}{row.after}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("setings: {}\n", "gatewright.yaml:1: 'setings' is not known here. Did you mean 'settings'?"),
        ("- a\n", "gatewright.yaml:1: a mapping is expected here, with server, settings"),
        ("a: [\n", "gatewright.yaml:2: "),
        ("clients: {}\n", "gatewright.yaml:1: a list is expected here"),
        ("clients:\n  - postman\n", "gatewright.yaml:2: a mapping is expected here"),
        ("clients:\n  - {type: public}\n", "gatewright.yaml:2: name is missing"),
        ("clients:\n  - name: A\n    redirect_uri: []\n", "gatewright.yaml:3: 'redirect_uri' is not known here."),
        ("clients:\n  - name: A\n    scopes: S\n", "gatewright.yaml:3: scopes: This must be a list."),
        (
            "clients:\n  - name: A\n    version: 1.0\n",
            "gatewright.yaml:3: version: This must be text; write it in quotes",
        ),
        ("clients:\n  - name: A\n    secret: abc\n", "gatewright.yaml:3: secret is not written in this file"),
        ("clients:\n  - name: A\n    secret: {env: NOPE}\n", "gatewright.yaml:3: the environment variable NOPE is not"),
        ("clients:\n  - name: A\n    secret: {env: SHORT}\n", "gatewright.yaml:3: the secret in SHORT must have 8"),
        ("users:\n  - name: a\n    password: {env: SHORT}\n", "gatewright.yaml:3: the password in SHORT will not do"),
        ("clients:\n  - name: A\n    scopes: []\n", "gatewright.yaml:2: redirect_uris: Authorization Code needs"),
        (
            "clients:\n  - name: A\n    require_pkce: no\n",
            "gatewright.yaml:3: require_pkce: This must be global, true or",
        ),
        ("scopes:\n  - name: S\n    folders: [ordrs]\n", "gatewright.yaml:3: folders: There is no folder 'ordrs'. Did"),
        ("scopes:\n  - name: 'a b'\n", "gatewright.yaml:2: name: Name must have"),
        ("settings:\n  require_pkce: maybe\n", "gatewright.yaml:2: require_pkce: This must be true or false."),
        ("acls:\n  - {target: orders}\n", "gatewright.yaml:2: execute is missing"),
        ("acls:\n  - {target: orders, execute: [nobody]}\n", "gatewright.yaml:2: execute: There is no group 'nobody'."),
        ("users:\n  - {name: ada, groups: [nobody]}\n", "gatewright.yaml:2: groups: There is no group 'nobody'."),
        ("groups:\n  - {}\n", "gatewright.yaml:2: name is missing"),
    ],
)
async def test_problem_is_told_with_its_line_and_what_was_expected(database: Database, text: str, problem: str) -> None:
    found = await _problems(database, text, {"SHORT": "short"})
    assert found[0].startswith(problem)


async def test_all_problems_of_the_shape_are_told_at_once(database: Database) -> None:
    found = await _problems(database, "colour: red\nscopes:\n  - {}\nusers: 5\n")
    assert [problem.split(": ")[0] for problem in found] == [
        "gatewright.yaml:1",
        "gatewright.yaml:3",
        "gatewright.yaml:4",
    ]


async def test_file_with_one_problem_is_not_applied_at_all(database: Database) -> None:
    assert await _problems(database, FULL.replace("default_scopes: [IntScope]", "default_scopes: [Other]"))
    assert await database.read(scopes.find, "IntScope") is None
    assert await database.read(users.find_named, "ada") is None


async def test_client_named_twice_is_refused(database: Database) -> None:
    entry = "  - {client_id: a, name: A, allowed_grants: []}\n"
    found = await _problems(database, "clients:\n" + entry + entry)
    assert found == ["gatewright.yaml:3: the client A (1.0) is already given above"]


async def test_empty_file_changes_nothing(database: Database) -> None:
    assert await _lines(database, "", prune=True) == []


async def test_password_that_is_still_right_is_left_alone(database: Database) -> None:
    kept = hash_password_now("correct horse")
    await database.write(users.insert, User(id="u", name="ada", password_hash=kept))
    assert await _lines(database, "users:\n  - {name: ada, password: {env: ADA_PASSWORD}}\n") == []


async def test_settings_may_name_scopes_of_the_same_file(database: Database) -> None:
    text = "settings: {dynamic_registration_scopes: [IntScope]}\nscopes: [{name: IntScope}]\n"
    assert (await _lines(database, text))[-1] == "~ settings: dynamic_registration_scopes [] → [IntScope]"
    problem = (await _problems_of(database, "settings:\n  dynamic_registration_scopes: [Nothing]\n"))[0]
    assert problem.startswith("gatewright.yaml:2: dynamic_registration_scopes: There is no scope 'Nothing'.")


async def _problems_of(database: Database, text: str) -> list[str]:
    with pytest.raises(Refused) as refusal:
        await _apply(database, text)
    return refusal.value.problems
