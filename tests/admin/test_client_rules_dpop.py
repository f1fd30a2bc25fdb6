"""Clients whose tokens are bound to a key, and who may act by them."""

import msgspec
import pytest

from gatewright.admin.client_rules import read_client
from gatewright.store.records import Client
from tests.admin.support import MACHINE
from tests.admin.support import refused

NEW = Client(client_id="", name="")
VALUES: dict[str, object] = {"name": "Wallet", "allowed_grants": ["client_credentials"]}


@pytest.mark.parametrize(("bound", "rotates"), [(True, False), (False, True)])
def test_bound_refresh_tokens_do_not_rotate_by_default(bound: bool, rotates: bool) -> None:
    assert read_client(VALUES | {"dpop_bound_access_tokens": bound}, NEW).refresh_rotation is rotates


def test_rotation_can_be_chosen_all_the_same() -> None:
    values = VALUES | {"dpop_bound_access_tokens": True, "refresh_rotation": True}
    assert read_client(values, NEW).refresh_rotation is True


def test_a_public_client_rotates_bound_or_not() -> None:
    values = {"name": "Wallet", "type": "public", "allowed_grants": [], "dpop_bound_access_tokens": True}
    assert read_client(values, NEW).refresh_rotation is True


def test_a_change_leaves_rotation_as_it_is() -> None:
    kept = msgspec.structs.replace(MACHINE, created_at=1)
    assert read_client({"dpop_bound_access_tokens": True}, kept).refresh_rotation is True


def test_implicit_cannot_bind() -> None:
    values = {"allowed_grants": ["implicit"], "redirect_uris": ["https://a.example/"], "dpop_bound_access_tokens": True}
    with refused("allowed_grants"):
        read_client(VALUES | values, NEW)


def test_token_exchange_needs_a_confidential_client() -> None:
    with refused("allowed_grants"):
        read_client({"name": "Wallet", "type": "public", "allowed_grants": ["token_exchange"]}, NEW)


@pytest.mark.parametrize("value", [5, "x" * 101, "\x00"])
def test_may_act_is_the_name_of_a_party(value: object) -> None:
    with refused("may_act"):
        read_client(VALUES | {"may_act": value}, NEW)


@pytest.mark.parametrize(("given", "kept"), [("never", "never"), ("global", "global"), (60, 60)])
def test_refresh_tokens_have_a_lifetime_of_their_own(given: object, kept: object) -> None:
    assert read_client(VALUES | {"refresh_token_lifetime": given}, NEW).refresh_token_lifetime == kept


@pytest.mark.parametrize("value", [0, -1, "soon", True])
def test_a_lifetime_that_is_no_number_of_seconds_is_refused(value: object) -> None:
    with refused("refresh_token_lifetime"):
        read_client(VALUES | {"refresh_token_lifetime": value}, NEW)
