"""JSON Schemas, compiled once; nothing is fetched and no pattern can run away."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from gatewright.flow.errors import standard_error

_MOST_ERRORS = 20
_DRAFTS = {
    "json": None,
    "json:draft-07": "http://json-schema.org/draft-07/schema#",
    "json:2019-09": "https://json-schema.org/draft/2019-09/schema",
    "json:2020-12": "https://json-schema.org/draft/2020-12/schema",
}

Check = Callable[[Any], None]


class SchemaProblem(Exception):
    """A schema that cannot be compiled; `path` leads to the part that is wrong."""

    def __init__(self, message: str, path: list[str | int]) -> None:
        super().__init__(message)
        self.message, self.path = message, path


def compile_schema(document: dict[str, Any], what: str, draft: str = "json") -> Check:
    """A function that raises a validation error naming `what` for a value that does not fit. Raises SchemaProblem."""
    dialect = _DRAFTS[draft]
    if dialect is not None and "$schema" not in document:
        document = {"$schema": dialect, **document}
    try:
        validator = jsonschema_rs.validator_for(
            document, offline=True, pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000)
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        message = str(getattr(error, "message", error)).splitlines()[0]
        raise SchemaProblem(message, list(getattr(error, "instance_path", []))) from None

    def check(value: Any) -> None:
        if not validator.is_valid(value):
            raise _refusal(validator, value, what)

    return check


def _refusal(validator: Any, value: Any, what: str) -> Exception:
    found = []
    for error in validator.iter_errors(value):
        pointer = "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in error.instance_path)
        found.append({"pointer": pointer, "message": error.message})
        if len(found) == _MOST_ERRORS:
            break
    first = found[0]
    where = f" at {first['pointer']}" if first["pointer"] else ""
    return standard_error("validation", f"{what}{where}: {first['message']}", extensions={"errors": found})
