import pytest

from gatewright.services.builtin import cache
from gatewright.services.builtin.cache import Cache


async def test_a_value_is_kept_replaced_and_removed(pub) -> None:
    assert await pub("cache:get", key="a") == {"found": False, "value": None}
    await pub("cache:put", key="a", value={"b": [1]})
    assert await pub("cache:get", key="a") == {"found": True, "value": {"b": [1]}}
    await pub("cache:put", key="a", value=None)
    assert await pub("cache:get", key="a") == {"found": True, "value": None}
    assert await pub("cache:remove", key="a") is True
    assert await pub("cache:remove", key="a") is False


def test_values_end_in_time(monkeypatch) -> None:
    kept, now = Cache(), 100.0
    monkeypatch.setattr(cache.time, "monotonic", lambda: now)
    kept.put("P", "a", b"1", 5)
    now = 104.9
    assert kept.get("P", "a") == b"1"
    now = 105.0
    assert kept.get("P", "a") is None


def test_packages_do_not_see_each_others() -> None:
    kept = Cache()
    kept.put("P", "a", b"1", 5)
    assert kept.get("Q", "a") is None
    assert kept.remove("Q", "a") is False
    assert kept.get("P", "a") == b"1"


def test_what_was_asked_for_longest_ago_makes_room(monkeypatch) -> None:
    monkeypatch.setattr(cache, "_MOST_ENTRIES", 2)
    kept = Cache()
    kept.put("P", "a", b"1", 5)
    kept.put("P", "b", b"2", 5)
    kept.get("P", "a")
    kept.put("P", "c", b"3", 5)
    assert [kept.get("P", key) for key in "abc"] == [b"1", None, b"3"]
    monkeypatch.setattr(cache, "_MOST_BYTES", 10)
    kept.put("P", "d", b"1234567890", 5)
    assert [kept.get("P", key) for key in "acd"] == [None, None, b"1234567890"]


@pytest.mark.parametrize(
    "arguments",
    [{"key": ""}, {"key": "a" * 1000}, {"key": "a", "seconds": 0}, {"key": "a", "seconds": 1e9}, {"key": "a", "value": "x" * 2_000_000}],
)  # fmt: skip
async def test_what_cannot_be_kept_is_refused(refused, arguments) -> None:
    await refused("cache:put", **{"value": 1, **arguments})
