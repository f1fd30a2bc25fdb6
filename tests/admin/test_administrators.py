"""On every engine: the last administrator stays, whoever asks at the same time."""

import asyncio

from gatewright.admin import users
from gatewright.admin.administrators import ADMINISTRATORS
from gatewright.kernel.errors import Invalid
from gatewright.store import access
from tests.admin.support import BY
from tests.store.conftest import Opener
from tests.store.conftest import cluster  # noqa: F401
from tests.store.conftest import postgresql_url  # noqa: F401
from tests.store.conftest import store  # noqa: F401


async def test_administrators_who_remove_each_other_at_once_leave_one(store: Opener) -> None:  # noqa: F811
    one, other = await store(), await store()
    ids = [(await one.write(users.create, BY, name, "$hash", groups=[ADMINISTRATORS])).id for name in ("ada", "grace")]
    outcomes = await asyncio.gather(
        one.write(users.delete, BY, ids[0]),
        other.write(users.set_groups, BY, ids[1], []),
        return_exceptions=True,
    )
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [Invalid]
    assert len(await one.read(access.members, ADMINISTRATORS)) == 1
