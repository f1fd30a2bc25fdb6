"""Operations of an upstream's document under another name, or taken out; the rest of the text stays as it is."""

from gatewright.kernel import yaml
from gatewright.services.errors import FileProblem
from gatewright.services.upstream import parse_upstream

_BY_HAND = "its operations are written so that it has to be done by hand, in the file"


def operation_renamed(text: str, name: str, to: str) -> str:
    """The document with an operation under another name. Raises ValueError where the text has to be changed by hand."""
    line, column = yaml.load(text).key_place(_pointer(name))
    lines = text.split("\n")
    before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
    at = after.find(name)
    lines[line - 1] = before + after[:at] + to + after[at + len(name) :]
    changed = "\n".join(lines)
    expected = [to if each == name else each for each in _operations(text)]
    if at not in (0, 1) or _operations(changed) != expected:
        raise ValueError(_BY_HAND)
    return changed


def without_operation(text: str, name: str) -> str:
    """The document without an operation. Raises ValueError where the text has to be changed by hand.

    Not for the last one: a document without operations is the whole API.
    """
    line, column = yaml.load(text).key_place(_pointer(name))
    lines = text.split("\n")
    after = line
    while after < len(lines) and (not lines[after].strip() or _indent(lines[after]) >= column):
        after += 1
    while not lines[after - 1].strip() and after > line:
        after -= 1  # what is empty above the next one stays
    is_alone = not lines[line - 1][: column - 1].strip()
    changed = "\n".join(lines[: line - 1] + lines[after:])
    expected = [each for each in _operations(text) if each != name]
    if not is_alone or not expected or _operations(changed) != expected:
        raise ValueError(_BY_HAND)
    return changed


def _pointer(name: str) -> str:
    return f"/operations/{name}"  # a service's name has nothing to escape


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _operations(text: str) -> list[str]:
    try:
        return list(parse_upstream(text, "").operations)
    except FileProblem:
        return []
