"""Which scopes a request gets (RFC 6749 §3.3)."""

import pytest

from tests.running import seed
from tests.running.site import Site


async def granted(site: Site, client_id: str = seed.LEDGER, **parameters: str) -> str:
    answer = (await site.token(client_id, grant_type="client_credentials", **parameters)).json()
    return str(answer.get("scope", answer.get("error")))


async def test_asking_for_none_gives_the_default_scopes_never_all(site: Site) -> None:
    assert await granted(site) == "orders"


async def test_without_default_scopes_the_only_associated_one_is_given(site: Site) -> None:
    assert await granted(site, seed.CHOSEN) == "route-only"


async def test_without_default_scopes_several_must_be_named(site: Site) -> None:
    await site.change_client(default_scopes=())
    answer = await site.token(grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert "Name the scope" in answer.json()["error_description"]


async def test_a_default_scope_no_longer_associated_is_not_given(site: Site) -> None:
    await site.change_client(default_scopes=("orders", "customers"))
    await site.associate(seed.LEDGER, "customers")
    assert await granted(site) == "customers"


async def test_a_client_without_scopes_is_told_where_to_associate_one(site: Site) -> None:
    answer = await site.token(seed.LONELY, grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert "Scope Management" in answer.json()["error_description"]


async def test_scopes_come_in_the_order_asked_each_once(site: Site) -> None:
    assert await granted(site, scope="orders  customers orders") == "orders customers"


@pytest.mark.parametrize("scope", ["unheard-of", "orders unheard-of", "ORDERS", "orders,customers", "*", "route-only"])
async def test_one_scope_that_is_not_associated_refuses_all(site: Site, scope: str) -> None:
    assert await granted(site, scope=scope) == "invalid_scope"


@pytest.mark.parametrize("scope", [" ", "   ", "\t"])
async def test_a_scope_that_names_nothing_is_refused(site: Site, scope: str) -> None:
    """Treating it as given would make a token without any scope."""
    assert await granted(site, scope=scope) == "invalid_scope"


async def test_an_empty_scope_is_as_good_as_none(site: Site) -> None:
    """RFC 6749 §3.2: "Parameters sent without a value MUST be treated as if they were omitted"."""
    assert await granted(site, scope="") == "orders"


async def test_a_new_association_counts_from_the_next_request_on(site: Site) -> None:
    assert await granted(site, scope="route-only") == "invalid_scope"
    await site.associate(seed.LEDGER, "orders", "route-only")
    assert await granted(site, scope="route-only") == "route-only"
