"""SQL through connections: a SQLite file of the workspace, and PostgreSQL where there is one."""

import sqlite3
import time
from typing import Any

import pytest
import pytest_asyncio

from gatewright.services.builtin.table import builtin_services
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.connections import seal_context
from gatewright.services.errors import ServiceError
from gatewright.store import connections as store
from gatewright.store.connections import Connection
from tests.running.site import Site
from tests.store.conftest import cluster
from tests.store.conftest import postgresql_url

__all__ = ["cluster", "postgresql_url"]
CATALOGUE = Catalogue([LoadedPackage(folder="", package=None, services=builtin_services())])
ADMIN = Caller(kind="user", subject="u0", groups=frozenset(["Administrators"]))


class Shop:
    """A connection `shop` to a database of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def connect(self, url: str, password: str = "") -> None:
        sealed = self.site.parts.sealer.seal(b'{"secret":"' + password.encode() + b'"}', seal_context("shop"))
        await self.site.parts.database.write(
            store.insert, Connection(name="shop", kind="sql", url=url, sealed=sealed), 1
        )

    async def call(self, name: str, seconds: float = 30.0, caller: Caller = ADMIN, **arguments: Any) -> Any:
        given = {"connection": "shop", **arguments}
        return await self.site.parts.runtime.invoke(CATALOGUE, f"pub.sql:{name}", given, caller, seconds=seconds)

    async def query(self, statement: str, *parameters: Any, **more: Any) -> Any:
        return await self.call("query", statement=statement, parameters=list(parameters), **more)

    async def execute(self, statement: str, *parameters: Any) -> Any:
        return await self.call("execute", statement=statement, parameters=list(parameters))

    async def refusal(self, name: str, **arguments: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self.call(name, **arguments)
        return caught.value


@pytest_asyncio.fixture
async def shop(site: Site) -> Shop:
    made = Shop(site)
    await made.connect("sqlite:shop.db")
    await made.execute("CREATE TABLE items (sku TEXT PRIMARY KEY, count INTEGER, price REAL, data BLOB)")
    return made


async def test_rows_go_in_and_come_out_by_parameters(shop) -> None:
    hostile = "x'); DROP TABLE items; --"
    assert await shop.execute("INSERT INTO items VALUES ($1, $2, $3, $4)", hostile, 3, 1.5, {"a": 1}) == {"count": 1}
    assert await shop.query("SELECT sku, count, price, data FROM items WHERE sku = $1", hostile) == [
        {"sku": hostile, "count": 3, "price": 1.5, "data": '{"a":1}'}
    ]
    assert await shop.query("SELECT $2 AS second, $1 AS first", "a", None) == [{"second": None, "first": "a"}]


async def test_a_batch_is_kept_whole_or_not_at_all(shop) -> None:
    statement = "INSERT INTO items (sku, count) VALUES ($1, $2)"
    assert await shop.call("batch", statement=statement, rows=[["a", 1], ["b", 2]]) == {"count": 2}
    error = await shop.refusal("batch", statement=statement, rows=[["c", 1], ["a", 2]])
    assert (error.status, "UNIQUE" in error.detail) == (502, True)
    assert await shop.query("SELECT count(*) AS n FROM items") == [{"n": 2}]


async def test_more_rows_than_the_limit_are_refused(shop) -> None:
    await shop.call("batch", statement="INSERT INTO items (sku) VALUES ($1)", rows=[[str(n)] for n in range(5)])
    assert len(await shop.query("SELECT * FROM items", limit=5)) == 5
    assert (await shop.refusal("query", statement="SELECT * FROM items", limit=4)).status == 400
    assert (await shop.refusal("query", statement="SELECT 1 AS a, 2 AS a")).status == 400


async def test_a_statement_without_end_is_stopped(shop) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS m FROM n"
    began = time.monotonic()
    error = await shop.refusal("query", statement=endless, seconds=0.3)
    assert (error.status, time.monotonic() - began < 5) == (504, True)


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE 'data/gatewright.db' AS g",
        "VACUUM INTO 'copy.db'",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT * FROM nowhere",
        "SELECT $1, $2",
    ],
)
async def test_a_statement_that_reaches_beyond_its_file_or_is_wrong_is_refused(shop, statement) -> None:
    assert (await shop.refusal("query", statement=statement, parameters=["only one"])).status in (400, 502)
    assert not (shop.site.parts.workspace / "copy.db").exists()


async def test_a_large_cell_cannot_be_made(shop) -> None:
    assert (await shop.refusal("query", statement="SELECT zeroblob(1000000000) AS b")).status == 502


async def test_a_link_out_of_the_workspace_is_not_followed(site: Site, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "other.db"
    sqlite3.connect(outside).close()
    (site.parts.workspace / "link.db").symlink_to(outside)
    (site.parts.workspace / "own.db").symlink_to(site.parts.workspace / "data" / "gatewright.db")
    made = Shop(site)
    await made.connect("sqlite:link.db")
    assert "leads out" in (await made.refusal("query", statement="SELECT 1")).detail
    connection = await site.parts.database.read(store.find, "shop")
    await site.parts.database.write(store.update, Connection(**{**vars_of(connection), "url": "sqlite:own.db"}), 2)
    assert "leads out" in (await made.refusal("query", statement="SELECT 1")).detail


def vars_of(connection: Connection) -> dict[str, Any]:
    return {name: getattr(connection, name) for name in connection.__struct_fields__}


async def test_what_the_database_says_is_for_administrators(shop) -> None:
    error = await shop.refusal("query", statement="SELECT * FROM nowhere", caller=Caller(kind="client", subject="c"))
    assert (error.status, error.detail) == (502, "")


async def test_trying_it_out_says_whether_it_answers(shop) -> None:
    connection = await shop.site.parts.database.read(store.find, "shop")
    assert await shop.site.parts.way_out.try_out(connection) == "sqlite:shop.db answered."


async def test_postgresql_speaks_the_same(site: Site, postgresql_url: str) -> None:
    made = Shop(site)
    await made.connect(postgresql_url)
    rows = await made.query(
        "SELECT $1::text AS t, $2::int + 1 AS i, 12.50::numeric AS d, 1e400::numeric AS big, DATE '2026-11-25' AS day,"
        " TIMESTAMPTZ '2026-11-25 10:00Z' AS moment, '\\x00ff'::bytea AS b, $3::jsonb AS j, ARRAY[1,2] AS l, NULL AS n",
        "x'; --", 41, {"a": [1]},
    )  # fmt: skip
    row = rows[0]
    assert (row["t"], row["i"], row["d"], row["day"], row["b"], row["j"], row["l"], row["n"]) == (
        "x'; --", 42, 12.5, "2026-11-25", "AP8=", {"a": [1]}, [1, 2], None)  # fmt: skip
    assert row["moment"].startswith("2026-11-25T")
    assert (await made.refusal("query", statement="SELECT pg_sleep(10)", seconds=0.3)).status == 504
    assert (await made.refusal("query", statement="SELECT * FROM nowhere")).status == 502
    assert "answered" in await site.parts.way_out.try_out(await site.parts.database.read(store.find, "shop"))
