"""Between records and columns: JSON documents and space-separated scopes."""

from collections.abc import Sequence

import msgspec

from gatewright.store.database import Row


def to_json(value: object) -> str:
    """Compact JSON text of a struct or plain value."""
    return msgspec.json.encode(value).decode()


def scope_text(scope: Sequence[str]) -> str:
    """Scopes as RFC 6749 §3.3 writes them: separated by single spaces."""
    return " ".join(scope)


def scope_names(text: str) -> tuple[str, ...]:
    """The scopes of a stored scope text."""
    return tuple(text.split())


def resource_text(resource: Sequence[str]) -> str | None:
    """Resource indicators (RFC 8707 §2), which hold no space, separated by single spaces; None for none."""
    return " ".join(resource) or None


def resource_names(text: str | None) -> tuple[str, ...]:
    """The resource indicators of a stored text."""
    return tuple(text.split()) if text else ()


def marks(values: Sequence[object]) -> str:
    """As many parameter marks as there are values, for `IN (…)`."""
    return ", ".join("?" * len(values))


def containing(search: str) -> str:
    """The LIKE pattern, with `ESCAPE '!'`, of texts that contain `search`; the empty search matches all."""
    literal = search.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{literal}%"


def names(rows: Sequence[Row]) -> tuple[str, ...]:
    """The first column of each row."""
    return tuple(str(row[0]) for row in rows)
