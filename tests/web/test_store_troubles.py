"""A database file that cannot be written, or is damaged while it is used: what is said, and what goes on."""

from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.site import Site


def store(site: Site) -> SqliteDatabase:
    database = site.parts.database
    assert isinstance(database, SqliteDatabase)
    return database


def make_read_only(site: Site, on: str) -> None:
    store(site)._connection.execute(f"PRAGMA query_only={on}")


def damage(site: Site) -> None:
    """Overwrite all tables and indexes of the file, and have nothing remembered of it."""
    database = store(site)
    database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = site.parts.workspace / "data" / "gatewright.db"
    length = file.stat().st_size
    with file.open("r+b") as writing:
        writing.seek(4096)
        writing.write(b"\xff" * (length - 4096))
    for connection in (database._connection, database._readers_connection):
        connection.execute("PRAGMA shrink_memory")


async def test_a_store_that_cannot_be_written_refuses_what_must_be_kept_and_answers_the_rest(site: Site) -> None:
    kept = await site.access_token()
    make_read_only(site, "ON")
    refused = await site.token(grant_type="client_credentials")
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert await site.is_active(kept)
    assert (await site.call("/shop/orders/1", kept)).status_code == 200
    revoked = await site.post("/oauth/revoke", {"token": kept})
    assert revoked.status_code == 503  # and not the 200 that RFC 7009 has for what is revoked
    assert await site.is_active(kept)


async def test_the_store_s_trouble_is_told_to_load_balancers_until_it_is_over(site: Site) -> None:
    make_read_only(site, "ON")
    await site.token(grant_type="client_credentials")
    ready = await site.http.get("/health/ready")
    assert ready.status_code == 503
    assert "readonly" in ready.json()["status"]
    assert (await site.http.get("/health/live")).status_code == 200
    make_read_only(site, "OFF")
    await site.access_token()
    assert (await site.http.get("/health/ready")).status_code == 200


async def test_a_damaged_file_is_never_taken_for_one_without_the_token(site: Site) -> None:
    remembered, unseen = await site.access_token(), await site.access_token()
    assert (await site.call("/shop/orders/1", remembered)).status_code == 200
    damage(site)
    for _ in range(2):
        assert (await site.call("/shop/orders/1", unseen)).status_code == 503
        found = await site.post("/oauth/introspect", {"token": unseen}, seed.GATEWAY)
        assert found.status_code == 503
        assert "active" not in found.text
    assert (await site.call("/shop/orders/1", remembered)).status_code == 200
    assert (await site.token(grant_type="client_credentials")).status_code == 503
    ready = await site.http.get("/health/ready")
    assert ready.status_code == 503
    assert "gatewright restore" in ready.json()["status"]
