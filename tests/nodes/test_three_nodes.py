"""What one node changes, every node follows within a second; what works once works once on all of them together."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import AUTHORIZATION_CODE
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import codes
from gatewright.store import scopes
from gatewright.store.database import Transaction
from gatewright.store.postgresql import PostgresqlDatabase
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Scope
from tests.nodes.conftest import WITHIN
from tests.nodes.conftest import Node
from tests.nodes.conftest import seconds_until
from tests.running import seed
from tests.running.site import basic


def _administer(transaction: Transaction) -> None:
    scopes.insert(transaction, Scope(name="administration", folders=("gatewright.admin",)), seed.MADE)
    clients.set_scopes(transaction, seed.LEDGER, ["orders", "administration"], seed.MADE)
    access.set_groups(transaction, "client", seed.LEDGER, ["Administrators"], seed.MADE)


def _code(transaction: Transaction, text: str) -> None:
    codes.add(
        transaction,
        AuthorizationCode(
            digest=digest(text),
            grant_id=row_id(),
            client_id=seed.LEDGER,
            user_id="id-of-ada",
            scope=("orders",),
            redirect_uri=seed.CALLBACK,
            code_challenge=None,
            code_challenge_method=None,
            authenticated_at=seed.MADE,
            issued_at=seed.MADE,
            expires_at=4_000_000_000,
        ),
    )


@pytest.fixture
async def administrator(nodes: list[Node], postgresql_url: str) -> str:
    """A token that opens the Admin API on every node."""
    database = await PostgresqlDatabase.open(postgresql_url)
    await database.write(_administer)
    await database.close()
    seconds_until(lambda: nodes[0].token(scope="administration").status_code == 200)
    return str(nodes[0].token(scope="administration").json()["access_token"])


async def test_every_node_follows_within_a_second(nodes: list[Node], administrator: str) -> None:
    one, two, three = nodes
    token = one.token(seed.RIVAL, scope="orders").json()["access_token"]
    assert [each.call(token) for each in nodes] == [200, 200, 200]

    # a scope loses its folder, and gets it back
    assert one.admin(administrator, "PATCH", "/scopes/orders", {"folders": []}).status_code == 200
    assert one.call(token) == 403  # on the node itself from the next request on
    assert seconds_until(lambda: {two.call(token), three.call(token)} == {403}) < WITHIN
    assert two.admin(administrator, "PATCH", "/scopes/orders", {"folders": ["orders"]}).status_code == 200
    assert seconds_until(lambda: {one.call(token), three.call(token)} == {200}) < WITHIN

    # settings
    assert two.admin(administrator, "PATCH", "/settings", {"access_token_lifetime": 77}).status_code == 200

    def lifetimes() -> set[int]:
        return {each.token(seed.RIVAL).json()["expires_in"] for each in nodes}

    assert seconds_until(lambda: lifetimes() == {77}) < WITHIN

    # a token is revoked
    assert three.http.post("/oauth/revoke", data={"token": token}, headers=basic(seed.RIVAL)).status_code == 200
    assert three.call(token) == 401
    assert seconds_until(lambda: {one.call(token), two.call(token)} == {401}) < WITHIN

    # a client is disabled
    assert one.admin(administrator, "PATCH", f"/clients/{seed.RIVAL}", {"enabled": False}).status_code == 200

    def is_refused(node: Node) -> bool:
        return node.token(seed.RIVAL).status_code in (401, 429)  # who fails too often is slowed down, too

    assert seconds_until(lambda: all(map(is_refused, nodes))) < WITHIN


async def test_a_key_that_one_node_makes_verifies_on_all(nodes: list[Node], administrator: str) -> None:
    one, two, three = nodes
    assert one.admin(administrator, "PATCH", "/settings", {"access_token_format": "jwt"}).status_code == 200
    token = one.token(seed.RIVAL, scope="orders").json()["access_token"]
    assert token.count(".") == 2
    assert seconds_until(lambda: {two.call(token), three.call(token)} == {200}) < WITHIN
    kids = {frozenset(key["kid"] for key in each.http.get("/oauth/jwks").json()["keys"]) for each in nodes}
    assert len(kids) == 1


async def test_a_code_works_once_on_all_nodes_together(nodes: list[Node], postgresql_url: str) -> None:
    text = make_secret(AUTHORIZATION_CODE)
    database = await PostgresqlDatabase.open(postgresql_url)
    await database.write(_code, text)
    await database.close()
    form = {"grant_type": "authorization_code", "code": text, "redirect_uri": seed.CALLBACK}

    def redeem(number: int) -> int:
        node = nodes[number % len(nodes)]
        return node.http.post("/oauth/token", data=form, headers=basic(seed.LEDGER)).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(redeem, range(60)))
    assert (statuses.count(200), statuses.count(400)) == (1, 59)
