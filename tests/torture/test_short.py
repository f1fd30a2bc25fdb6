"""The short form of `make torture`."""

from pathlib import Path

import pytest

from tests.running.site import seeded
from tests.store.conftest import cluster
from tests.store.conftest import postgresql_url
from tests.store.postgresql_cluster import Cluster
from tests.torture.run import Outcome
from tests.torture.run import torture

__all__ = ["cluster", "postgresql_url", "seeded"]

pytestmark = pytest.mark.xdist_group("torture")


@pytest.fixture(autouse=True)
def one_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWRIGHT_MASTER_KEY", "5a" * 32)


def nothing_lost_or_doubled(outcome: Outcome) -> None:
    assert outcome.wrong == []
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert set(outcome.faults.values()) == {1}
    assert outcome.tokens >= 100


async def test_workers_and_servers_that_are_killed_lose_and_double_nothing(seeded: Path, tmp_path: Path) -> None:
    outcome = await torture(tmp_path, seeded, None, seconds=None, pause=(0.3, 1), chance=3)
    nothing_lost_or_doubled(outcome)


async def test_a_database_that_goes_away_loses_and_doubles_nothing(
    seeded: Path, tmp_path: Path, cluster: Cluster, postgresql_url: str
) -> None:
    outcome = await torture(tmp_path, seeded, cluster, seconds=None, pause=(0.3, 1), chance=7)
    nothing_lost_or_doubled(outcome)
