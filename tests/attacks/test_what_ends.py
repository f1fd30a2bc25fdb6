"""What was taken away and is used all the same: a deleted scope, client or user, a client made again under an old id."""

from gatewright.admin import clients as client_operations
from gatewright.admin import scopes as scope_operations
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.store import clients
from gatewright.store.records import Client
from tests.running import seed
from tests.running.site import Site


def by(site: Site) -> By:
    return By(Actor("admin"), site.clock())


async def test_a_deleted_scope_opens_nothing_and_is_granted_no_more(site: Site) -> None:
    tokens = await site.tokens(scope="orders customers")
    pending = await site.code(scope="orders customers")
    await site.parts.database.write(scope_operations.delete, by(site), "orders")
    assert (await site.call("/invoke/orders/whoami", tokens["access_token"])).status_code == 403
    assert (await site.call("/invoke/customers/find", tokens["access_token"])).status_code == 200
    assert (await site.introspect(tokens["access_token"]))["scope"] == "customers"
    assert (await site.refresh(tokens["refresh_token"])).json()["scope"] == "customers"
    assert (await site.refresh(tokens["refresh_token"], scope="orders")).json()["error"] == "invalid_scope"
    late = (await site.redeem(pending)).json()["access_token"]
    assert (await site.call("/invoke/orders/whoami", late)).status_code == 403


async def test_a_scope_made_again_under_an_old_name_is_not_in_old_tokens_by_itself(site: Site) -> None:
    """The association went with the scope; a new one must be made for the client."""
    token = (await site.tokens(scope="orders"))["access_token"]
    scope = (await site.parts.directory.scopes())["orders"]
    await site.parts.database.write(scope_operations.delete, by(site), "orders")
    await site.parts.database.write(scope_operations.create, by(site), scope, site.parts.catalogue)
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 403


async def test_a_client_made_again_under_an_old_id_inherits_no_tokens(site: Site) -> None:
    tokens = await site.tokens()
    code = await site.code()
    before = await site.parts.database.read(clients.find, seed.LEDGER)
    assert before
    await site.parts.database.write(client_operations.delete, by(site), seed.LEDGER)
    again = Client(client_id=seed.LEDGER, name="Ledger", redirect_uris=before.redirect_uris, refresh_limit="unlimited")
    saved = await site.parts.database.write(client_operations.create, by(site), again, scopes=("orders",))
    assert not await site.is_active(tokens["access_token"])
    form = {"client_id": seed.LEDGER, "client_secret": saved.secret or ""}
    grants = {"refresh_token": tokens["refresh_token"]}, {"code": code, "redirect_uri": seed.CALLBACK}
    for grant, given in zip(("refresh_token", "authorization_code"), grants, strict=True):
        answer = await site.http.post("/oauth/token", data={**form, "grant_type": grant, **given})
        assert answer.json()["error"] == "invalid_grant"


async def test_a_disabled_client_or_user_gets_nothing_by_any_grant(site: Site) -> None:
    tokens, code = await site.tokens(), await site.code()
    await site.change_user("ada", enabled=False)
    password = {"username": "ada", "password": seed.PASSWORD}
    for answer in (
        await site.refresh(tokens["refresh_token"]),
        await site.redeem(code),
        await site.token(grant_type="password", **password),
    ):
        assert answer.json()["error"] == "invalid_grant"
    assert (await site.call("/invoke/orders/whoami", tokens["access_token"])).status_code == 401
    await site.change_user("ada", enabled=True)
    await site.change_client(enabled=False)
    for answer in (
        await site.refresh(tokens["refresh_token"]),
        await site.token(grant_type="client_credentials"),
        await site.token(grant_type="password", **password),
        await site.post("/oauth/introspect", {"token": tokens["access_token"]}),
        await site.post("/oauth/par", {"response_type": "code", "redirect_uri": seed.CALLBACK}),
        await site.post("/oauth/device_authorization", {}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
