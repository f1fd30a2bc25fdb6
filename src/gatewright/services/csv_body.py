"""Bodies in CSV (RFC 4180): rows with a header, of services that take or give lists of flat objects."""

import csv
import io
from typing import Any
from typing import Final

import msgspec

from gatewright.services.errors import ServiceError
from gatewright.services.schema import Schema
from gatewright.services.schema import from_text
from gatewright.services.schema import properties
from gatewright.services.schema import resolve
from gatewright.services.schema import types

_MOST_ROWS: Final = 1_000_000
_LONGEST_FIELD: Final = 1_000_000


def row_schema(schema: Schema | None) -> Schema | None:
    """The schema of a row, when a schema is a list of objects; else None."""
    return _row_schema(schema, schema) if schema else None


def _row_schema(schema: Schema, root: Schema) -> Schema | None:
    schema = resolve(schema, root)
    items = schema.get("items")
    if types(schema, root) != {"array"} or not isinstance(items, dict):
        return None
    items = resolve(items, root)
    return items if types(items, root) == {"object"} else None


def rows_input(schema: Schema | None) -> str | None:
    """The name of the input that rows stand for: the only one that is a list of objects."""
    found = [name for name, each in properties(schema).items() if _row_schema(each, schema or {}) is not None]
    return found[0] if len(found) == 1 else None


def written(rows: object, schema: Schema | None) -> bytes:
    """Rows under a header: the names of their members as they come, then those the schema has. Texts as they are, else JSON."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ServiceError(500, "The output is no list of objects")
    columns: dict[str, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row)
    columns |= dict.fromkeys(properties(row_schema(schema)))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def read(body: bytes, schema: Schema | None) -> dict[str, Any]:
    """The input that holds the rows of a body. Raises ServiceError 400, 415 when the service takes none."""
    name = rows_input(schema)
    if name is None or schema is None:
        raise ServiceError(415, detail="this service takes no rows; send JSON")
    own = _row_schema(properties(schema)[name], schema) or {}
    known = properties(own)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("it is not UTF-8") from None
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, object]] = []
    try:
        header = next(reader, [])
        if len(set(header)) != len(header):
            raise _unreadable("a column is named twice")
        for fields in reader:
            if fields:
                rows.append(_row(header, fields, known, schema, reader.line_num))
            if len(rows) > _MOST_ROWS:
                raise _unreadable(f"it has more than {_MOST_ROWS} rows")
    except csv.Error as error:
        raise _unreadable(f"line {reader.line_num}: {error}") from None
    return {name: rows}


def _row(header: list[str], fields: list[str], known: dict[str, Schema], root: Schema, line: int) -> dict[str, object]:
    """An empty field of a column that holds no texts is left out."""
    if len(fields) != len(header):
        raise _unreadable(f"line {line} has {len(fields)} fields, the header {len(header)}")
    return {
        name: from_text(text, known.get(name, {}), root)
        for name, text in zip(header, fields, strict=True)
        if text or "string" in types(known.get(name, {"type": "string"}), root)
    }


def _unreadable(reason: str) -> ServiceError:
    return ServiceError(400, "The body cannot be read", f"it is not CSV: {reason}")
