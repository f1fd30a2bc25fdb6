import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.builtin import csv_
from gatewright.services.errors import ServiceError


async def test_rows_become_objects_by_the_first_row(pub) -> None:
    text = '\ufeffsku,name\r\na,"Tea, green"\r\n\r\nb,"say ""hi""\nthere"\r\n'
    assert await pub("csv:parse", text=text) == [
        {"sku": "a", "name": "Tea, green"},
        {"sku": "b", "name": 'say "hi"\nthere'},
    ]


async def test_names_delimiters_and_blanks_can_be_told(pub) -> None:
    assert await pub("csv:parse", text="1; 2 \n3;4", delimiter=";", header=False, trim=True) == [["1", "2"], ["3", "4"]]
    assert await pub("csv:parse", text="x;y\n1;2", delimiter=";", columns=["a", "b"]) == [{"a": "1", "b": "2"}]
    assert await pub("csv:parse", text="1;2", delimiter=";", header=False, columns=["a", "b"]) == [{"a": "1", "b": "2"}]
    assert await pub("csv:parse", text="") == []


async def test_header_of_very_many_columns_takes_time_in_proportion(pub) -> None:
    """Each name held against each other would take an hour."""
    header = ",".join(f"c{number}" for number in range(200_000))
    assert await pub("csv:parse", text=header) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1", "line 2 has 1 fields; 2 were expected"),
        ("a,a\n1,2", "more than once"),
        ('a\n"x', "line 2"),
        ('a\n"x"y', "line 2"),
    ],
)
async def test_what_is_no_csv_is_refused_with_its_line(refused, text, words) -> None:
    assert words in (await refused("csv:parse", text=text)).detail


@pytest.mark.parametrize("delimiter", ["", ";;", "\n", "\0"])
async def test_a_delimiter_is_one_character(refused, delimiter) -> None:
    await refused("csv:parse", text="a", delimiter=delimiter)


async def test_rows_are_written(pub, refused) -> None:
    rows = [{"a": 1, "b": 'x "y"'}, {"b": None, "c": True}]
    assert await pub("csv:serialise", rows=rows) == 'a,b\r\n1,"x ""y"""\r\n,\r\n'
    assert await pub("csv:serialise", rows=rows, columns=["c", "a"], line_end="\n", header=False) == ",1\ntrue,\n"
    assert await pub("csv:serialise", rows=[[1, 2]], delimiter="\t") == "1\t2\r\n"
    assert "row 1" in (await refused("csv:serialise", rows=[5])).detail
    assert "row 2" in (await refused("csv:serialise", rows=[[1], [{}]])).detail


async def test_formulas_are_guarded_when_asked_for(pub) -> None:
    rows = [["=1+1", "@x", "-5", -5, "plain"]]
    assert await pub("csv:serialise", rows=rows, guard_formulas=True) == "'=1+1,'@x,'-5,-5,plain\r\n"


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=2),
        min_size=1,
    )
)
def test_any_rows_survive_writing_and_reading(rows) -> None:
    rows = [["x", "y"], *rows]
    assert csv_.parse(csv_.serialise(rows, quote_all=True), header=False) == rows


@given(st.text())
def test_any_text_is_parsed_or_refused(text) -> None:
    with contextlib.suppress(ServiceError):
        assert all(isinstance(row, list) for row in csv_.parse(text, header=False))
