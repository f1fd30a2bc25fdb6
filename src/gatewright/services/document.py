"""Typed reading of YAML files: a frozen struct or a problem with file, line, column and what was expected."""

import re
from typing import TypeVar

import msgspec

from gatewright.kernel import yaml
from gatewright.services.errors import FileProblem

T = TypeVar("T")

_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`\Z")


def read(text: str, type_: type[T], file: str) -> T:
    """Read `text` as a `type_`. Raises FileProblem that names `file`, the place and what was expected there."""
    return read_placed(text, type_, file)[0]


def read_placed(text: str, type_: type[T], file: str) -> tuple[T, yaml.Document]:
    """Like `read`, with the document, which knows each value's place."""
    try:
        document = yaml.load(text)
    except yaml.YamlProblem as problem:
        raise FileProblem(file, problem.line, problem.column, problem.message) from None
    try:
        return msgspec.convert(document.value, type_), document
    except msgspec.ValidationError as error:
        line, column, message = _explain(str(error), document)
        raise FileProblem(file, line, column, message) from None


def _explain(error: str, document: yaml.Document) -> tuple[int, int, str]:
    match = _MESSAGE.match(error)
    what, path = (match["what"], match["path"] or "$") if match else (error, "$")
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(path[1:]) if name or index)
    unknown = _UNKNOWN.match(what)
    if unknown is None:
        return *document.place(pointer), f"{what} at {path}" if path != "$" else what
    return *document.key_place(f"{pointer}/{unknown[1]}"), f"unknown key {unknown[1]!r}"
