import asyncio
import os

from gatewright.kernel.passwords import hash_password
from gatewright.kernel.passwords import verify_password


def _hash_and_verify() -> bool:
    async def story() -> bool:
        return await asyncio.wait_for(verify_password("a password", await hash_password("a password")), 10)

    return asyncio.run(story())


def test_passwords_are_verified_in_a_forked_worker_whose_parent_verified_some() -> None:
    assert _hash_and_verify()
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if _hash_and_verify() else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
