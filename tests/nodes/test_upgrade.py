"""The schema goes a step further, as `gatewright migrate` of the next release takes it, under nodes that know nothing of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from gatewright.store import migrate
from gatewright.store.open import migrate_database
from tests.nodes.conftest import Node
from tests.nodes.test_rolling_restart import Balancer

EXPANDS = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9000", "{migrate.NEWEST}", None, None

def upgrade():
    op.add_column("access_tokens", sa.Column("purpose", sa.Text))
    op.add_column("clients", sa.Column("purpose", sa.Text, nullable=False, server_default="none"))
    op.create_table("purposes", sa.Column("name", sa.Text, primary_key=True))
    op.create_index("access_tokens_by_purpose", "access_tokens", ["purpose"])
"""
CONTRACTS = f"""
DROP TABLE purposes; ALTER TABLE access_tokens DROP COLUMN purpose; ALTER TABLE clients DROP COLUMN purpose;
UPDATE alembic_version SET version_num = '{migrate.NEWEST}'
"""


@pytest.fixture
def next_release(postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process migrates as a release does that has one migration more, which only expands."""
    further = tmp_path / "further"
    further.mkdir()
    (further / "9000_purposes.py").write_text(EXPANDS)
    upgrade = command.upgrade

    def with_one_more(config: Config, revision: str) -> None:
        own = Path(migrate.__file__).parent / "migrations" / "versions"
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{own}\n{further}")
        upgrade(config, revision)

    monkeypatch.setattr(command, "upgrade", with_one_more)
    monkeypatch.setattr(migrate, "NEWEST", "9000")
    yield
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(CONTRACTS)


def wait_for(balancer: Balancer, more: int) -> None:
    wanted, deadline = balancer.answered + more, time.monotonic() + 20
    while balancer.answered < wanted:
        assert time.monotonic() < deadline, balancer.failures
        time.sleep(0.02)


def test_no_request_fails_while_the_next_release_migrates_and_after(
    nodes: list[Node], postgresql_url: str, next_release: None
) -> None:
    token = nodes[0].token().json()["access_token"]
    with Balancer(nodes) as balancer:
        wait_for(balancer, 50)
        migrate_database(postgresql_url, Path())
        wait_for(balancer, 100)
    assert balancer.failures == []
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9000",)
        assert connection.execute("SELECT count(*) FROM access_tokens WHERE purpose IS NULL").fetchone() != (0,)
    for node in nodes:
        assert node.call(token) == 200
        assert node.http.get("/health/ready").status_code == 200
