"""Gatewright under measurement: a workspace with a client, a scope, a user and the bench's services, and the server."""

import shutil
import sys
import time
from pathlib import Path

import msgspec

from bench.processes import HOST
from gatewright.kernel.ids import row_id
from gatewright.kernel.passwords import hash_password_now
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import AUTHORIZATION_CODE
from gatewright.kernel.secrets import CLIENT_SECRET
from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import clients
from gatewright.store import codes
from gatewright.store import scopes
from gatewright.store import settings
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.records import AccessToken
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken
from gatewright.store.records import Scope
from gatewright.store.records import User
from gatewright.store.sqlite import SqliteDatabase

CLIENT_ID = "bench"
JWT_CLIENT_ID = "bench-jwt"
PASSWORD = "a password for the benchmark"
REDIRECT_URI = "https://client.example/back"
_SCOPE = "bench"
USER = "ada"
_PACKAGES = Path(__file__).parent / "packages"


class Workspace:
    """A fresh workspace, and what requests need of it. Tokens and codes are put into the store, as many as are asked for."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_PACKAGES, folder / "packages")
        path = folder / "data" / "gatewright.db"
        migrate_sqlite(path)
        self.folder = folder
        self.secret = make_secret(CLIENT_SECRET)
        self._now = int(time.time())
        self._database = SqliteDatabase(path)

    async def fill(self) -> None:
        """Keep the client, its scope and the user."""
        await self._database.write(self._fill)

    async def access_tokens(self, count: int) -> list[str]:
        """New access tokens of the client."""
        made = [make_secret(ACCESS_TOKEN) for _ in range(count)]

        def keep(transaction: Transaction) -> None:
            for text in made:
                tokens.add_access_token(transaction, self._access_token(text, None))

        await self._database.write(keep)
        return made

    async def refresh_tokens(self, count: int) -> list[str]:
        """New refresh tokens, each of a grant of its own."""
        made = [make_secret(REFRESH_TOKEN) for _ in range(count)]

        def keep(transaction: Transaction) -> None:
            for text in made:
                grant = Grant(
                    id=row_id(),
                    client_id=CLIENT_ID,
                    user_id=USER,
                    grant_type="authorization_code",
                    scope=(_SCOPE,),
                    authenticated_at=self._now,
                    created_at=self._now,
                )
                first = self._access_token(make_secret(ACCESS_TOKEN), grant.id)
                tokens.add_grant(transaction, grant, first, self._refresh_token(text))

        await self._database.write(keep)
        return made

    async def authorization_codes(self, count: int) -> list[str]:
        """New codes, not redeemed, without PKCE."""
        made = [make_secret(AUTHORIZATION_CODE) for _ in range(count)]

        def keep(transaction: Transaction) -> None:
            for text in made:
                codes.add(transaction, self._code(text))

        await self._database.write(keep)
        return made

    async def close(self) -> None:
        """Close the store and remove the workspace."""
        await self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, port: int, workers: int = 1) -> list[str]:
        """What starts the server."""
        gatewright = str(Path(sys.executable).with_name("gatewright"))
        return [gatewright, "run", "--workspace", str(self.folder), "--port", str(port), "--workers", str(workers)]

    def _fill(self, transaction: Transaction) -> None:
        client = Client(
            client_id=CLIENT_ID,
            name="Bench",
            redirect_uris=(REDIRECT_URI,),
            allowed_grants=("authorization_code", "client_credentials", "password"),
            refresh_limit="unlimited",
        )
        of_jwts = msgspec.structs.replace(client, client_id=JWT_CLIENT_ID, name="JWT", access_token_format="jwt")
        scopes.insert(transaction, Scope(name=_SCOPE, folders=("bench", "runaway")), self._now)
        settings.save(transaction, GlobalSettings(fetch_private_hosts=(HOST,)), self._now)
        for each in (client, of_jwts):
            secret = ClientSecret(
                id=row_id(), client_id=each.client_id, digest=digest(self.secret), hash=None, created_at=self._now
            )
            clients.insert(transaction, each)
            clients.add_secret(transaction, secret, self._now, self._now)
            clients.set_scopes(transaction, each.client_id, [_SCOPE], self._now)
        users.insert(transaction, User(id=USER, name=USER, password_hash=hash_password_now(PASSWORD)))

    def _access_token(self, text: str, grant_id: str | None) -> AccessToken:
        return AccessToken(
            id=row_id(),
            digest=digest(text),
            client_id=CLIENT_ID,
            user_id=USER if grant_id else None,
            grant_id=grant_id,
            scope=(_SCOPE,),
            issued_at=self._now,
            expires_at=self._now + 86400,
        )

    def _refresh_token(self, text: str) -> RefreshToken:
        key = digest(text)
        return RefreshToken(family=key, digest=key, issued_at=self._now, expires_at=self._now + 86400)

    def _code(self, text: str) -> AuthorizationCode:
        return AuthorizationCode(
            digest=digest(text),
            grant_id=row_id(),
            client_id=CLIENT_ID,
            user_id=USER,
            scope=(_SCOPE,),
            redirect_uri=REDIRECT_URI,
            code_challenge=None,
            code_challenge_method=None,
            authenticated_at=self._now,
            issued_at=self._now,
            expires_at=self._now + 86400,
        )
