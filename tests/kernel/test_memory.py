from gatewright.kernel.memory import Memory
from gatewright.kernel.memory import WeighedMemory


def test_the_oldest_makes_room() -> None:
    memory: Memory[str, int] = Memory(2)
    for number, name in enumerate("abc"):
        memory.put(name, number)
    assert memory.items() == [("b", 1), ("c", 2)]


def test_the_oldest_make_room_for_what_weighs_much() -> None:
    memory: WeighedMemory[str, bytes] = WeighedMemory(10, len, 100)
    for name in "abcd":
        memory.put(name, b"x" * 30)
    assert [name for name, _ in memory.items()] == ["b", "c", "d"]
    memory.put("e", b"x" * 90)
    assert [name for name, _ in memory.items()] == ["e"]


def test_one_that_is_too_heavy_by_itself_is_kept_until_the_next() -> None:
    memory: WeighedMemory[str, bytes] = WeighedMemory(10, len, 100)
    memory.put("a", b"x" * 500)
    assert memory.get("a") is not None
    memory.put("b", b"x")
    assert [name for name, _ in memory.items()] == ["b"]
