"""A backup that is made under load holds everything that was answered before it began."""

import asyncio
import subprocess
import sysconfig
from pathlib import Path

import httpx
import pytest

from tests.http.test_durability import burst
from tests.http.test_durability import until
from tests.running import seed
from tests.running.process import Server
from tests.running.site import basic

GATEWRIGHT = Path(sysconfig.get_path("scripts")) / "gatewright"


def gatewright(*arguments: str | Path) -> None:
    ran = subprocess.run([str(GATEWRIGHT), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


async def test_what_was_answered_before_a_backup_is_in_it_and_works_once_restored(
    own_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("backup")
    answered: list[str] = []
    own_server.start()
    running = asyncio.create_task(burst(own_server, answered))
    await until(200, answered)
    before = list(answered)
    await asyncio.to_thread(gatewright, "backup", folder / "backup.zip", "--workspace", own_server.workspace)
    assert len(answered) > len(before)  # the server went on meanwhile
    own_server.kill()
    await running
    await asyncio.to_thread(gatewright, "restore", folder / "backup.zip", folder / "restored")
    key = own_server.workspace / "data" / "master.key"
    (folder / "restored" / "data" / "master.key").write_bytes(key.read_bytes())
    (folder / "restored" / "data" / "master.key").chmod(0o600)
    restored = Server(folder / "restored")
    restored.start()
    try:
        async with httpx.AsyncClient(base_url=restored.url, timeout=30) as http:
            for text in before:
                found = await http.post("/oauth/introspect", data={"token": text}, headers=basic(seed.GATEWAY))
                assert found.json()["active"]
    finally:
        restored.stop()
        restored.clean_up()
