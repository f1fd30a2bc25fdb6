"""Packages as many nodes share them: the files of each, and a number that grows with every change.

Only PostgreSQL has rows here, and only of packages that were saved, installed or removed through a node: those of one
machine are files and nothing else.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from gatewright.kernel.errors import Conflict
from gatewright.store.database import Transaction

KIND: Final = "package"
"""The kind of change that is announced."""


class Revision(msgspec.Struct, frozen=True):
    """Which state of a package is the newest; removed: there is none any more."""

    number: int
    removed: bool


def revisions(transaction: Transaction) -> dict[str, Revision]:
    """The newest revision of each package that is shared."""
    rows = transaction.rows("SELECT package, revision, removed FROM package_revisions ORDER BY package")
    return {row[0]: Revision(row[1], bool(row[2])) for row in rows}


def files(transaction: Transaction, package: str) -> dict[str, bytes]:
    """The files of a package: contents by paths below its folder."""
    rows = transaction.rows("SELECT path, content FROM package_files WHERE package = ? ORDER BY path", (package,))
    return {row[0]: bytes(row[1]) for row in rows}


def replace(transaction: Transaction, package: str, contents: Mapping[str, bytes], now: int, actor: str) -> None:
    """Make these the files of a package, all of them."""
    transaction.announce(KIND, package, now)
    _replace(transaction, package, contents)
    _count(transaction, package, now, actor, removed=False)


def change(
    transaction: Transaction,
    package: str,
    contents: Mapping[str, bytes | None],
    expected: Mapping[str, str],
    base: Mapping[str, bytes],
    now: int,
    actor: str,
) -> None:
    """Change some files of a package; None removes one.

    expected: by path the SHA-256, in hex, of what a file was changed from; "": it was not there. base: all files of the
    package, should it not be shared yet. Raises Conflict when another node changed one of them meanwhile.
    """
    transaction.announce(KIND, package, now)
    row = transaction.row("SELECT removed FROM package_revisions WHERE package = ?", (package,))
    if row is None or row[0]:
        _replace(transaction, package, base)
    for path, digest in expected.items():
        found = transaction.row("SELECT content FROM package_files WHERE package = ? AND path = ?", (package, path))
        if digest != ("" if found is None else hashlib.sha256(bytes(found[0])).hexdigest()):
            raise Conflict(f"{package}/{path} was changed on another node meanwhile; compare, then save again")
    for path, content in contents.items():
        transaction.execute("DELETE FROM package_files WHERE package = ? AND path = ?", (package, path))
        if content is not None:
            _insert(transaction, package, path, content)
    _count(transaction, package, now, actor, removed=False)


def remove(transaction: Transaction, package: str, now: int, actor: str) -> None:
    """Have no node keep the package."""
    transaction.announce(KIND, package, now)
    _replace(transaction, package, {})
    _count(transaction, package, now, actor, removed=True)


def _replace(transaction: Transaction, package: str, contents: Mapping[str, bytes]) -> None:
    transaction.execute("DELETE FROM package_files WHERE package = ?", (package,))
    for path, content in contents.items():
        _insert(transaction, package, path, content)


def _insert(transaction: Transaction, package: str, path: str, content: bytes) -> None:
    transaction.execute("INSERT INTO package_files (package, path, content) VALUES (?, ?, ?)", (package, path, content))


def _count(transaction: Transaction, package: str, now: int, actor: str, *, removed: bool) -> None:
    transaction.execute(
        "INSERT INTO package_revisions (package, revision, removed, at, actor) VALUES (?, 1, ?, ?, ?)"
        " ON CONFLICT (package) DO UPDATE SET revision = package_revisions.revision + 1,"
        " removed = excluded.removed, at = excluded.at, actor = excluded.actor",
        (package, int(removed), now, actor),
    )
