"""simple-oauth2, unmodified: each of its grants, against two workers."""

import pytest

from tests.running import seed
from tests.running.node import converse
from tests.running.node import is_installed
from tests.running.process import Server

pytestmark = pytest.mark.clients
WAYS = 4  # by header or body, in form or JSON


@pytest.mark.skipif(not is_installed("simple-oauth2"), reason="simple-oauth2 is not installed; make test installs it")
def test_every_grant_in_every_way(server: Server) -> None:
    given = {
        "issuer": server.url,
        "client": {"id": seed.LEDGER, "secret": seed.SECRETS[seed.LEDGER]},
        "redirectUri": seed.CALLBACK,
        "user": {"name": "ada", "password": seed.PASSWORD},
    }
    assert (
        converse("simple_oauth2.mjs", given, server.url)["said"]
        == [
            {
                "state": "<state>",
                "scope": ["orders customers", "orders"],
                "expired": False,
                "code": [200, 401],
                "machine": [200, 401],
                "person": 200,
                "refusal": "invalid_scope",
            }
        ]
        * WAYS
    )
