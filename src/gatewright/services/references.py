"""Where a service is named: in flows, tests, URL templates, package.yaml's `http`, Python; and writing another name there."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import Literal

import msgspec

from gatewright.kernel import yaml
from gatewright.services.catalogue import Catalogue
from gatewright.services.names import folder_of
from gatewright.services.testing.files import files_of

Kind = Literal["flow", "test", "template", "http", "python"]
_MANIFEST = "package.yaml"
_TASK = re.compile(r"(?:/(?:do|try|branches)/\d+|\A/use/functions)/[^/]+\Z")
"""The pointers of tasks."""


class Reference(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One place that names a service. `file` is below the packages' folder; line and column count from 1.

    service: the flow that names it; "" elsewhere. what: the step, the test's name or the URL template.
    part: what stands there: the full name, its folder alone, or the name after it alone. Python is only read.
    """

    file: str
    line: int
    column: int
    kind: Kind
    what: str = ""
    service: str = ""
    part: Literal["whole", "folder", "name"] = "whole"


def references(packages: Path, catalogue: Catalogue, name: str) -> list[Reference]:
    """Every place that names the service, by file and line; a file that cannot be read is passed over."""
    found: list[Reference] = []
    for service in catalogue.services.values():
        if service.kind == "flow":
            found += _in_yaml(packages, service.file, name, "flow", service.name)
    for folder in catalogue.packages:
        if folder:
            found += _in_yaml(packages, f"{folder}/{_MANIFEST}", name, "template")
            found += _in_yaml(packages, f"{folder}/{_MANIFEST}", name, "http")
            for file in files_of(packages, folder):
                found += _in_yaml(packages, file, name, "test")
    for file in {service.file for service in catalogue.services.values() if service.kind == "python"}:
        found += _in_python(packages, file, name)
    return sorted(set(found))


def renamed(text: str, found: Iterable[Reference], old: str, new: str) -> str:
    """A file's text with another name at these places; the rest stays as it is."""
    lines = text.split("\n")
    for reference in sorted(found, reverse=True):
        line, start = lines[reference.line - 1], reference.column - 1
        former, other = _part(old, reference.part), _part(new, reference.part)
        at = line.find(former, start)
        if at < 0 and reference.kind == "template":  # it may be written folder/service there
            former, other = former.replace(":", "/"), other.replace(":", "/")
            at = line.find(former, start)
        if at >= 0:
            lines[reference.line - 1] = line[:at] + other + line[at + len(former) :]
    return "\n".join(lines)


def without_templates(text: str, name: str) -> str:
    """A `package.yaml` without the URL templates that lead to a service; what is written on one line with others stays."""
    document = yaml.load(text)
    lines = text.split("\n")
    for pointer, _, _ in reversed(list(_in_templates(document.value, name))):
        line, column = document.place(pointer.rpartition("/")[0])
        dash = lines[line - 1][: column - 1].rstrip()
        if dash.strip() != "-":
            continue
        after = line
        while after < len(lines) and (not lines[after].strip() or _indent(lines[after]) >= len(dash)):
            after += 1
        del lines[line - 1 : after]
    left = "\n".join(lines)
    value = yaml.load(left).value
    if isinstance(value, dict) and "url_templates" in value and value["url_templates"] is None:
        left = left.replace("url_templates:", "url_templates: []", 1)
    return left


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _part(name: str, part: str) -> str:
    return name if part == "whole" else folder_of(name) if part == "folder" else name.partition(":")[2]


def _in_yaml(packages: Path, file: str, name: str, kind: Kind, service: str = "") -> list[Reference]:
    try:
        text = (packages / file).read_text(encoding="utf-8")
        if name.partition(":")[2] not in text:
            return []  # most files: not worth reading closely
        document = yaml.load(text)
    except (OSError, UnicodeDecodeError, yaml.YamlProblem):
        return []
    walks = {"flow": _in_flow, "test": _in_tests, "template": _in_templates, "http": _in_http}
    found = []
    for pointer, what, part in walks[kind](document.value, name):
        line, column = document.key_place(pointer) if kind == "http" else document.place(pointer)
        found.append(
            Reference(file=file, line=line, column=column, kind=kind, what=what, service=service, part=part)
        )  # fmt: skip
    return found


Place = tuple[str, str, Literal["whole", "folder", "name"]]
"""The pointer, what it belongs to, and which part of the name stands there."""


def _in_flow(value: Any, name: str) -> Iterator[Place]:
    for pointer, node in _mappings(value):
        if not _TASK.search(pointer):
            continue  # data may look like a call
        step = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        if node.get("call") == name:
            yield f"{pointer}/call", step, "whole"
        run = node.get("run")
        workflow = run.get("workflow") if isinstance(run, dict) else None
        if isinstance(workflow, dict) and f"{workflow.get('namespace')}:{workflow.get('name')}" == name:
            yield f"{pointer}/run/workflow/namespace", step, "folder"
            yield f"{pointer}/run/workflow/name", step, "name"


def _in_tests(value: Any, name: str) -> Iterator[Place]:
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if not isinstance(entry, dict):
            continue
        what = str(entry.get("name", ""))
        if entry.get("service") == name:
            yield f"/{index}/service", what, "whole"
        mocks = entry.get("mocks")
        for at, mock in enumerate(mocks if isinstance(mocks, list) else []):
            if isinstance(mock, dict) and mock.get("service") == name:
                yield f"/{index}/mocks/{at}/service", what, "whole"


def _in_templates(value: Any, name: str) -> Iterator[Place]:
    templates = value.get("url_templates") if isinstance(value, dict) else None
    for index, entry in enumerate(templates if isinstance(templates, list) else []):
        if isinstance(entry, dict) and entry.get("service") in (name, name.replace(":", "/")):
            yield f"/url_templates/{index}/service", str(entry.get("template", "")), "whole"


def _in_http(value: Any, name: str) -> Iterator[Place]:
    said = value.get("http") if isinstance(value, dict) else None
    services = said.get("services") if isinstance(said, dict) else None
    if isinstance(services, dict) and name in services:
        yield f"/http/services/{name}", "http.services", "whole"


def _mappings(value: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping inside, with its pointer, without recursion."""
    waiting = [(pointer, value)]
    while waiting:
        at, node = waiting.pop()
        if isinstance(node, dict):
            yield at, node
            waiting += [(f"{at}/{key.replace('~', '~0').replace('/', '~1')}", item) for key, item in node.items()]
        elif isinstance(node, list):
            waiting += [(f"{at}/{index}", item) for index, item in enumerate(node)]


def _in_python(packages: Path, file: str, name: str) -> list[Reference]:
    try:
        lines = (packages / file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [
        Reference(file=file, line=number, column=line.index(name) + 1, kind="python", what=line.strip()[:120])
        for number, line in enumerate(lines, 1)
        if f'"{name}"' in line or f"'{name}'" in line
    ]
