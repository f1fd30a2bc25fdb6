import pytest

from gatewright.admin import lifetimes
from gatewright.admin.client_rules import GRANTS
from gatewright.admin.client_rules import problems
from gatewright.admin.client_rules import read_client
from gatewright.kernel.errors import Invalid
from gatewright.store.records import Client
from tests.admin.support import MACHINE
from tests.admin.support import WEB
from tests.admin.support import refused

NEW = Client(client_id="", name="")


def test_defaults_of_a_new_client_are_those_of_the_form() -> None:
    client = read_client({"name": "Postman", "redirect_uris": ["https://oauth.pstmn.io/v1/callback"]}, NEW)
    assert (client.type, client.allowed_grants, client.refresh_limit) == ("confidential", ("authorization_code",), 0)
    assert (client.require_pkce, client.access_token_lifetime, client.version) == ("global", "global", "1.0")


def test_every_wrong_field_is_told_at_once() -> None:
    values = {"name": "a<b", "version": 1.5, "refresh_limit": "many", "access_token_lifetime": 0, "colour": "red"}
    with refused("colour", "version", "access_token_lifetime", "refresh_limit", "name", "redirect_uris") as refusal:
        read_client(values, NEW)
    assert "whole number" in refusal.errors["refresh_limit"]
    assert 'write it in quotes: "1.5"' in refusal.errors["version"]


def test_misspelt_field_is_told_with_the_one_that_was_meant() -> None:
    with refused("redirect_uri") as refusal:
        read_client({"redirect_uri": []}, WEB)
    assert "'redirect_uris'" in refusal.errors["redirect_uri"]


@pytest.mark.parametrize("character", [*"&()\\;,/\":'<>", "\t", "\n"])
@pytest.mark.parametrize("field", ["name", "version"])
def test_character_that_names_must_not_have_is_refused(field: str, character: str) -> None:
    with refused(field):
        read_client({field: f"a{character}b"}, WEB)


@pytest.mark.parametrize("field", ["name", "version"])
def test_missing_name_or_version_is_refused(field: str) -> None:
    with refused(field) as refusal:
        read_client({field: "  "}, WEB)
    assert "missing" in refusal.errors[field]


@pytest.mark.parametrize("grant", ["authorization_code", "implicit"])
def test_grant_that_redirects_needs_a_redirect_uri(grant: str) -> None:
    with refused("redirect_uris"):
        read_client({"allowed_grants": [grant], "redirect_uris": []}, WEB)


def test_client_without_redirecting_grants_needs_no_redirect_uri() -> None:
    assert problems(MACHINE) == []


@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_public_client_is_refused_grants_that_need_a_secret(grant: str) -> None:
    with refused("allowed_grants") as refusal:
        read_client({"type": "public", "allowed_grants": [grant], "redirect_uris": []}, MACHINE)
    assert "confidential" in refusal.errors["allowed_grants"]


@pytest.mark.parametrize(
    "values",
    [
        {"allowed_grants": ["magic"]},
        {"allowed_grants": ["authorization_code", "refresh_token"]},
        {"allowed_grants": "authorization_code"},
    ],
)
def test_unknown_grants_are_refused(values: dict[str, object]) -> None:
    with refused("allowed_grants"):
        read_client(values, WEB)


@pytest.mark.parametrize(("given", "kept"), [("unlimited", "unlimited"), (0, 0), (5, 5), ("12", 12), (" 3 ", 3)])
def test_refresh_limit_is_unlimited_or_a_whole_number(given: object, kept: object) -> None:
    assert read_client({"refresh_limit": given}, WEB).refresh_limit == kept


@pytest.mark.parametrize("given", [-1, 1.5, "1.5", "", "²", True, None, [], 2**31, "9" * 5000])
def test_other_refresh_limits_are_refused(given: object) -> None:
    with refused("refresh_limit"):
        read_client({"refresh_limit": given}, WEB)


@pytest.mark.parametrize("given", ["maybe", 1, None, "true"])
def test_require_pkce_is_global_true_or_false_and_nothing_else(given: object) -> None:
    with refused("require_pkce"):
        read_client({"require_pkce": given}, WEB)


@pytest.mark.parametrize("given", ["global", True, False])
def test_require_pkce_is_kept_as_given(given: object) -> None:
    assert read_client({"require_pkce": given}, WEB).require_pkce is given


def test_type_change_resets_the_authentication_methods() -> None:
    base = Client(client_id="a", name="A", redirect_uris=("https://a/",), client_authentication=("client_secret_post",))
    assert read_client({"type": "public"}, base).client_authentication == ()


def test_public_client_cannot_have_a_secret_sent() -> None:
    with refused("client_authentication"):
        read_client({"type": "public", "client_authentication": ["client_secret_basic"]}, WEB)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "mapping"),
        ({"client_credential": 5}, "Did you mean 'client_credentials'?"),
        ({"implicit": 0}, "1 or more"),
        ({"implicit": True}, "1 or more"),
        ({"implicit": "soon"}, "1 or more"),
        ({7: 7}, "is no grant"),
        ("implicit 5", "write a grant and its seconds"),
        ("implicit = 5\nimplicit = 6", "given twice"),
    ],
)
def test_lifetimes_by_grant_are_grants_and_seconds(value: object, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_client({"name": "A", "access_token_lifetime_by_grant": value}, NEW)
    messages = {error.field: error.message for error in refused.value.errors}
    assert says in messages["access_token_lifetime_by_grant"]


@pytest.mark.parametrize("value", [{"implicit": 5, "password": 6}, " implicit = 5 \r\n\npassword=6\n"])
def test_lifetimes_by_grant_are_a_mapping_or_lines(value: object) -> None:
    values = {"name": "A", "allowed_grants": [], "access_token_lifetime_by_grant": value}
    assert read_client(values, NEW).access_token_lifetime_by_grant == {"implicit": 5, "password": 6}


def test_every_grant_can_have_a_lifetime() -> None:
    assert set(lifetimes.GRANTS) == set(GRANTS)


@pytest.mark.parametrize("field", ["rate_limit", "daily_quota"])
def test_limit_of_calls_is_a_number_or_unlimited(field: str) -> None:
    assert getattr(read_client({field: 25}, WEB), field) == 25
    assert getattr(read_client({field: "unlimited"}, WEB), field) == "unlimited"
    for bad in (0, -1, "many", 1.5):
        with refused(field):
            read_client({field: bad}, WEB)
