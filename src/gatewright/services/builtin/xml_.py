"""XML: parsed to a plain form, written from it, and asked by XPath. Documents with a DTD are refused; nothing is fetched.

The form: an element without attributes and children is its text; any other an object with `@name` for attributes,
its children by their names (a list where a name occurs more than once) and `#text` for text beside them. The whole
document is an object with the root element's name. Names keep the prefixes they are written with, and declarations
of namespaces are attributes (`@xmlns:soap`), so that what was parsed can be written again.
"""

from typing import TYPE_CHECKING
from typing import Any
from xml.parsers import expat

from gatewright.flow.turns import breathe
from gatewright.kernel.lazily import Lazily
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import MOST_ITEMS
from gatewright.services.builtin.refusals import bounded
from gatewright.services.builtin.refusals import few
from gatewright.services.builtin.refusals import refusal

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = Lazily("lxml.etree")

_DEEPEST = 100
_MOST_NAMESPACES = 100  # in force at one element: they are looked through at each
_LONGEST_PATH = 2_000
_DTD = "a document with a DTD is refused: it could define entities without end"
_XML = "http://www.w3.org/XML/1998/namespace"


@service(inline=True)
def parse(text: str, lists: list[str] = [], prefixes: bool = True) -> dict[str, Any]:  # noqa: B006  never changed
    """A document as a plain object.

    lists: names of elements that are always lists, even when there is one. prefixes: false drops namespace prefixes and
    declarations.
    """
    root = _parsed(text)
    return {_name(root, prefixes): _value(root, frozenset(lists), prefixes, 1)}


@service(inline=True)
def serialise(value: dict[str, Any], declaration: bool = True, indent: bool = False) -> str:
    """The document that an object in the form of `parse` says: one member, the root element."""
    if len(value) != 1:
        raise refusal("a document has one root element: give an object with one member")
    name, content = next(iter(value.items()))
    if isinstance(content, list):
        raise refusal("the root element cannot be a list")
    root = _element(name, content, {"xml": _XML}, 1)
    if indent:
        etree.indent(root)
    text: str = etree.tostring(root, encoding="unicode")
    return bounded(('<?xml version="1.0" encoding="UTF-8"?>\n' if declaration else "") + text)


@service  # in a thread: what an expression costs may grow with the cube of the text, and nothing bounds it
def xpath(text: str, path: str, namespaces: dict[str, str] = {}) -> list[Any]:  # noqa: B006  never changed
    """What an XPath 1.0 expression gives: elements in the form of `parse`, attributes and texts as texts; always a list.

    namespaces: the addresses of the prefixes that the expression uses.
    """
    if len(path) > _LONGEST_PATH:
        raise refusal(f"an expression has at most {_LONGEST_PATH} characters")
    try:
        found = _parsed(text).getroottree().xpath(path, namespaces=namespaces, smart_strings=False)
    except (etree.XPathError, TypeError, ValueError) as error:
        raise refusal(f"the expression cannot be used: {error}") from None
    items = found if isinstance(found, list) else [found]
    few(items)
    return [_value(each, frozenset(), True, 1) if isinstance(each, etree._Element) else each for each in items]


def _parsed(text: str) -> Any:
    _refuse_doctype(text)
    # lxml takes no text that names an encoding, and bytes by the encoding they are told to be in.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise refusal(f"the text is no XML: {error}") from None
    information: Any = root.getroottree().docinfo
    if information.doctype:  # expat stops at names that only later editions of XML know, and sees none after them
        raise refusal(_DTD)
    return root


class _RootReached(Exception):
    """Nothing after the beginning of the root element can declare a document type."""


def _refuse_doctype(text: str) -> None:
    def doctype(*declared: object) -> None:
        raise refusal(_DTD)

    def begin(*element: object) -> None:
        raise _RootReached

    reader = expat.ParserCreate("utf-8")
    reader.StartDoctypeDeclHandler, reader.StartElementHandler = doctype, begin
    try:
        reader.Parse(text.encode("utf-8", "replace"), True)
    except (_RootReached, expat.ExpatError):
        return  # what is no XML is told by the parser proper


def _name(element: Any, prefixes: bool) -> str:
    local = str(etree.QName(element).localname)
    return f"{element.prefix}:{local}" if prefixes and element.prefix else local


def _value(element: Any, lists: frozenset[str], prefixes: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        raise refusal(f"the document is nested more than {_DEEPEST} levels deep")
    breathe()
    found: dict[str, Any] = _attributes(element, prefixes)
    texts = [element.text or ""]
    for child in element:
        texts.append(child.tail or "")
        if not isinstance(child.tag, str):
            continue
        name, value = _name(child, prefixes), _value(child, lists, prefixes, depth + 1)
        if name not in found:
            found[name] = [value] if name in lists else value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    text = "".join(texts)
    if not found:
        return text
    if text.strip():
        found["#text"] = text.strip()
    return found


def _attributes(element: Any, prefixes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    known = element.nsmap
    if len(known) > _MOST_NAMESPACES:
        raise refusal(f"more than {_MOST_NAMESPACES} namespaces are in force at the element {_name(element, True)!r}")
    if prefixes:
        outer = element.getparent().nsmap if element.getparent() is not None else {}
        for prefix, address in known.items():
            if outer.get(prefix) != address:
                found["@xmlns:" + prefix if prefix else "@xmlns"] = address
    shown = {address: prefix for prefix, address in known.items() if prefix} | {_XML: "xml"}
    for name, value in element.attrib.items():
        qualified = etree.QName(name)
        prefix = shown.get(qualified.namespace, "") if prefixes and qualified.namespace else ""
        found[f"@{prefix}:{qualified.localname}" if prefix else f"@{qualified.localname}"] = value
    return found


def _element(name: str, content: Any, known: dict[str | None, str], depth: int) -> Any:
    if depth > _DEEPEST:
        raise refusal(f"the value is nested more than {_DEEPEST} levels deep")
    breathe()
    members = content if isinstance(content, dict) else {}
    declared = {
        key.partition(":")[2] or None: str(value)
        for key, value in members.items()
        if key == "@xmlns" or key.startswith("@xmlns:")
    }
    known = {**known, **declared}
    try:
        element: Any = etree.Element(_qualified(name, known, default=True), nsmap=declared or None)  # type: ignore[arg-type]  # the stubs know no default namespace
        for key, value in members.items():
            _add(element, key, value, known, depth)
        if not isinstance(content, dict):
            element.text = _text(content)
    except ValueError as error:
        raise refusal(f"the element {name!r}: {error}") from None
    return element


def _add(element: Any, key: str, value: Any, known: dict[str | None, str], depth: int) -> None:
    if key == "#text":
        element.text = _text(value)
    elif key.startswith("@"):
        if key != "@xmlns" and not key.startswith("@xmlns:") and value is not None:
            element.set(_qualified(key[1:], known, default=False), _text(value))
    else:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, list):
                raise refusal(f"the element {key!r}: a list within a list cannot be written as XML")
            if len(element) >= MOST_ITEMS:
                raise refusal(f"an element has at most {MOST_ITEMS} children")
            element.append(_element(key, item, known, depth + 1))


def _qualified(name: str, known: dict[str | None, str], *, default: bool) -> str:
    prefix, colon, local = name.rpartition(":")
    if colon and prefix not in known:
        raise refusal(f"the prefix of {name!r} is not declared: add @xmlns:{prefix}")
    address = known.get(prefix) if colon else known.get(None) if default else None
    return f"{{{address}}}{local}" if address else local


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise refusal("an attribute or a text is a text, a number or a boolean")
    return str(value)
