import asyncio
import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.builtin import xml_
from gatewright.services.errors import ServiceError

ORDER = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- made by hand -->
<o:order xmlns:o="urn:orders" id="7"><o:line sku="a">2</o:line><o:line sku="b">1</o:line><note>a <b>bold</b> word</note><empty/></o:order>"""
PARSED = {
    "o:order": {
        "@xmlns:o": "urn:orders",
        "@id": "7",
        "o:line": [{"@sku": "a", "#text": "2"}, {"@sku": "b", "#text": "1"}],
        "note": {"b": "bold", "#text": "a  word"},
        "empty": "",
    }
}
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><lolz>&j;</lolz>"
)


async def test_a_document_becomes_its_plain_form_and_back(pub) -> None:
    assert await pub("xml:parse", text=ORDER) == PARSED
    again = await pub("xml:serialise", value=PARSED)
    assert again.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<o:order xmlns:o="urn:orders" id="7">')
    assert await pub("xml:parse", text=again) == PARSED


async def test_prefixes_can_be_dropped_and_lists_be_certain(pub) -> None:
    parsed = await pub("xml:parse", text=ORDER, prefixes=False, lists=["empty"])
    assert parsed["order"]["line"][1] == {"@sku": "b", "#text": "1"}
    assert (parsed["order"]["empty"], "@xmlns:o" in parsed["order"]) == ([""], False)


async def test_default_namespaces_survive(pub) -> None:
    text = '<a xmlns="urn:x" xml:lang="de"><b c="1"/></a>'
    parsed = await pub("xml:parse", text=text)
    assert parsed == {"a": {"@xmlns": "urn:x", "@xml:lang": "de", "b": {"@c": "1"}}}
    assert await pub("xml:serialise", value=parsed, declaration=False) == text


async def test_values_are_escaped_when_they_are_written(pub) -> None:
    text = await pub("xml:serialise", value={"a": {"@b": '<"&', "c": ["<&>", None, True, 5]}}, declaration=False)
    assert text == '<a b="&lt;&quot;&amp;"><c>&lt;&amp;&gt;</c><c></c><c>true</c><c>5</c></a>'
    assert (
        await pub("xml:serialise", value={"a": {"b": "1"}}, declaration=False, indent=True) == "<a>\n  <b>1</b>\n</a>"
    )


async def test_xpath_gives_elements_texts_and_numbers(pub) -> None:
    names = {"x": "urn:orders"}
    assert await pub("xml:xpath", text=ORDER, path="//x:line", namespaces=names) == [
        {"@sku": "a", "#text": "2"},
        {"@sku": "b", "#text": "1"},
    ]
    assert await pub("xml:xpath", text=ORDER, path="//x:line/@sku", namespaces=names) == ["a", "b"]
    assert await pub("xml:xpath", text=ORDER, path="sum(//x:line)", namespaces=names) == [3.0]
    assert await pub("xml:xpath", text=ORDER, path="//nothing") == []


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a b="&x;"/>',
        '<?\u0132?><!DOCTYPE a [<!ENTITY x "root:"><!ENTITY y "&x;&x;">]><a b="&y;"/>',
        '\ufeff<?xml version="1.0"?>\n<!-- <a> --><?pi <a> ?><!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>',
    ],
)
async def test_documents_with_a_dtd_are_refused_before_anything_is_expanded_or_read(refused, text) -> None:
    began = time.process_time()
    for service in ("parse", "xpath"):
        error = await refused(f"xml:{service}", text=text, **({"path": "/"} if service == "xpath" else {}))
        assert "DTD" in error.detail
        assert "root:" not in str(error.problem())
    assert time.process_time() - began < 1


async def test_other_requests_go_on_while_an_expression_is_costly(pub) -> None:
    text, turns = f"<r>{'<a/>' * 10_000}</r>", 0
    asked = asyncio.ensure_future(pub("xml:xpath", text=text, path="count(//a[count(//a) = 0])"))
    while not asked.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await asked == [0.0]
    assert turns > 3


async def test_namespaces_without_number_are_refused(pub, refused) -> None:
    """Each element would be held against all of them."""
    declared = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(101))
    assert "namespaces" in (await refused("xml:parse", text=f"<r {declared}><a/></r>", prefixes=False)).detail
    fewer = declared.partition(" xmlns:n100=")[0]
    assert (await pub("xml:parse", text=f"<r {fewer}><a/></r>"))["r"]["a"] == ""


async def test_the_word_doctype_in_a_text_is_no_dtd(pub) -> None:
    assert await pub("xml:parse", text="<a><![CDATA[<!DOCTYPE x>]]></a>") == {"a": "<!DOCTYPE x>"}


@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "text", "<a>&x;</a>", "<a b=1/>", "<a/><b/>", "<a>\x00</a>"])
async def test_what_is_no_xml_is_refused(refused, text) -> None:
    await refused("xml:parse", text=text)


async def test_what_is_nested_too_deeply_is_refused(refused) -> None:
    await refused("xml:parse", text="<a>" * 150 + "</a>" * 150)
    value: object = "x"
    for _ in range(150):
        value = {"a": value}
    await refused("xml:serialise", value=value)


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1, "b": 2}, {"a": [1]}, {"a b": 1}, {"a": {"@x y": 1}}, {"a": {"b": [[1]]}}, {"a": {"@b": {}}},
     {"a": "\x01"}, {"p:a": 1}, {"": 1}, {"<a": 1}, {"a": {"@b": "\x00"}}],
)  # fmt: skip
async def test_what_cannot_be_xml_is_refused(refused, value) -> None:
    await refused("xml:serialise", value=value)


@pytest.mark.parametrize("path", ["//[", "foo(", "//x:a", "$v", "document('http://127.0.0.1:9/')", ""])
async def test_an_expression_that_cannot_be_used_is_refused(refused, path) -> None:
    await refused("xml:xpath", text="<a/>", path=path)


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=6)


@given(st.recursive(TEXTS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=10))
def test_any_plain_object_survives_writing_and_reading(value) -> None:
    text = xml_.serialise({"root": value})
    assert xml_.parse(text) == {"root": value}


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text) -> None:
    with contextlib.suppress(ServiceError):
        assert len(xml_.parse(text)) == 1
