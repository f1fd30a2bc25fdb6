from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Service
from gatewright.services.invocation import Runtime
from gatewright.services.python_loader import LoadedPython
from gatewright.services.python_loader import load_python
from tests.running.remote import remote
from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "remote", "seeded", "site"]

ADA = Caller(kind="user", subject="u1", client_id="c1", scopes=("s",), groups=frozenset(["staff"]), username="ada")
ADMIN = Caller(kind="user", subject="u0", groups=frozenset(["Administrators"]))


@pytest_asyncio.fixture
async def runtime() -> AsyncIterator[Runtime]:
    runtime = Runtime(threads=2, waiting=1, environ={"SHARED_SECRET": "s3cret"})
    yield runtime
    await runtime.close()


def own(catalogue: Catalogue) -> dict[str, Service]:
    """The services of a catalogue's packages, without those that are built in."""
    return {name: service for name, service in catalogue.services.items() if service.kind != "builtin"}


class Workshop:
    """Writes a package's Python file, loads it and calls what it holds."""

    def __init__(self, root: Path, runtime: Runtime) -> None:
        self.root, self.runtime = root, runtime

    def write(self, file: str, text: str) -> None:
        path = self.root / "services" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def load(self, text: str = "", file: str = "shop.py") -> LoadedPython:
        if text:
            self.write(file, text)
        files = sorted(p.relative_to(self.root).as_posix() for p in (self.root / "services").rglob("*.py"))
        return load_python(self.root.name, self.root, files)

    def service(self, text: str) -> Service:
        return self.load("from gatewright.services import Caller, ServiceError, service\n" + text).services[0]

    async def call(
        self, service: Service, values: dict[str, Any], caller: Caller = ADA, seconds: float = 30.0
    ) -> object:
        catalogue = Catalogue([LoadedPackage(folder="Shop", package=None, services=(service,))])
        return await self.runtime.invoke(catalogue, service.name, values, caller, seconds=seconds)


@pytest.fixture
def workshop(tmp_path: Path, runtime: Runtime) -> Workshop:
    return Workshop(tmp_path / "Shop", runtime)
