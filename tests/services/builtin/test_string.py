import pytest


@pytest.mark.parametrize(
    ("name", "arguments", "output"),
    [
        ("upper", {"text": "straße"}, "STRASSE"),
        ("lower", {"text": "ÄB"}, "äb"),
        ("trim", {"text": " a "}, "a"),
        ("trim", {"text": "--a-", "characters": "-", "side": "start"}, "a-"),
        ("split", {"text": "a,b,c", "separator": ","}, ["a", "b", "c"]),
        ("split", {"text": "a,b,c", "separator": ",", "limit": 2}, ["a", "b,c"]),
        ("split", {"text": "a,b,c", "separator": ",", "limit": 1}, ["a,b,c"]),
        ("join", {"items": ["a", 1, 2.0, 0.5, None, True], "separator": "-"}, "a-1-2-0.5-true"),
        ("replace", {"text": "a.b.c", "find": ".", "by": "/"}, "a/b/c"),
        ("split", {"text": "a,b", "separator": ",", "limit": 10**30}, ["a", "b"]),
        ("replace", {"text": "2026-11-25", "find": r"(\d+)-(\d+)", "by": r"\2/\1", "regex": True}, "11/2026-25"),
        ("replace", {"text": "größer", "find": "(ö)(ß)", "by": r"\2→ü\1😀", "regex": True}, "grß→üö😀er"),
        ("substring", {"text": "gateway", "start": 4}, "way"),
        ("substring", {"text": "gateway", "start": -3, "end": -1}, "wa"),
        ("length", {"text": "ä€😀"}, 3),
        ("pad", {"text": "7", "width": 3, "character": "0"}, "007"),
        ("pad", {"text": "7", "width": 3, "side": "end"}, "7  "),
        ("index_of", {"text": "abcabc", "find": "c", "start": 3}, 5),
        ("index_of", {"text": "abc", "find": "x"}, -1),
        ("matches", {"text": "order 42", "pattern": r"\d+"}, True),
        ("matches", {"text": "order 42", "pattern": r"^\d+$"}, False),
        ("find", {"text": "a1 b2", "pattern": r"([a-z])(\d)", "limit": 1}, [{"text": "a1", "start": 0, "groups": ["a", "1"]}]),
        ("find", {"text": "x", "pattern": r"(a)|(x)"}, [{"text": "x", "start": 0, "groups": [None, "x"]}]),
        ("fill", {"template": "Dear {name}, {{{n}}}", "values": {"name": "Ada", "n": 3}}, "Dear Ada, {3}"),
    ],
)  # fmt: skip
async def test_texts_are_worked_on(pub, name, arguments, output) -> None:
    assert await pub(f"string:{name}", **arguments) == output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("split", {"text": "a", "separator": ""}),
        ("replace", {"text": "a", "find": "", "by": "b"}),
        ("replace", {"text": "a", "find": "(", "by": "b", "regex": True}),
        ("replace", {"text": "a", "find": "a", "by": r"\9", "regex": True}),
        ("replace", {"text": "a", "find": "a", "by": "\\", "regex": True}),
        ("matches", {"text": "a", "pattern": r"(a)\1"}),
        ("matches", {"text": "a", "pattern": "a" * 2000}),
        ("matches", {"text": "a", "pattern": "((a{100}){100}){100}"}),
        ("pad", {"text": "a", "width": 10**9}),
        ("pad", {"text": "a", "width": 3, "character": ""}),
        ("fill", {"template": "{missing}", "values": {}}),
        ("trim", {"text": "a", "side": "left"}),
    ],
)
async def test_what_cannot_be_done_is_refused(refused, name, arguments) -> None:
    await refused(f"string:{name}", **arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("replace", {"text": "a" * 100_000, "find": "a", "by": "b" * 10_000}),
        ("replace", {"text": "a" * 4_000, "find": "a", "by": "b" * 10_000, "regex": True}),
        # 10 TB, if it were put together before it is measured
        ("replace", {"text": "a" * 1_000_000, "find": "a", "by": "b" * 10_000_000, "regex": True}),
        ("join", {"items": ["a" * 1_000_000] * 20}),
        ("join", {"items": [""] * 50_000, "separator": "b" * 1_000}),
        ("fill", {"template": "{a}" * 10_000, "values": {"a": "b" * 10_000}}),
    ],
)
async def test_a_text_does_not_grow_without_bound(refused, name, arguments) -> None:
    assert "longer than" in (await refused(f"string:{name}", **arguments)).detail


async def test_a_format_reads_no_attributes(refused) -> None:
    """Unlike Python's own: only plain names stand in braces."""
    from gatewright.services.builtin import string_

    assert string_.fill("{0.__class__} {a!r} {}", {}) == "{0.__class__} {a!r} {}"
    await refused("string:fill", template="{__class__}", values={})
