"""What the tests of administrators' operations share."""

from typing import Any

import pytest

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.kernel.errors import Invalid
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Service
from gatewright.services.template import parse_template
from gatewright.store.records import Client

NOW = 1_700_000_000
BY = By(Actor("admin"), NOW)
LATER = By(Actor("admin"), NOW + 60)
MACHINE = Client(client_id="machine", name="Machine", allowed_grants=("client_credentials",))
WEB = Client(client_id="web", name="Web", redirect_uris=("https://app.example/cb",))


async def _answer(given: dict[str, Any], call: object) -> object:
    return given


def catalogue() -> Catalogue:
    """Folder `orders` with services `get` and `put`, folder `orders.eu` with `vat`, one URL template."""
    names = ["orders:get", "orders:put", "orders.eu:vat"]
    services = tuple(
        Service(name=name, kind="python", package="Shop", file="x.py", sample={"id": 7}, run=_answer) for name in names
    )
    template = parse_template("GET /orders/{id}", "orders:get")
    return Catalogue([LoadedPackage(folder="Shop", package=None, services=services, templates=(template,))])


CATALOGUE = catalogue()


class Refusal:
    """The errors of the Invalid raised inside `with refused() as refusal`, field to message."""

    errors: dict[str, str]


class refused:  # noqa: N801  (reads as a phrase)
    """Expects Invalid for just these fields."""

    def __init__(self, *fields: str) -> None:
        self._fields = list(fields)
        self._raises = pytest.raises(Invalid)
        self._refusal = Refusal()

    def __enter__(self) -> Refusal:
        self._info = self._raises.__enter__()
        return self._refusal

    def __exit__(self, *error: Any) -> bool:
        caught = bool(self._raises.__exit__(*error))
        if caught:
            errors = self._info.value.errors
            self._refusal.errors = {each.field: each.message for each in errors}
            assert [each.field for each in errors] == self._fields
        return caught
