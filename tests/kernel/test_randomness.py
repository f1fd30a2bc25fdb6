"""Random bytes are given once: to one caller, in one thread, in one process."""

import os
from concurrent.futures import ThreadPoolExecutor

from gatewright.kernel.randomness import random_bytes


def test_any_number_of_bytes_is_given_and_none_twice():
    taken = [random_bytes(count) for count in (1, 16, 4095, 4096, 10_000)] + [random_bytes(16) for _ in range(2000)]
    assert [len(each) for each in taken[:5]] == [1, 16, 4095, 4096, 10_000]
    assert len(set(taken[5:])) == 2000


def test_threads_never_share_bytes():
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: random_bytes(16), range(5000)))
    assert len(set(taken)) == 5000


def test_a_forked_process_is_given_other_bytes_than_its_parent():
    random_bytes(1)  # the parent has a piece that the child would inherit
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_bytes(32))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 32) != random_bytes(32)
