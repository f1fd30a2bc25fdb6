"""Bodies in XML: JSON's values as elements, and elements as what a schema says they stand for.

An object's members are elements of their names, a list is an element repeated, null has the attribute `nil="true"`. A
name that XML cannot hold stands in `<entry name="…">`; a list that has no name of its own is `<item>` repeated.
Documents with a DTD are refused, so nothing is expanded or fetched.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from gatewright.kernel.lazily import Lazily
from gatewright.services.errors import ServiceError
from gatewright.services.schema import Schema
from gatewright.services.schema import from_text
from gatewright.services.schema import resolve
from gatewright.services.schema import types

if TYPE_CHECKING:
    from xml.sax import saxutils

    from lxml import etree
else:
    etree, saxutils = Lazily("lxml.etree"), Lazily("xml.sax.saxutils")

_NAME: Final = re.compile(r"(?!xml)[A-Za-z_][A-Za-z0-9_.-]*\Z", re.IGNORECASE)
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEPEST: Final = 100


def written(value: object) -> bytes:
    """A JSON value as a document whose root is `result`. Characters that XML cannot hold become U+FFFD."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(parts, "result", [value] if not isinstance(value, list) else [{"item": value}], 0)
    return "".join(parts).encode()


def _write(parts: list[str], name: str, values: list[Any], depth: int) -> None:
    if depth > _DEEPEST:
        raise ServiceError(500, "The output is nested too deeply for XML")
    opened, closed = (name, name) if _NAME.match(name) else (f"entry name={saxutils.quoteattr(_clean(name))}", "entry")
    for value in values:
        if value is None:
            parts.append(f'<{opened} nil="true"/>')
            continue
        parts.append(f"<{opened}>")
        if isinstance(value, dict):
            for key, each in value.items():
                _write(parts, key, each if isinstance(each, list) else [each], depth + 1)
        elif isinstance(value, list):
            _write(parts, "item", value, depth + 1)
        else:
            parts.append(saxutils.escape(_text(value)))
        parts.append(f"</{closed}>")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _clean(str(value))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def read(body: bytes, schema: Schema | None) -> object:
    """The value of a document's root by a schema. Raises ServiceError 400."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ServiceError(400, "The body cannot be read", f"it is not XML: {error}") from None
    information: Any = root.getroottree().docinfo
    if information.doctype:
        raise ServiceError(400, "The body cannot be read", "a document with a DTD is not taken")
    return _value(root, schema or {}, schema or {}, 0)


def _value(element: Any, schema: Schema, root: Schema, depth: int) -> object:
    if depth > _DEEPEST:
        raise ServiceError(400, "The body cannot be read", "the document is nested too deeply")
    if element.get("nil") in ("true", "1"):
        return None
    schema = resolve(schema, root)
    allowed = types(schema, root)
    if "array" in allowed:
        return [_value(child, _items(schema, root), root, depth + 1) for child in element]
    if len(element) == 0 and "object" not in allowed:
        return from_text(element.text or "", schema, root)
    return _object(element, schema, root, depth)


def _object(element: Any, schema: Schema, root: Schema, depth: int) -> dict[str, object]:
    if any(text and text.strip() for text in (element.text, *(child.tail for child in element))):
        where = etree.QName(element).localname
        raise ServiceError(400, "The body does not fit", f"<{where}> holds elements by the names of inputs, not text")
    found: dict[str, object] = {}
    properties = schema.get("properties")
    known: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
    for child in element:
        tag = etree.QName(child).localname
        name = child.get("name", tag) if tag == "entry" else tag
        own = resolve(known.get(name, {}), root)
        if "array" in types(own, root):
            listed = found.setdefault(name, [])
            assert isinstance(listed, list)
            listed.append(_value(child, _items(own, root), root, depth + 1))
            continue
        value = _value(child, own, root, depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list) and name not in known:
            found[name].append(value)  # type: ignore[attr-defined]
        elif name in known:
            raise ServiceError(400, "The input is ambiguous", f"{name!r} is given twice; give it once")
        else:
            found[name] = [found[name], value]
    return found


def _items(schema: Schema, root: Schema) -> Schema:
    items = schema.get("items")
    return resolve(items, root) if isinstance(items, dict) else {}
