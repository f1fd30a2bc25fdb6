from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewright.store import access
from gatewright.store import scopes
from gatewright.store.records import Scope
from tests.running import seed
from tests.running.site import Site
from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "seeded", "site"]

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest_asyncio.fixture
async def administrator(site: Site) -> str:
    """An access token of the ledger, made an administrator, whose scope opens the Admin API."""
    database, now = site.parts.database, site.clock()
    await database.write(scopes.insert, Scope(name="administration", folders=("gatewright.admin",)), now)
    await database.write(scopes.insert, Scope(name="reading", services=("gatewright.admin.clients:list",)), now)
    await site.associate(seed.LEDGER, "orders", "administration", "reading")
    await database.write(access.set_groups, "client", seed.LEDGER, ["Administrators"], now)
    return await site.access_token(scope="administration")


@pytest.fixture
def ask(site: Site, administrator: str) -> Ask:
    """A request to the Admin API as an administrator: `await ask("GET", "/clients")`."""

    async def request(method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        given = {"authorization": f"Bearer {administrator}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await site.http.request(method, f"/admin/v1{path}", json=json, headers=given)

    return request
