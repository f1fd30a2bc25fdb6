"""What every test's server holds: clients, scopes, people, ACLs, a package of services; and how to write it down."""

import asyncio
import shutil
from pathlib import Path
from textwrap import dedent

from argon2 import PasswordHasher

from gatewright.kernel.secrets import CLIENT_SECRET
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.records import Acl
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret
from gatewright.store.records import Group
from gatewright.store.records import Scope
from gatewright.store.records import User
from gatewright.store.sqlite import SqliteDatabase

MADE = 1_700_000_000
LEDGER = "ledger"
"""Confidential; every grant; refresh without limit; associated with orders and customers, of which orders is default."""
RIVAL = "rival"
"""Another confidential client, with the same rights."""
SPA = "spa"
"""Public; authorization code and implicit; a loopback and an https redirect URI."""
GATEWAY = "gateway"
"""A resource server: it introspects everybody's tokens."""
CHOSEN = "chosen"
"""Confidential, with a secret that somebody chose (argon2id)."""
RETIRED = "retired"
"""Confidential and disabled."""
LONELY = "lonely"
"""Confidential, associated with no scope."""

CALLBACK = "https://ledger.example/callback"
TENANT_CALLBACK = "https://ledger.example/back?tenant=7"
RIVAL_CALLBACK = "https://rival.example/callback"
SPA_CALLBACK = "https://spa.example/callback"
LOOPBACK_CALLBACK = "http://127.0.0.1/callback"

