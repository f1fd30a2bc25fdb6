"""YAML as every file of Gatewright is read: the 1.2 core schema on libyaml, with the place of each node.

`on`, `no`, `yes` and `1:30` are strings (YAML 1.2.2 §10.3); what comes out is a plain JSON tree. Duplicate keys,
unknown tags, infinities and documents past the bounds are refused.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml


class Bounds(msgspec.Struct, frozen=True):
    """How large a document may be. `nodes` counts what aliases stand for, so a few lines cannot stand for millions."""

    characters: int = 2_000_000
    nodes: int = 200_000
    depth: int = 128


DEFAULT_BOUNDS = Bounds()


class YamlProblem(Exception):
    """A document that cannot be read; line and column count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line, self.column, self.message = line, column, message


class _Node:
    """A value with its place; `children` mirrors the value, `keys` holds the places of a mapping's keys."""

    __slots__ = ("children", "column", "depth", "key", "keys", "line", "size", "value")

    def __init__(self, value: Any, line: int, column: int) -> None:
        self.value, self.line, self.column = value, line, column
        self.children: dict[str, _Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}
        self.key: str | None = None  # a mapping's key that waits for its value
        self.size = 1
        self.depth = 1


class Document:
    """A parsed document: `value` is the plain JSON tree."""

    def __init__(self, root: _Node) -> None:
        self._root = root
        self.value: Any = root.value

    def place(self, pointer: str) -> tuple[int, int]:
        """Line and column, from 1, of the value at a JSON pointer (RFC 6901), or of its nearest ancestor."""
        return self._find(pointer)[0]

    def key_place(self, pointer: str) -> tuple[int, int]:
        """Line and column of the key that leads to the value at `pointer`; of the value itself inside a list."""
        return self._find(pointer)[1]

    def _find(self, pointer: str) -> tuple[tuple[int, int], tuple[int, int]]:
        node = self._root
        value = key = (node.line, node.column)
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            child = node.children.get(name)
            if child is None:
                break
            value = (child.line, child.column)
            key = node.keys.get(name, value)
            node = child
        return value, key


def load(text: str, bounds: Bounds = DEFAULT_BOUNDS) -> Document:
    """Read one document. Raises YamlProblem; an empty text is the value None."""
    if len(text) > bounds.characters:
        raise YamlProblem(1, 1, f"the document is longer than {bounds.characters} characters")
    try:
        return Document(_Builder(bounds).build(yaml.parse(text, Loader=yaml.CSafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlProblem(line, column, str(error.problem or error.context)) from None
    except yaml.reader.ReaderError as error:
        raise YamlProblem(*_place_of_offset(text, error.position), str(error.reason)) from None
    except UnicodeEncodeError as error:
        raise YamlProblem(*_place_of_offset(text, error.start), "a lone surrogate is not a character") from None


def _place_of_offset(text: str, offset: int) -> tuple[int, int]:
    before = text[: max(offset, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _Builder:
    """Builds the tree from libyaml's events, without recursion, so that no depth of input can exhaust the stack."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._stack: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._pending: list[str | None] = []  # the anchors of the containers on the stack
        self._count = 0
        self._root: _Node | None = None

    def build(self, events: Iterator[Any]) -> _Node:
        for event in events:
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line, column)
            elif isinstance(event, yaml.MappingStartEvent):
                self._open(event, _Node({}, line, column), "tag:yaml.org,2002:map")
            elif isinstance(event, yaml.SequenceStartEvent):
                self._open(event, _Node([], line, column), "tag:yaml.org,2002:seq")
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, line, column)
            elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
                raise YamlProblem(line, column, "only one document is expected here")
        return self._root or _Node(None, 1, 1)

    def _open(self, event: Any, node: _Node, tag: str) -> None:
        if event.tag not in (None, "!", tag):
            raise YamlProblem(node.line, node.column, f"the tag {event.tag} is not supported")
        self._refuse_as_key(node)
        self._charge(node, 1, len(self._stack) + 1)
        self._stack.append(node)
        self._pending.append(event.anchor)

    def _close(self) -> None:
        node, anchor = self._stack.pop(), self._pending.pop()
        if anchor is not None:
            self._anchors[anchor] = node
        self._attach(node)

    def _scalar(self, event: Any, line: int, column: int) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._key(parent, event, line, column)
            return
        node = _Node(_scalar_value(event, line, column), line, column)
        self._charge(node, 1, len(self._stack) + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._attach(node)

    def _key(self, parent: _Node, event: Any, line: int, column: int) -> None:
        key = event.value
        if key in parent.value:
            first = parent.keys[key][0]
            raise YamlProblem(line, column, f"the key {key!r} is already given in line {first}")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Node(key, line, column)
        parent.key = key
        parent.keys[key] = (line, column)

    def _alias(self, event: Any, line: int, column: int) -> None:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise YamlProblem(line, column, f"*{event.anchor} names no anchor that is complete before it")
        node = _Node(target.value, line, column)
        node.children, node.keys, node.size, node.depth = target.children, target.keys, target.size, target.depth
        self._refuse_as_key(node)
        self._charge(node, node.size, len(self._stack) + node.depth)
        self._attach(node)

    def _attach(self, node: _Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if isinstance(parent.value, list):
            parent.children[str(len(parent.value))] = node
            parent.value.append(node.value)
        elif parent.key is not None:
            parent.children[parent.key] = node
            parent.value[parent.key] = node.value
            parent.key = None

    def _refuse_as_key(self, node: _Node) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            raise YamlProblem(node.line, node.column, "a key must be written out as plain text")

    def _charge(self, node: _Node, size: int, depth: int) -> None:
        self._count += size
        if self._count > self._bounds.nodes:
            raise YamlProblem(node.line, node.column, f"the document stands for more than {self._bounds.nodes} values")
        if depth > self._bounds.depth:
            raise YamlProblem(node.line, node.column, f"the document is nested deeper than {self._bounds.depth} levels")


_TAG = "tag:yaml.org,2002:"
_NULL = frozenset(["", "~", "null", "Null", "NULL"])
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_LONGEST_NUMBER = 400


def _scalar_value(event: Any, line: int, column: int) -> Any:
    """The value of a scalar by the core schema (YAML 1.2.2 §10.3.2), or by its explicit tag."""
    text, tag = event.value, event.tag
    if tag is None:
        return text if event.style else _resolve(text, line, column)
    if tag in ("!", _TAG + "str"):
        return text
    value = _resolve(text, line, column)
    if tag == _TAG + "float" and type(value) is int:
        return float(value)
    expected = {"null": type(None), "bool": bool, "int": int, "float": float}.get(tag.removeprefix(_TAG))
    if not tag.startswith(_TAG) or expected is None:
        raise YamlProblem(line, column, f"the tag {tag} is not supported")
    if type(value) is not expected:
        raise YamlProblem(line, column, f"{text!r} is no {tag.removeprefix(_TAG)}")
    return value


def _resolve(text: str, line: int, column: int) -> Any:
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.match(text):
        _bound_number(text, line, column)
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.match(text):
        _bound_number(text, line, column)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise YamlProblem(line, column, f"the number {text} is too large")
        return value
    if _NOT_JSON.match(text):
        raise YamlProblem(line, column, f"{text} cannot be said in JSON; write it in quotes if the text is meant")
    return text


def _bound_number(text: str, line: int, column: int) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise YamlProblem(line, column, f"a number has at most {_LONGEST_NUMBER} digits")
