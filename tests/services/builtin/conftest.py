"""Calling built-in services as a flow does."""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest

from gatewright.services.builtin.table import builtin_services
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from tests.services.conftest import ADA

CATALOGUE = Catalogue([LoadedPackage(folder="", package=None, services=builtin_services())])
Pub = Callable[..., Awaitable[Any]]


@pytest.fixture
def pub(runtime: Runtime) -> Pub:
    """Call `pub.<name>` with arguments."""

    async def call(name: str, caller: Caller = ADA, **arguments: Any) -> Any:
        return await runtime.invoke(CATALOGUE, f"pub.{name}", arguments, caller)

    return call


@pytest.fixture
def refused(pub: Pub) -> Pub:
    """The refusal of such a call, which is a 4xx with a sentence."""

    async def call(name: str, **arguments: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await pub(name, **arguments)
        assert 400 <= caught.value.status < 500, caught.value
        assert caught.value.detail
        return caught.value

    return call
