"""Records for tests of the store: say what matters to the test, the rest is filled in."""

import asyncio
import hashlib
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

from gatewright.kernel.ids import row_id
from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.device_codes import DeviceCode
from gatewright.store.pushed_requests import PushedRequest
from gatewright.store.records import AccessToken
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Client
from gatewright.store.records import Consent
from gatewright.store.records import Grant
from gatewright.store.records import Passkey
from gatewright.store.records import PresentedRefreshToken
from gatewright.store.records import RefreshToken
from gatewright.store.records import Session
from gatewright.store.records import User

NOW = 1_800_000_000


def sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def client(client_id: str = "c1", **fields: Any) -> Client:
    return Client(client_id=client_id, name=fields.pop("name", client_id.upper()), **fields)


def user(user_id: str = "u1", **fields: Any) -> User:
    return User(id=user_id, name=fields.pop("name", f"name of {user_id}"), **fields)


def grant(grant_id: str = "g1", **fields: Any) -> Grant:
    given: dict[str, Any] = {
        "client_id": "c1",
        "user_id": "u1",
        "grant_type": "authorization_code",
        "scope": ("a", "b"),
    }
    return Grant(id=grant_id, authenticated_at=NOW - 5, created_at=NOW, **(given | fields))


def access_token(text: str = "at1", **fields: Any) -> AccessToken:
    given: dict[str, Any] = {"id": row_id(), "client_id": "c1", "user_id": "u1", "grant_id": "g1", "scope": ("a", "b")}
    times: dict[str, Any] = {"issued_at": NOW, "expires_at": NOW + 3600}
    return AccessToken(digest=sha(text), **(given | times | fields))


def own_token(text: str = "at1", **fields: Any) -> AccessToken:
    """A token that a client got for itself: no user, no grant."""
    return access_token(text, **({"user_id": None, "grant_id": None} | fields))


def refresh_token(text: str = "rt1", **fields: Any) -> RefreshToken:
    """The first of a family, unless `family` is given."""
    given: dict[str, Any] = {"family": sha(text), "issued_at": NOW, "expires_at": NOW + 86400}
    return RefreshToken(digest=sha(text), **(given | fields))


async def presented(database: Database, text: str, family: str = "") -> PresentedRefreshToken | None:
    """What is found by a refresh token of the family that began with the token `family`; with itself, if none is given."""
    return await database.read(tokens.find_refresh_token, sha(family or text), sha(text))


def code(text: str = "code1", **fields: Any) -> AuthorizationCode:
    given: dict[str, Any] = {
        "grant_id": "g1",
        "client_id": "c1",
        "user_id": "u1",
        "scope": ("a", "b"),
        "redirect_uri": "https://client.example/back",
        "code_challenge": "challenge",
        "code_challenge_method": "S256",
        "authenticated_at": NOW - 5,
        "issued_at": NOW,
        "expires_at": NOW + 600,
    }
    return AuthorizationCode(digest=sha(text), **(given | fields))


def pushed_request(text: str = "pr1", **fields: Any) -> PushedRequest:
    given: dict[str, Any] = {"client_id": "c1", "parameters": {"state": "ü"}, "expires_at": NOW + 60}
    return PushedRequest(digest=sha(text), **(given | fields))


def device_code(text: str = "dc1", **fields: Any) -> DeviceCode:
    given: dict[str, Any] = {
        "user_code": "BCDFGHJK",
        "client_id": "c1",
        "scope": ("a", "b"),
        "grant_id": "g1",
        "issued_at": NOW,
        "expires_at": NOW + 600,
        "interval": 5,
        "next_poll_at": NOW,
    }
    return DeviceCode(digest=sha(text), **(given | fields))


def session(text: str = "se1", **fields: Any) -> Session:
    given: dict[str, Any] = {"user_id": "u1", "csrf": "anti-forgery", "authenticated_at": NOW, "expires_at": NOW + 600}
    return Session(digest=sha(text), **(given | fields))


def consent(client_id: str = "c1", scope: tuple[str, ...] = ("a",), user_id: str = "u1") -> Consent:
    return Consent(user_id=user_id, client_id=client_id, scope=scope, created_at=NOW)


def passkey(credential_id: bytes = b"k1", **fields: Any) -> Passkey:
    given: dict[str, Any] = {
        "user_id": "u1",
        "name": "Laptop",
        "public_key": b"cose",
        "sign_count": 0,
        "transports": ("internal", "hybrid"),
        "backed_up": False,
        "created_at": NOW,
    }
    return Passkey(credential_id=credential_id, **(given | fields))


async def is_remembered(ask: Callable[[], Awaitable[object]]) -> bool:
    """Whether two questions soon get the same object: an answer drawn while a change arrives is not remembered."""
    for _ in range(200):
        if await ask() is await ask():
            return True
        await asyncio.sleep(0.02)
    return False
