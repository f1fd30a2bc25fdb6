"""A database that is away: quick refusals that say when to come back, and service again soon after it is back."""

import time

from tests.nodes.conftest import Node
from tests.nodes.conftest import seconds_until
from tests.store.postgresql_cluster import Cluster


def test_requests_are_refused_in_time_while_the_database_is_down_and_answered_after(
    nodes: list[Node], cluster: Cluster
) -> None:
    node = nodes[0]
    token = node.token().json()["access_token"]
    assert node.call(token) == 200
    cluster.stop("immediate")
    try:
        time.sleep(1.5)  # what is remembered counts for a second without word from the database
        for ask in (node.token, lambda: node.http.get("/shop/orders/1", headers={"authorization": f"Bearer {token}"})):
            started = time.monotonic()
            answer = ask()
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            assert time.monotonic() - started < 10
        assert node.http.get("/health/live").status_code == 200
        assert node.http.get("/health/ready").status_code == 503
    finally:
        cluster.start()
    assert seconds_until(lambda: node.token().status_code == 200, patience=10) < 5
    assert node.call(token) == 200
