"""The table's rows: who is asked for what, and what the figure is compared with."""

from collections.abc import Awaitable
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from bench import requests
from bench.load import Work
from bench.ours import CLIENT_ID
from bench.ours import REDIRECT_URI
from bench.ours import Workspace
from bench.requests import InTurn

GATEWRIGHT = "Gatewright"
FIXED = "fixed answer"
TOKEN = "client_credentials token"
SERVICE = "protected service"
INTROSPECTION = "introspection"
_BY_HAND = "the flow's work by hand"
_TOKENS = 256
_CODES_PER_SECOND = 6000


class Row(msgspec.Struct, frozen=True):
    """One row. `prepare` makes the work of one window: given the connections and the seconds it will last.

    against: the row whose CPU time per request this one's is divided by; at_most: the ratio asked for, if any.
    """

    name: str
    server: str
    prepare: Callable[[int, float], Awaitable[Work]]
    against: str = FIXED
    at_most: float | None = None


async def our_rows(workspace: Workspace, connections: int) -> list[Row]:
    """Gatewright's own rows. What they send is put into the workspace now, except what can be used once only."""
    tokens = await workspace.access_tokens(_TOKENS)
    client = requests.basic(CLIENT_ID, workspace.secret)

    def token_request(**parameters: str) -> bytes:
        return requests.form("/oauth/token", client, urlencode(parameters))

    def call(target: str) -> list[bytes]:
        return [requests.http("GET", target, {"Authorization": f"Bearer {token}"}) for token in tokens]

    def order(target: str) -> list[bytes]:
        body = '{"country":"SE","prices":[100,200,300,400,500,600,700,800,900,1000]}'
        return [
            requests.http(
                "POST", target, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, body
            )
            for token in tokens
        ]

    def redemption(code: str) -> bytes:
        return token_request(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)

    async def redemptions(count: int, seconds: float) -> Work:
        codes = await workspace.authorization_codes(int(_CODES_PER_SECOND * seconds * 1.1) + 2 * count)
        return requests.Once([redemption(code) for code in codes], requests.TOKEN)

    chains = requests.Chains(
        await workspace.refresh_tokens(connections),
        lambda token: token_request(grant_type="refresh_token", refresh_token=token),
    )
    own = token_request(grant_type="client_credentials", scope="bench")
    introspections = [requests.form("/oauth/introspect", client, urlencode({"token": token})) for token in tokens]
    return [
        _same(FIXED, InTurn([requests.http("GET", "/health/live", {})], requests.STATUS)),
        _same(TOKEN, InTurn([own], requests.TOKEN), at_most=4.0),
        _same(SERVICE, InTurn(call("/invoke/bench.api/hello?name=Ada"), requests.HELLO), at_most=2.0),
        _same("… in a thread", InTurn(call("/invoke/bench.api/hello_in_thread?name=Ada"), requests.HELLO)),
        _same(INTROSPECTION, InTurn(introspections, requests.ACTIVE), at_most=2.0),
        _same("refresh with rotation", chains, at_most=3.5),
        Row("code redemption", GATEWRIGHT, redemptions, at_most=4.0),
        _same(_BY_HAND, InTurn(order("/invoke/bench.api/order"), requests.ORDER)),
        _same("five-step flow", InTurn(order("/invoke/bench/order"), requests.ORDER), against=_BY_HAND, at_most=2.0),
    ]


def _same(name: str, work: Work, *, against: str = FIXED, at_most: float | None = None) -> Row:
    return Row(name, GATEWRIGHT, steadily(work), against, at_most)


def steadily(work: Work) -> Callable[[int, float], Awaitable[Work]]:
    """The same work in every window."""

    async def prepare(connections: int, seconds: float) -> Work:
        return work

    return prepare
