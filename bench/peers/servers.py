"""The peers: how each is started, as in production with one worker, and what it is asked."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import requests
from bench.load import Work
from bench.peers.installation import install_node
from bench.peers.installation import install_python
from bench.processes import HOST
from bench.processes import Server
from bench.processes import start
from bench.requests import InTurn
from bench.rows import INTROSPECTION
from bench.rows import SERVICE
from bench.rows import TOKEN
from bench.rows import Row
from bench.rows import steadily

_CLIENT = "bench"
_SECRET = "the-benchmark-s-own-secret"
_TOKENS = 64
_HERE = Path(__file__).parent


class Peer(msgspec.Struct, frozen=True):
    """A peer. command: given the folders of installed Python commands and Node scripts, and the port."""

    name: str
    kind: str
    command: Callable[[Path, int], list[str]]
    rows: Callable[["Peer", int, str], list[Row]]


class Setting:
    """What peers are given: a key pair whose tokens they accept, and a folder for their data."""

    def __init__(self, build: Path, data: Path) -> None:
        self._build = build
        self._data = data
        data.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(65537, 2048)
        self._public_key = data / "public.pem"
        self._public_key.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        self.token = _jwt(key)

    def start(self, peer: Peer, port: int) -> Server:
        """Install the peer when it is not, and start it. Raises NotInstalled, CannotStart."""
        folder = self._build / peer.kind
        installed = install_node(folder) if peer.kind == "node" else install_python(folder)
        environment = {
            "BENCH_DATA": str(self._data),
            "BENCH_SECRET": _SECRET,
            "BENCH_PUBLIC_KEY": str(self._public_key),
            "NODE_ENV": "production",
        }
        log = self._build / f"{peer.name.replace(' ', '-')}.log"
        return start(peer.command(installed, port), port, log, environment=environment)


def _gunicorn(module: str) -> Callable[[Path, int], list[str]]:
    def command(installed: Path, port: int) -> list[str]:
        serving = ["--workers", "1", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "60"]
        return [
            str(installed / "gunicorn"),
            *serving,
            "--chdir",
            str(_HERE),
            "--bind",
            f"{HOST}:{port}",
            f"{module}:app",
        ]

    return command


def _uvicorn(installed: Path, port: int) -> list[str]:
    options = [
        "--app-dir",
        str(_HERE),
        "--port",
        str(port),
        "--no-access-log",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
    ]
    return [str(installed / "uvicorn"), *options, "fastapi_pyjwt:app"]


def _node(script: str) -> Callable[[Path, int], list[str]]:
    return lambda installed, port: ["node", str(installed / script), str(port)]


def _token_row(peer: Peer, target: str, at_least: float | None = None) -> Row:
    work = InTurn([_token_request(target)], requests.TOKEN)
    return Row(f"{TOKEN}: {peer.name}", peer.name, steadily(work), TOKEN, at_least=at_least)


def _introspection_row(peer: Peer, port: int, token: str, introspection: str) -> Row:
    async def prepare(connections: int, seconds: float) -> Work:
        found = await _tokens(port, token)  # anew for each window: some keep only their latest
        bodies = [urlencode({"token": text}) for text in found]
        return InTurn([requests.form(introspection, _basic(), body) for body in bodies], requests.ACTIVE)

    return Row(f"{INTROSPECTION}: {peer.name}", peer.name, prepare, INTROSPECTION)


def _oidc_provider_rows(peer: Peer, port: int, jwt: str) -> list[Row]:
    return [_token_row(peer, "/token", at_least=2.2), _introspection_row(peer, port, "/token", "/token/introspection")]


def _guard_rows(peer: Peer, port: int, jwt: str) -> list[Row]:
    work = InTurn([_hello(jwt)], requests.HELLO)
    at_least = 4.0 if peer.name.startswith("FastAPI") else None
    return [Row(f"{SERVICE}: {peer.name}", peer.name, steadily(work), SERVICE, at_least=at_least)]


def _authlib_rows(peer: Peer, port: int, jwt: str) -> list[Row]:
    return [_token_row(peer, "/oauth/token")]


def _toolkit_rows(peer: Peer, port: int, jwt: str) -> list[Row]:
    async def hello(connections: int, seconds: float) -> Work:
        return InTurn([_hello(token) for token in await _tokens(port, "/o/token/")], requests.HELLO)

    return [
        _token_row(peer, "/o/token/"),
        _introspection_row(peer, port, "/o/token/", "/o/introspect/"),
        Row(f"{SERVICE}: {peer.name}", peer.name, hello, SERVICE),
    ]


PEERS = (
    Peer("node-oidc-provider", "node", _node("oidc_provider.mjs"), _oidc_provider_rows),
    Peer("Express with jose", "node", _node("express_jose.mjs"), _guard_rows),
    Peer("FastAPI with PyJWT", "python", _uvicorn, _guard_rows),
    Peer("Authlib on Flask", "python", _gunicorn("authlib_flask"), _authlib_rows),
    Peer("django-oauth-toolkit", "python", _gunicorn("django_toolkit"), _toolkit_rows),
)


def _basic() -> str:
    return requests.basic(_CLIENT, _SECRET)


def _token_request(target: str) -> bytes:
    return requests.form(target, _basic(), "grant_type=client_credentials&scope=bench")


def _hello(token: str) -> bytes:
    return requests.http("GET", "/hello?name=Ada", {"Authorization": f"Bearer {token}"})


async def _tokens(port: int, target: str) -> list[str]:
    """Access tokens that the peer issues now."""
    return [await _token(port, target) for _ in range(_TOKENS)]


async def _token(port: int, target: str) -> str:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(_token_request(target).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    answer = await reader.read()
    writer.close()
    return requests.TOKEN.read(int(answer[9:12]), answer.partition(b"\r\n\r\n")[2]).access_token


def _jwt(key: rsa.RSAPrivateKey) -> str:
    """A JWT access token signed with RS256 (RFC 7515)."""
    now = int(time.time())
    claims = {"iss": "bench", "aud": "bench", "sub": "ada", "scope": "bench", "iat": now, "exp": now + 86400}
    text = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "at+jwt"}, claims))
    return (text + b"." + _base64url(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))).decode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
