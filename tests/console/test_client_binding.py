"""The client form's fields for bound, exchanged and refreshed tokens."""

import re

from gatewright.store import clients

NEW = "/oauth/clients/new"
GOOD = {
    "name": "Wallet",
    "allowed_grants": ["client_credentials", "token_exchange"],
    "dpop_bound_access_tokens": "true",
    "may_act": "gateway",
    "refresh_token_lifetime": "seconds",
    "refresh_token_lifetime_seconds": "600",
    "access_token_format": "jwt",
    "refresh_rotation": "false",
    "introspect": "all",
    "token_family_lifetime": "seconds",
    "token_family_lifetime_seconds": "86400",
    "access_token_lifetime_by_grant": "client_credentials = 300\r\ntoken_exchange = 60",
}


async def test_they_are_kept_as_the_form_says(console):
    answer = await console.submit(NEW, **GOOD)
    client_id = re.search(r'<code id="client-id">(.*?)</code>', answer.text)[1]
    kept = await console.site.parts.database.read(clients.find, client_id)
    assert (kept.dpop_bound_access_tokens, kept.may_act, kept.refresh_token_lifetime) == (True, "gateway", 600)
    assert (kept.access_token_format, kept.refresh_rotation, kept.introspect) == ("jwt", False, "all")
    assert kept.token_family_lifetime == 86400
    assert kept.access_token_lifetime_by_grant == {"client_credentials": 300, "token_exchange": 60}
    assert kept.allowed_grants == ("client_credentials", "token_exchange")
    page = await console.text(f"/oauth/clients/edit?client_id={client_id}")
    assert re.search(r'name="dpop_bound_access_tokens" value="true" checked', page)
    assert re.search(r'name="refresh_token_lifetime_seconds" value="600"', page)
    assert re.search(r'name="token_family_lifetime_seconds" value="86400"', page)
    assert "client_credentials = 300\ntoken_exchange = 60" in page
    assert re.search(r'name="may_act" type="text" value="gateway"', page)


async def test_a_new_clients_tokens_are_bound_to_nothing_unless_asked(console):
    page = await console.text(NEW)
    assert re.search(r'name="dpop_bound_access_tokens" value="false" checked', page)
    assert re.search(r'name="refresh_token_lifetime" value="global" checked', page)


async def test_default_scopes_must_be_the_clients(console):
    edit = "/oauth/clients/edit?client_id=ledger"
    answer = await console.submit(edit, default_scopes="customers\r\norders")
    assert answer.status_code == 303
    kept = await console.site.parts.database.read(clients.find, "ledger")
    assert kept.default_scopes == ("customers", "orders")
    refused = await console.submit(edit, default_scopes="route-only")
    assert refused.status_code == 422
    assert "is not associated with the client" in refused.text


async def test_a_public_client_always_rotates_and_asks_about_its_own_tokens(console):
    public = GOOD | {"type": "public", "redirect_uris": "https://a.example/", "allowed_grants": ["authorization_code"]}
    await console.submit(NEW, **public)
    kept = await console.site.parts.database.read(clients.find_named, "Wallet", "1.0")
    assert (kept.refresh_rotation, kept.introspect) == (True, "own")


async def test_a_public_client_may_not_exchange_tokens(console):
    answer = await console.submit(NEW, **GOOD | {"type": "public", "redirect_uris": "https://a.example/"})
    assert answer.status_code == 422
    assert "Token Exchange needs a confidential client" in answer.text
