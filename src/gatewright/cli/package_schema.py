"""`gatewright package schema`: JSON Schemas of the files that people write, for their editors."""

from typing import Annotated
from typing import Any
from typing import Final
from typing import Literal

import msgspec
from cyclopts import Parameter

from gatewright.cli.output import print_json
from gatewright.services.package import Package
from gatewright.services.testing.cases import Entries

_TYPES: Final[dict[str, Any]] = {"package": Package, "test": Entries}


def schema(file: Annotated[Literal["package", "test"], Parameter(help="package.yaml or *.test.yaml.")], /) -> None:
    """Print the JSON Schema of package.yaml or of *.test.yaml, for completion and checking in an editor."""
    found = _with_plain_patterns(msgspec.json.schema(_TYPES[file]))
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | found)


def _with_plain_patterns(value: Any) -> Any:
    r"""Patterns as ECMA-262 writes them, which is what JSON Schema asks for: `$` where Python says `\Z`."""
    if isinstance(value, dict):
        return {
            name: inner.replace(r"\Z", "$")
            if name == "pattern" and isinstance(inner, str)
            else _with_plain_patterns(inner)
            for name, inner in value.items()
        }
    return [_with_plain_patterns(each) for each in value] if isinstance(value, list) else value
