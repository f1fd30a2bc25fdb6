import pytest

from tests.console.conftest import errors
from tests.console.conftest import summary

PATH = "/oauth/settings"


async def test_changed_setting_is_in_force_from_the_next_request(console):
    said = await console.flash(
        await console.submit(PATH, access_token_lifetime="seconds", access_token_lifetime_seconds="77")
    )
    assert said == "Settings saved. In force from the next request on."
    answer = await console.site.token(grant_type="client_credentials")
    assert answer.json()["expires_in"] == 77


async def test_every_field_can_be_changed(console):
    typed = {
        "require_https": "never",
        "require_pkce": "true",
        "allow_plain_pkce": "true",
        "token_parameters_in_url": "never",
        "require_pushed_authorization_requests": "true",
        "pushed_request_lifetime": "30",
        "device_code_lifetime": "120",
        "device_polling_interval": "7",
        "cors_allowed_origins": "https://app.example\r\nhttps://two.example:8443",
        "authorization_code_lifetime": "60",
        "access_token_lifetime": "never",
        "refresh_token_lifetime": "seconds",
        "refresh_token_lifetime_seconds": "86400",
        "access_token_lifetime_by_grant": "implicit = 60",
        "signing_algorithm": "EdDSA",
        "key_rotation_interval": "7200",
        "key_announcement": "3600",
        "assertion_lifetime": "300",
        "dynamic_registration": "token",
        "dynamic_registration_scopes": "orders\r\ncustomers",
        "dynamic_registration_unused": "never",
        "client_id_metadata_hosts": "*.partner.example",
        "token_family_lifetime": "seconds",
        "token_family_lifetime_seconds": "604800",
        "refresh_token_grace": "0",
        "session_lifetime": "600",
        "throttle_failures": "5",
        "throttle_window": "60",
        "maximum_body_bytes": "100000",
        "service_time_limit": "5",
        "openapi_public": "true",
        "fetch_private_hosts": "erp.internal",
    }
    await console.flash(await console.submit(PATH, **typed))
    now = await console.site.parts.directory.settings()
    assert (now.require_https, now.require_pkce, now.allow_plain_pkce) == ("never", True, True)
    assert (now.require_pushed_authorization_requests, now.pushed_request_lifetime) == (True, 30)
    assert (now.device_code_lifetime, now.device_polling_interval) == (120, 7)
    assert now.cors_allowed_origins == ("https://app.example", "https://two.example:8443")
    assert (now.authorization_code_lifetime, now.access_token_lifetime, now.refresh_token_lifetime) == (
        60,
        "never",
        86400,
    )
    assert (now.refresh_token_grace, now.session_lifetime, now.throttle_failures, now.throttle_window) == (
        0,
        600,
        5,
        60,
    )
    assert (now.maximum_body_bytes, now.service_time_limit, now.fetch_private_hosts) == (100000, 5, ("erp.internal",))
    assert (now.signing_algorithm, now.key_rotation_interval, now.key_announcement) == ("EdDSA", 7200, 3600)
    assert (now.assertion_lifetime, now.dynamic_registration, now.dynamic_registration_unused) == (
        300,
        "token",
        "never",
    )
    assert now.openapi_public is True
    assert now.dynamic_registration_scopes == ("orders", "customers")
    assert now.client_id_metadata_hosts == ("*.partner.example",)
    assert (now.access_token_lifetime_by_grant, now.token_family_lifetime) == ({"implicit": 60}, 604800)
    assert now.token_parameters_in_url == "never"


async def test_saving_without_a_change_changes_nothing(console):
    before = await console.site.parts.directory.settings()
    await console.flash(await console.submit(PATH))
    assert await console.site.parts.directory.settings() == before


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("authorization_code_lifetime", {"authorization_code_lifetime": "0"}),
        ("authorization_code_lifetime", {"authorization_code_lifetime": "ten minutes"}),
        ("access_token_lifetime", {"access_token_lifetime": "seconds", "access_token_lifetime_seconds": ""}),
        ("require_https", {"require_https": "sometimes"}),
        ("require_pkce", {"require_pkce": "perhaps"}),
        ("cors_allowed_origins", {"cors_allowed_origins": "app.example"}),
        ("refresh_token_grace", {"refresh_token_grace": "100000"}),
        ("session_lifetime", {"session_lifetime": "-1"}),
    ],
)
async def test_refused_setting_says_why_beside_the_field_and_keeps_what_was_typed(console, field, changes):
    before = await console.site.parts.directory.settings()
    answer = await console.submit(PATH, **changes, throttle_failures="7")
    assert answer.status_code == 422
    assert errors(answer.text).keys() == {field}
    assert 'name="throttle_failures" type="text" value="7"' in answer.text
    assert await console.site.parts.directory.settings() == before


async def test_second_editor_is_told_instead_of_undoing_the_first(console):
    page = await console.text(PATH)
    await console.flash(await console.send(page, throttle_failures="7"))
    second = await console.send(page, throttle_window="60")
    assert second.status_code == 409
    assert "Somebody else changed this meanwhile" in summary(second.text)
    now = await console.site.parts.directory.settings()
    assert (now.throttle_failures, now.throttle_window) == (7, 300)


async def test_overview_tells_the_settings_in_force_and_the_addresses(console):
    await console.site.change_settings(access_token_lifetime="never", authorization_code_lifetime=90)
    page = await console.text("/oauth")
    for text in (
        "Never expires",
        "1 minute 30 seconds",
        "http://localhost:5555/oauth/token",
        "oauth-authorization-server",
    ):
        assert text in page
