"""The requests that rows send, and how their answers are checked."""

import base64
import itertools
from collections.abc import Callable
from collections.abc import Sequence
from typing import Generic
from typing import TypeVar

import msgspec

from bench.load import Unexpected

T = TypeVar("T")
Check = Callable[[T], bool]


class TokenAnswer(msgspec.Struct):
    """What a token endpoint answers (RFC 6749 §5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str = ""
    refresh_token: str = ""


class IntrospectionAnswer(msgspec.Struct):
    """What an introspection endpoint answers (RFC 7662 §2.2)."""

    active: bool
    client_id: str = ""


class Hello(msgspec.Struct):
    """What the protected services answer."""

    hello: str


class Order(msgspec.Struct):
    """What `bench:order` and `bench.api:order` answer."""

    net: int
    gross: int


class Status(msgspec.Struct):
    """What `/health/live` answers."""

    status: str


def http(method: str, target: str, headers: dict[str, str], body: str = "") -> bytes:
    """A whole request."""
    if body:
        headers = {**headers, "Content-Length": str(len(body))}
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def basic(name: str, secret: str) -> str:
    """The value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def form(target: str, authorization: str, body: str, **headers: str) -> bytes:
    """A POST of a form."""
    kind = "application/x-www-form-urlencoded"
    return http("POST", target, {"Authorization": authorization, "Content-Type": kind, **headers}, body)


class Answers(Generic[T]):
    """Checks answers: their status, their shape, and what `accept` says of them."""

    def __init__(self, shape: type[T], accept: Check[T]) -> None:
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(shape).decode
        self._accept = accept

    def read(self, status: int, body: bytes) -> T:
        """The answer. Raises Unexpected."""
        if status != 200:
            raise Unexpected(f"status {status}: {body[:200].decode(errors='replace')}")
        try:
            answer = self._decode(body)
        except msgspec.DecodeError as error:
            raise Unexpected(f"{error}: {body[:200].decode(errors='replace')}") from None
        if not self._accept(answer):
            raise Unexpected(f"not what was asked for: {body[:200].decode(errors='replace')}")
        return answer


class InTurn(Generic[T]):
    """The same requests again and again, one after the other."""

    def __init__(self, requests: Sequence[bytes], answers: Answers[T]) -> None:
        self._next = itertools.cycle(requests).__next__
        self._read = answers.read

    def request(self, connection: int) -> bytes | None:
        """The next request."""
        return self._next()

    def check(self, connection: int, status: int, body: bytes) -> None:
        """Raises Unexpected."""
        self._read(status, body)


class Refusable(InTurn[T]):
    """The same, to a server that may refuse: `refused` tells of every answer, in their order, whether it was a refusal."""

    def __init__(self, requests: Sequence[bytes], answers: Answers[T]) -> None:
        super().__init__(requests, answers)
        self.refused: list[bool] = []

    def check(self, connection: int, status: int, body: bytes) -> None:
        """Raises Unexpected when it is neither an answer nor a refusal (503, 429)."""
        is_refusal = status in (503, 429)
        self.refused.append(is_refusal)
        if not is_refusal:
            super().check(connection, status, body)


class Once(Generic[T]):
    """Requests that can be sent once only."""

    def __init__(self, requests: Sequence[bytes], answers: Answers[T]) -> None:
        self._requests = iter(requests)
        self._read = answers.read

    def request(self, connection: int) -> bytes | None:
        """The next request, or None when all are sent."""
        return next(self._requests, None)

    def check(self, connection: int, status: int, body: bytes) -> None:
        """Raises Unexpected."""
        self._read(status, body)


class Chains:
    """Refresh token rotation: each connection uses the refresh token that its last answer gave."""

    def __init__(self, first: Sequence[str], make: Callable[[str], bytes]) -> None:
        self._tokens = list(first)
        self._make = make
        self._read = Answers(TokenAnswer, lambda answer: answer.refresh_token.startswith("gw_rt_")).read

    def request(self, connection: int) -> bytes | None:
        """A refresh of this connection's family."""
        return self._make(self._tokens[connection])

    def check(self, connection: int, status: int, body: bytes) -> None:
        """Raises Unexpected."""
        answer = self._read(status, body)
        if answer.refresh_token == self._tokens[connection]:
            raise Unexpected("the refresh token was not rotated")
        self._tokens[connection] = answer.refresh_token


STATUS: Answers[Status] = Answers(Status, lambda answer: answer.status == "live")
TOKEN: Answers[TokenAnswer] = Answers(
    TokenAnswer,
    lambda answer: answer.token_type == "Bearer" and len(answer.access_token) > 20 and answer.expires_in > 0,
)
BOUND_TOKEN: Answers[TokenAnswer] = Answers(TokenAnswer, lambda answer: answer.token_type == "DPoP")
ACTIVE: Answers[IntrospectionAnswer] = Answers(
    IntrospectionAnswer, lambda answer: answer.active and answer.client_id.startswith("bench")
)
HELLO: Answers[Hello] = Answers(Hello, lambda answer: answer.hello == "Ada")
ORDER: Answers[Order] = Answers(Order, lambda answer: (answer.net, answer.gross) == (5500, 6875))
