"""A new package: one flow, one Python file, a URL template and tests, which all work from the first moment."""

from pathlib import Path
from typing import Final

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.services.names import is_part

_FILES: Final = {
    "package.yaml": """\
name: {name}
version: 0.1.0
description: Say here what it is for.
url_templates:
  - {{template: "GET /{folder}/hello/{{name}}", service: "{folder}:hello"}}
# dependencies: {{Other: ">=1.0,<2"}}      # other packages and the versions that do
# requirements: ["pandas>=2,<3"]         # what its Python files import; checked, never installed
# allowed_hosts: [api.example.com]       # the only hosts its flows may call
# secrets: [api_key]                     # read as $secrets.api_key, from GATEWRIGHT_SECRET_API_KEY
""",
    "services/{folder}/hello.flow.yaml": """\
document:
  dsl: '1.0.3'
  namespace: {namespace}
  name: hello
  version: '1.0.0'
  title: Say hello
  summary: Greets somebody, by a Python function and a step of its own.
input:
  schema:
    document:
      type: object
      properties:
        name: {{type: string, minLength: 1, maxLength: 100, examples: [Ada]}}
      required: [name]
      additionalProperties: false
do:
  - greet:
      call: {folder}.words:greeting
      with: {{name: '${{ .name }}'}}
  - answer:
      set: {{greeting: '${{ .text }}', letters: '${{ .text | length }}'}}
""",
    "services/{folder}/hello.test.yaml": """\
# Run with: gatewright package test {name}
- name: a greeting names whom it greets
  input: {{name: Ada}}
  expect:
    output: {{greeting: "Hello, Ada!", letters: 11}}
- name: the letters are counted, whatever the greeting is
  input: {{name: Ada}}
  mocks:
    - {{service: "{folder}.words:greeting", output: {{text: "Hi"}}}}
  expect:
    contains: {{letters: 2}}
- name: nobody cannot be greeted
  input: {{name: ""}}
  expect:
    error: {{status: 400}}
""",
    "services/{folder}/words.py": '''\
"""Words that flows of this package use."""

import msgspec

from gatewright.services import service


class Greeting(msgspec.Struct):
    """What is said."""

    text: str


@service(inline=True)
def greeting(name: str) -> Greeting:
    """Greet somebody."""
    return Greeting(f"Hello, {{name}}!")
''',
    "services/{folder}/words.test.yaml": """\
- name: a greeting ends in joy
  service: {folder}.words:greeting
  input: {{name: Grace}}
  expect:
    that: ['.text | endswith("!")']
""",
}


def new_package(packages: Path, name: str) -> list[str]:
    """Make a package; gives its files, relative to its folder. Raises Invalid for a bad name, Conflict when it is there."""
    if not is_part(name):
        raise Invalid([FieldError("name", f"A package's name is letters, digits, _ and -, not {name!r}.")])
    root = packages / name
    if root.exists():
        raise Conflict(f"{root} is there already")
    folder = name.lower()
    words = {"name": name, "folder": folder, "namespace": folder.replace("_", "-").strip("-")}
    made = []
    for file, text in _FILES.items():
        path = root / file.format(**words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), encoding="utf-8")
        made.append(path.relative_to(root).as_posix())
    return made
