"""The first text of a new service: an empty flow, one that calls a service or a described API, an upstream, Python."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final

import yaml

from gatewright.flow.openapi.document import Document
from gatewright.services.catalogue import Service
from gatewright.services.scan import FLOW

_HEAD: Final = """\
document:
  dsl: '1.0.3'
  namespace: {folder}
  name: {name}
  version: '1.0.0'
  title: {title}
  summary: {summary}
"""
_EMPTY: Final = """\
input:
  schema:
    document:
      type: object
      properties:
        name: {type: string, examples: [Ada]}
      required: [name]
do:
  - greet:
      set:
        greeting: '${ "Hello, \\(.name)" }'
"""
_PYTHON: Final = '''\
"""Say here what these services are for."""

from gatewright.services import service


@service
def {name}(name: str) -> dict[str, str]:
    """{title}: say here what it gives, and for whom."""
    return {{"greeting": f"Hello, {{name}}"}}
'''
_UPSTREAM: Final = """\
# An existing HTTP API behind the guard. Put a URL template in package.yaml to give it an address of its own.
{document}
# caller: {{as: header}}              tells the API who calls, by a token that this server signs
# authentication: {{use: NAME}}       sends the credentials of a connection of that name
# headers: {{send: [X-Tenant]}}       lets a further header of the caller's pass
# time: {{connect: 5, first_byte: 30, total: 300}}
"""
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def label(name: str) -> str:
    """A name as the flow language takes it in `document`: letters, digits and hyphens."""
    return name.replace(".", "-").replace("_", "-").strip("-")[:63].rstrip("-") or "flow"


def empty_flow(name: str) -> str:
    """A flow that greets."""
    return _head(name, "Say here what it gives, and for whom.") + _EMPTY


def flow_that_calls(name: str, service: Service) -> str:
    """A flow that takes what a service takes, and hands it on."""
    schema = dict(service.input_schema) if service.input_schema else {"type": "object"}
    step = {"call": service.name, "with": _arguments(schema)}
    return _head(name, f"Calls {service.name}.") + _input(schema) + _steps(service.name.partition(":")[2], step)


def flow_of_operation(name: str, document: Document, operation: str, address: str) -> str:
    """A flow that takes what an operation takes, and calls it. address: of the document; "" when there is none to fetch.

    Raises FlowError for an operation that is not there or cannot be called.
    """
    schema = document.inputs(operation)
    found = document.operation(operation)
    arguments = _arguments(schema)
    if address:
        given = {"document": {"endpoint": address}, "operationId": operation}
        step = {"call": "openapi", "with": given | ({"parameters": arguments} if arguments else {})}
    else:
        places = {parameter.name: parameter.place for parameter in found.parameters}
        parts: dict[str, Any] = {"method": found.method.lower(), "endpoint": found.address}
        for part, place in (("query", "query"), ("headers", "header")):
            if own := {key: value for key, value in arguments.items() if places.get(key) == place}:
                parts[part] = own
        if found.content is not None:
            body = {key: value for key, value in arguments.items() if key not in places}
            parts["body"] = body.get("body", body)
        step = {"call": "http", "with": parts}
    summary = next((text for id_, _, text in document.listed() if id_ == operation and text), f"Calls {operation}.")
    return _head(name, summary) + _input(schema) + _steps(operation, step)


def python_services(name: str) -> str:
    """A Python file with one service. name: its full name; its folder's last part is the file's name."""
    own = name.partition(":")[2]
    return _PYTHON.format(name=own, title=_title(own))


def upstream(name: str, base_url: str, method: str, path: str) -> str:
    """An upstream's document. name: the service's full name. path: of its one operation; "": it is the whole API."""
    own = name.partition(":")[2]
    words = {"title": _title(own), "description": "Say here what it gives, and for whom."}
    if path:
        said = {"base_url": base_url, "operations": {own: {"method": method, "path": path, **words}}}
    else:
        said = {"base_url": base_url, **words}
    return _UPSTREAM.format(document=_dumped(said).rstrip())


def upstream_file(package: str, name: str, path: str) -> str:
    """The file of an upstream, below the packages' folder; an operation's folder ends in its name."""
    whole = name.partition(":")[0] if path else name.replace(":", ".")
    return f"{package}/services/{whole.replace('.', '/')}.upstream.yaml"


def flow_file(package: str, name: str) -> str:
    """The file of a flow service, below the packages' folder."""
    return service_file(package, name, FLOW)


def service_file(package: str, name: str, suffix: str) -> str:
    """The file of a service that has one to itself, below the packages' folder. suffix: its kind's, such as `.flow.yaml`."""
    folder, _, own = name.partition(":")
    return f"{package}/services/{folder.replace('.', '/')}/{own}{suffix}"


def python_file(package: str, name: str) -> str:
    """The Python file that a service `folder.module:function` is in, below the packages' folder."""
    return f"{package}/services/{name.partition(':')[0].replace('.', '/')}.py"


def _head(name: str, summary: str) -> str:
    folder, _, own = name.partition(":")
    return _HEAD.format(folder=label(folder), name=label(own), title=_title(own), summary=_dumped(summary).strip())


def _title(own: str) -> str:
    return own.replace("_", " ").replace("-", " ").strip().capitalize() or own


def _input(schema: Mapping[str, Any]) -> str:
    return _dumped({"input": {"schema": {"document": dict(schema)}}})


def _steps(name: str, task: Mapping[str, Any]) -> str:
    step = re.sub(r"[^A-Za-z0-9_-]", "_", name) or "step"
    lines = _dumped({step: dict(task)}).splitlines()
    return "do:\n" + "".join(f"  {'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def _arguments(schema: Mapping[str, Any]) -> dict[str, str]:
    properties: Iterable[str] = schema.get("properties") or ()
    return {key: "${ ." + (key if _WORD.match(key) else f'"{key}"') + " }" for key in properties}


def _dumped(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    return text.removesuffix("...\n")
