"""The versions of services' texts: every save is one, the newest of each service are kept."""

from typing import Final

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction

OF_A_SERVICE: Final = 500
"""So many are kept of each service."""
_LINE: Final = "id, service, file, at, actor, note"


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its text.

    file: below the packages' folder. at: seconds since the epoch. actor: who saved it; "": it was found on the disk.
    """

    id: str
    service: str
    file: str
    at: int
    actor: str
    note: str


class Version(VersionLine, frozen=True, kw_only=True):
    """A version with its text."""

    text: str


def add(transaction: Transaction, version: Version) -> None:
    """Keep a version, and let go of the oldest when there are too many of its service."""
    transaction.execute(
        f"INSERT INTO service_versions ({_LINE}, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (version.id, version.service, version.file, version.at, version.actor, version.note, version.text),
    )
    transaction.execute(
        "DELETE FROM service_versions WHERE service = ? AND id <"
        " (SELECT min(id) FROM (SELECT id FROM service_versions WHERE service = ? ORDER BY id DESC LIMIT ?) newest)",
        (version.service, version.service, OF_A_SERVICE),
    )


def page(transaction: Transaction, service: str, *, before: str = "", limit: int = 50) -> list[VersionLine]:
    """Up to `limit` versions of a service, the newest first; those with ids before `before`."""
    earlier = " AND id < ?" if before else ""
    found = transaction.rows(
        f"SELECT {_LINE} FROM service_versions WHERE service = ?{earlier} ORDER BY id DESC LIMIT ?",
        (service, before, limit) if before else (service, limit),
    )
    return [_line(row) for row in found]


def find(transaction: Transaction, service: str, id_: str) -> Version | None:
    """The version of that id, if it is of that service."""
    row = transaction.row(
        f"SELECT {_LINE}, text FROM service_versions WHERE id = ? AND service = ?", (id_, service)
    )  # fmt: skip
    return _version(row) if row else None


def newest(transaction: Transaction, service: str) -> Version | None:
    """The last version of a service, or None when it has none."""
    row = transaction.row(
        f"SELECT {_LINE}, text FROM service_versions WHERE service = ? ORDER BY id DESC LIMIT 1", (service,)
    )
    return _version(row) if row else None


def services(transaction: Transaction) -> set[str]:
    """The services that have versions."""
    return {row[0] for row in transaction.rows("SELECT DISTINCT service FROM service_versions")}


def remove(transaction: Transaction, id_: str) -> None:
    """Let go of a version."""
    transaction.execute("DELETE FROM service_versions WHERE id = ?", (id_,))


def move(transaction: Transaction, service: str, to: str) -> None:
    """Give a service's versions and examples to its new name."""
    for table in ("service_versions", "service_examples"):
        transaction.execute(f"DELETE FROM {table} WHERE service = ?", (to,))
        transaction.execute(f"UPDATE {table} SET service = ? WHERE service = ?", (to, service))


def examples(transaction: Transaction, service: str) -> dict[str, str]:
    """The inputs kept to try a service with: name to JSON text."""
    found = transaction.rows("SELECT name, input FROM service_examples WHERE service = ? ORDER BY name", (service,))
    return {row[0]: row[1] for row in found}


def save_example(transaction: Transaction, service: str, name: str, given: str) -> None:
    """Keep an input, in place of the former one of that name."""
    transaction.execute(
        "INSERT INTO service_examples (service, name, input) VALUES (?, ?, ?)"
        " ON CONFLICT (service, name) DO UPDATE SET input = excluded.input",
        (service, name, given),
    )


def delete_example(transaction: Transaction, service: str, name: str) -> bool:
    """Let go of an input; whether it was there."""
    return (
        transaction.execute("DELETE FROM service_examples WHERE service = ? AND name = ?", (service, name)) == 1
    )  # fmt: skip


def _line(row: Row) -> VersionLine:
    return VersionLine(id=row[0], service=row[1], file=row[2], at=row[3], actor=row[4], note=row[5])


def _version(row: Row) -> Version:
    return Version(id=row[0], service=row[1], file=row[2], at=row[3], actor=row[4], note=row[5], text=row[6])