SECRETS = {name: make_secret(CLIENT_SECRET) for name in (LEDGER, RIVAL, GATEWAY, RETIRED, LONELY)}
CHOSEN_SECRET = "a+chosen secret%2B&=ü"
SECRETS[CHOSEN] = CHOSEN_SECRET
PASSWORD = "correct horse battery staple"

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The parameters stand in the hash: tests that verify passwords stay quick."""
_EVERY_GRANT = ("authorization_code", "implicit", "client_credentials", "password", "device_code")

_CLIENTS = (
    Client(
        client_id=LEDGER,
        name="Ledger",
        redirect_uris=(CALLBACK, TENANT_CALLBACK),
        allowed_grants=_EVERY_GRANT,
        refresh_limit="unlimited",
        default_scopes=("orders",),
    ),
    Client(
        client_id=RIVAL,
        name="Rival",
        redirect_uris=(RIVAL_CALLBACK,),
        allowed_grants=_EVERY_GRANT,
        refresh_limit="unlimited",
        default_scopes=("orders",),
    ),
    Client(
        client_id=SPA,
        name="Single-page shop",
        type="public",
        redirect_uris=(SPA_CALLBACK, LOOPBACK_CALLBACK, "http://[::1]/callback", "com.example.shop:/callback"),
        allowed_grants=("authorization_code", "implicit"),
        refresh_limit="unlimited",
    ),
    Client(client_id=GATEWAY, name="Gateway", allowed_grants=("client_credentials",), introspect="all"),
    Client(client_id=CHOSEN, name="Chosen", allowed_grants=("client_credentials",)),
    Client(client_id=RETIRED, name="Retired", allowed_grants=_EVERY_GRANT, redirect_uris=(CALLBACK,), enabled=False),
    Client(client_id=LONELY, name="Lonely", allowed_grants=("client_credentials",)),
)
_ASSOCIATIONS = {
    LEDGER: ("customers", "orders"),
    RIVAL: ("customers", "orders"),
    SPA: ("orders",),
    GATEWAY: ("orders",),
    CHOSEN: ("route-only",),
    RETIRED: ("orders",),
}
_SCOPES = (
    Scope(name="orders", description="Read and place orders", folders=("orders",)),
    Scope(name="customers", description="Look up customers", services=("customers:find",)),
    Scope(name="route-only", url_templates=("GET /shop/orders/{number}",)),
)
_USERS = (
    ("ada", ("staff",), {}),
    ("bob", (), {}),
    ("newcomer", (), {"must_change_password": True}),
    ("gone", (), {"enabled": False}),
)
_ACLS = (
    Acl(target="orders:audit", execute=("staff",)),
    Acl(target="open", execute=("Anonymous",)),
    Acl(target="open.staff", execute=("staff",)),
)

_FILES = {
    "package.yaml": """
        name: Shop
        version: 1.0.0
        url_templates:
          - {template: "GET /shop/orders/{number}", service: "orders:get"}
          - {template: "POST /shop/orders", service: "orders:place"}
          - {template: "GET /shop/audit", service: "orders:audit"}
        """,
    "services/orders.py": '''
        from gatewright.services import Caller, service

        @service
        def get(number: str) -> dict:
            """One order."""
            return {"number": number}

        @service
        def place(item: str, amount: int = 1) -> dict:
            """Place an order."""
            return {"item": item, "amount": amount}

        @service
        def whoami(caller: Caller) -> dict:
            """Who calls."""
            return {
                "kind": caller.kind, "subject": caller.subject, "client_id": caller.client_id,
                "scopes": list(caller.scopes), "username": caller.username, "actor": caller.actor,
            }

        @service
        def audit() -> dict:
            """For staff only."""
            return {"entries": []}
        ''',
    "services/customers.py": '''
        from gatewright.services import service

        @service
        def find(name: str = "") -> dict:
            """Find a customer."""
            return {"name": name}
        ''',
    "services/open.py": '''
        from gatewright.services import Caller, service

        @service
        def ping(caller: Caller) -> dict:
            """Open to everyone."""
            return {"kind": caller.kind}
        ''',
    "services/open/staff.py": '''
        from gatewright.services import service

        @service
        def roster() -> dict:
            """Below an open folder, yet for staff only."""
            return {"people": ["ada"]}
        ''',
    "services/orders/greet.flow.yaml": """
        document: {dsl: '1.0.3', namespace: orders, name: greet, version: '1.0.0'}
        do:
          - greet:
              set: {greeting: '${ "Hello, " + .name }'}
        """,
}


def write_package(workspace: Path) -> None:
    """The package Shop under `workspace/packages`."""
    for file, text in _FILES.items():
        path = workspace / "packages" / "Shop" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())


def write_database(path: Path) -> None:
    """A migrated and seeded database, closed, so that it can be copied."""
    migrate_sqlite(path)
    asyncio.run(_fill(path))


def copy_database(seeded: Path, workspace: Path) -> Path:
    """A copy of the seeded database as the one of `workspace`."""
    path = workspace / "data" / "gatewright.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(seeded, path)
    return path


async def _fill(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(insert_everything)
    await database.close()


def insert_everything(transaction: Transaction) -> None:
    """Write the whole seed into an empty store."""
    for scope in _SCOPES:
        scopes.insert(transaction, scope, MADE)
    access.save_group(transaction, Group(name="staff"), MADE)
    for client in _CLIENTS:
        clients.insert(transaction, client)
        clients.set_scopes(transaction, client.client_id, _ASSOCIATIONS.get(client.client_id, ()), MADE)
    for client_id, secret in SECRETS.items():
        clients.add_secret(transaction, kept(client_id, secret), MADE, MADE)
    hashed = _CHEAP.hash(PASSWORD)
    for name, groups, changes in _USERS:
        user = User(id=f"id-of-{name}", name=name, password_hash=hashed, created_at=MADE, **changes)
        users.insert(transaction, user)
        access.set_groups(transaction, "user", user.id, groups, MADE)
    for acl in _ACLS:
        access.save_acl(transaction, acl, MADE)


def kept(client_id: str, secret: str) -> ClientSecret:
    """A secret as the store keeps it."""
    chosen = client_id == CHOSEN
    return ClientSecret(
        id=f"secret-of-{client_id}",
        client_id=client_id,
        digest=None if chosen else digest(secret),
        hash=_CHEAP.hash(secret) if chosen else None,
        created_at=MADE,
    )
