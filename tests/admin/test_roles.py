"""What each role may do."""

from gatewright.admin.roles import CLIENT_ADMINISTRATORS
from gatewright.admin.roles import OPERATIONS
from gatewright.admin.roles import READ_ONLY_ADMINISTRATORS
from gatewright.admin.roles import may
from gatewright.admin.roles import need
from gatewright.admin.roles import roles


def test_groups_that_are_no_administrators_give_no_role() -> None:
    assert roles({"Developers", "Everybody", "administrators", "Client administrators"}) == frozenset()


def test_read_only_administrators_may_do_nothing_that_changes_something() -> None:
    allowed = {operation for operation in OPERATIONS if may({READ_ONLY_ADMINISTRATORS}, operation)}
    assert allowed == {"read", "flow.check"}


def test_client_administrators_may_change_clients_scopes_and_tokens_alone() -> None:
    changed = {operation.partition(".")[0] for operation in OPERATIONS if may({CLIENT_ADMINISTRATORS}, operation)}
    assert changed == {"read", "flow", "client", "scope", "token"}


def test_client_administrators_cannot_make_a_client_an_administrator() -> None:
    assert not may({CLIENT_ADMINISTRATORS}, "client.groups")
    assert not may({CLIENT_ADMINISTRATORS}, "group.members")


def test_whom_this_server_trusts_to_name_users_takes_proof_of_who_changes_it() -> None:
    for trusted in ("trusted_issuer", "external_server"):
        assert need(f"{trusted}.create").fresh
        assert need(f"{trusted}.update").fresh


def test_administrators_may_do_everything() -> None:
    assert all(may({"Administrators"}, operation) for operation in OPERATIONS)


def test_an_operation_that_is_not_listed_needs_most() -> None:
    assert need("anything.else").role == "everything"
    assert need("anything.else").fresh
