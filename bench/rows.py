"""The table's rows: who is asked for what, and what the figure is compared with."""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from http.client import HTTPConnection
from typing import Literal
from urllib.parse import urlencode

import msgspec

from bench import requests
from bench.load import Work
from bench.ours import CLIENT_ID
from bench.ours import JWT_CLIENT_ID
from bench.ours import REDIRECT_URI
from bench.ours import Workspace
from bench.processes import HOST
from bench.proofs import Prover
from bench.requests import InTurn

GATEWRIGHT = "Gatewright"
FIXED = "fixed answer"
TOKEN = "client_credentials token"
SERVICE = "protected service"
INTROSPECTION = "introspection"
_BY_HAND = "the flow's work by hand"
_TOKENS = 256
_CODES_PER_SECOND = 9000
_PROOFS_PER_SECOND = 6000
_JWTS = 64


class Row(msgspec.Struct, frozen=True):
    """One row. `prepare` makes the work of one window: given the connections and the seconds it will last.

    against: the row whose CPU time per request, or throughput, this one's is divided by.
    at_most, at_least: the ratio asked for, if any.
    """

    name: str
    server: str
    prepare: Callable[[int, float], Awaitable[Work]]
    against: str = FIXED
    at_most: float | None = None
    at_least: float | None = None
    compares: Literal["cpu", "throughput"] = "cpu"

    def is_reached(self, ratio: float | None) -> bool | None:
        """Whether the ratio is what is asked for; None when nothing is."""
        if ratio is None or self.at_most is self.at_least:
            return None
        return (self.at_most is None or ratio <= self.at_most) and (self.at_least is None or ratio >= self.at_least)


class Requests:
    """What the rows of one Gatewright send, put into its workspace beforehand."""

    def __init__(self, workspace: Workspace, tokens: Sequence[str]) -> None:
        self._workspace = workspace
        self._tokens = tokens
        self._prover = Prover()

    def token(self, client: str = CLIENT_ID, headers: Mapping[str, str] | None = None, **parameters: str) -> bytes:
        """A token request."""
        authorization = requests.basic(client, self._workspace.secret)
        return requests.form("/oauth/token", authorization, urlencode(parameters), **(headers or {}))

    def introspections(self, tokens: Sequence[str]) -> list[bytes]:
        """One introspection of each token, by the client CLIENT_ID or, of JWTs, by theirs."""
        jwts = "." in tokens[0]
        authorization = requests.basic(JWT_CLIENT_ID if jwts else CLIENT_ID, self._workspace.secret)
        return [requests.form("/oauth/introspect", authorization, urlencode({"token": each})) for each in tokens]

    def calls(self, target: str) -> list[bytes]:
        """A call of a service with each token."""
        return [requests.http("GET", target, {"Authorization": f"Bearer {token}"}) for token in self._tokens]

    def orders(self, target: str) -> list[bytes]:
        """A call with a JSON body, with each token."""
        body = '{"country":"SE","prices":[100,200,300,400,500,600,700,800,900,1000]}'
        kind = {"Content-Type": "application/json"}
        return [
            requests.http("POST", target, {"Authorization": f"Bearer {token}", **kind}, body) for token in self._tokens
        ]

    async def redemptions(self, connections: int, seconds: float) -> Work:
        """Codes enough for one window, each redeemed once."""
        codes = await self._workspace.authorization_codes(int(_CODES_PER_SECOND * seconds * 1.1) + 2 * connections)
        return requests.Once([self._redemption(code) for code in codes], requests.TOKEN)

    def bound_tokens(self, issuer: str) -> Callable[[int, float], Awaitable[Work]]:
        """Proofs enough for one window, each used once."""

        async def prepare(connections: int, seconds: float) -> Work:
            count = int(_PROOFS_PER_SECOND * seconds * 1.1) + 2 * connections
            proofs = [self._prover.proof("POST", f"{issuer}/oauth/token") for _ in range(count)]
            return requests.Once(
                [self.token(headers={"DPoP": proof}, grant_type="client_credentials") for proof in proofs],
                requests.BOUND_TOKEN,
            )

        return prepare

    def jwts(self, port: int) -> list[str]:
        """JWT access tokens that the running server issues."""
        connection = HTTPConnection(HOST, port)
        try:
            return [self._jwt(connection) for _ in range(_JWTS)]
        finally:
            connection.close()

    def _jwt(self, connection: HTTPConnection) -> str:
        authorization = requests.basic(JWT_CLIENT_ID, self._workspace.secret)
        headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/oauth/token", "grant_type=client_credentials", headers)
        return requests.TOKEN.read(200, connection.getresponse().read()).access_token

    def _redemption(self, code: str) -> bytes:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)


async def our_rows(workspace: Workspace, connections: int, port: int) -> list[Row]:
    """Gatewright's own rows. What they send is put into the workspace now, except what can be used once only."""
    tokens = await workspace.access_tokens(_TOKENS)
    made = Requests(workspace, tokens)
    chains = requests.Chains(
        await workspace.refresh_tokens(connections),
        lambda token: made.token(grant_type="refresh_token", refresh_token=token),
    )
    own = made.token(grant_type="client_credentials", scope="bench")
    of_jwt = made.token(JWT_CLIENT_ID, grant_type="client_credentials", scope="bench")
    return [
        _same(FIXED, InTurn([requests.http("GET", "/health/live", {})], requests.STATUS)),
        _same(TOKEN, InTurn([own], requests.TOKEN), at_most=2.5),
        _same("JWT token, ES256", InTurn([of_jwt], requests.TOKEN), at_most=3.5),
        Row("DPoP-bound token", GATEWRIGHT, made.bound_tokens(f"http://localhost:{port}")),
        _same("refresh with rotation", chains, at_most=3.5),
        Row("code redemption", GATEWRIGHT, made.redemptions, at_most=4.0),
        _same(INTROSPECTION, InTurn(made.introspections(tokens), requests.ACTIVE), at_most=1.7),
        _same("introspection of a JWT", InTurn(made.introspections(made.jwts(port)), requests.ACTIVE)),
        _same(SERVICE, InTurn(made.calls("/invoke/bench.api/hello?name=Ada"), requests.HELLO), at_most=1.6),
        _same("… in a thread", InTurn(made.calls("/invoke/bench.api/hello_in_thread?name=Ada"), requests.HELLO)),
        _same(_BY_HAND, InTurn(made.orders("/invoke/bench.api/order"), requests.ORDER)),
        _same(
            "five-step flow", InTurn(made.orders("/invoke/bench/order"), requests.ORDER), against=_BY_HAND, at_most=2.0
        ),
    ]


def _same(name: str, work: Work, *, against: str = FIXED, at_most: float | None = None) -> Row:
    return Row(name, GATEWRIGHT, steadily(work), against, at_most)


def steadily(work: Work) -> Callable[[int, float], Awaitable[Work]]:
    """The same work in every window."""

    async def prepare(connections: int, seconds: float) -> Work:
        return work

    return prepare
