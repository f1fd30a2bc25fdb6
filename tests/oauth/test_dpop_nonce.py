"""Nonces that nobody keeps (RFC 9449 §8)."""

import os

from gatewright.oauth.dpop_nonce import SLOT_SECONDS
from gatewright.oauth.dpop_nonce import DpopNonces
from tests.running.site import NOW
from tests.running.site import SettableClock

KEY = os.urandom(32)


def test_nodes_with_the_same_master_key_agree() -> None:
    assert DpopNonces(KEY, lambda: NOW).accepts(DpopNonces(KEY, lambda: NOW).current())


def test_another_master_key_gives_other_nonces() -> None:
    assert not DpopNonces(os.urandom(32), lambda: NOW).accepts(DpopNonces(KEY, lambda: NOW).current())


def test_a_nonce_counts_for_one_slot_at_least_and_two_at_most() -> None:
    clock = SettableClock()
    nonces = DpopNonces(KEY, clock)
    clock.now = NOW - NOW % SLOT_SECONDS + SLOT_SECONDS - 1  # the last moment of a slot
    nonce = nonces.current()
    clock.forward(SLOT_SECONDS)
    assert nonces.accepts(nonce)
    clock.forward(1)
    assert not nonces.accepts(nonce)


def test_a_node_whose_clock_is_behind_accepts_the_next_slots_nonce() -> None:
    ahead = DpopNonces(KEY, lambda: NOW + SLOT_SECONDS)
    assert DpopNonces(KEY, lambda: NOW).accepts(ahead.current())
    assert not DpopNonces(KEY, lambda: NOW - SLOT_SECONDS).accepts(ahead.current())


def test_anything_else_is_not_accepted() -> None:
    nonces = DpopNonces(KEY, lambda: NOW)
    for text in ("", "x", "ü" * 43, nonces.current() + "A", nonces.current()[:-1]):
        assert not nonces.accepts(text)
