import pytest

PEOPLE = [
    {"name": "Cy", "age": 40, "city": {"id": 1}},
    {"name": "Ada", "age": 36, "city": {"id": 2}},
    {"name": "Bo", "age": 40.0, "city": {"id": 1}},
    {"name": "Di"},
]


def names(people):
    return [each["name"] for each in people]


async def test_items_are_sorted_by_members_and_stably(pub) -> None:
    assert names(await pub("list:sort", items=PEOPLE, by=["age", "name"])) == ["Di", "Ada", "Bo", "Cy"]
    assert names(await pub("list:sort", items=PEOPLE, by=["city.id"], descending=True)) == ["Ada", "Cy", "Bo", "Di"]
    mixed = [{"a": 1}, "b", 2, None, True, [1], 1.5]
    assert await pub("list:sort", items=mixed) == [None, True, 1.5, 2, "b", [1], {"a": 1}]


async def test_repetitions_go_and_numbers_count_by_value(pub) -> None:
    assert await pub("list:unique", items=[1, 1.0, "1", True, [1], [1.0], {"a": 1, "b": 2}, {"b": 2, "a": 1}]) == [
        1, "1", True, [1], {"a": 1, "b": 2}]  # fmt: skip
    assert names(await pub("list:unique", items=PEOPLE, by=["age"])) == ["Cy", "Ada", "Di"]


async def test_groups_keep_the_order_of_their_first(pub) -> None:
    groups = await pub("list:group", items=PEOPLE, by=["city.id"])
    assert [(group["key"], names(group["items"])) for group in groups] == [
        (1, ["Cy", "Bo"]),
        (2, ["Ada"]),
        (None, ["Di"]),
    ]
    groups = await pub("list:group", items=PEOPLE, by=["city.id", "age"])
    assert groups[0]["key"] == [1, 40]


async def test_lists_are_cut_and_put_together(pub) -> None:
    assert await pub("list:chunk", items=[1, 2, 3], size=2) == [[1, 2], [3]]
    assert await pub("list:page", items=[1, 2, 3], offset=1, limit=1) == [2]
    assert await pub("list:flatten", items=[1, [2, [3]], []]) == [1, 2, [3]]
    assert await pub("list:concat", lists=[[1], [], [[2]]]) == [1, [2]]
    assert list(await pub("list:index", items=PEOPLE, by="name")) == ["Cy", "Ada", "Bo", "Di"]


async def test_lists_are_joined_as_tables_are(pub) -> None:
    orders = [{"id": 1, "customer": "a"}, {"id": 2, "customer": "b"}, {"id": 3, "customer": "x"}]
    customers = [{"key": "a", "name": "Ada"}, {"key": "b", "name": "Bo"}, {"key": "b", "name": "Bob"}]
    given = {"left": orders, "right": customers, "on": "customer", "right_on": "key"}
    inner = await pub("list:join", **given)
    assert [(each["id"], each["name"]) for each in inner] == [(1, "Ada"), (2, "Bo"), (2, "Bob")]
    assert (await pub("list:join", **given, kind="left"))[-1] == orders[2]
    nested = await pub("list:join", **given, kind="left", into="who")
    assert [names(each["who"]) for each in nested] == [["Ada"], ["Bo", "Bob"], []]
    assert orders[0] == {"id": 1, "customer": "a"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("chunk", {"items": [1], "size": 0}),
        ("page", {"items": [1], "offset": -1}),
        ("group", {"items": [1], "by": []}),
        ("index", {"items": [{"a": None}], "by": "a"}),
        ("flatten", {"items": [[1] * 1000] * 1000}),
        ("join", {"left": [{"a": 1}] * 1000, "right": [{"a": 1}] * 1000, "on": "a"}),
        ("join", {"left": [1], "right": [], "on": "a"}),
    ],
)
async def test_what_cannot_be_done_is_refused(refused, name, arguments) -> None:
    await refused(f"list:{name}", **arguments)
