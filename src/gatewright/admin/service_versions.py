"""Versions of services' texts, and the inputs kept to try services with."""

import hashlib
from pathlib import Path
from typing import Final

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.ids import row_id
from gatewright.store import service_versions as store
from gatewright.store.database import Transaction
from gatewright.store.service_versions import Version

MOST_EXAMPLES: Final = 30
_LONGEST_NAME: Final = 80
_LONGEST_NOTE: Final = 200
_LONGEST_INPUT: Final = 100_000
ON_DISK: Final = "Changed on disk"
FIRST: Final = "As it was found"


def save(transaction: Transaction, by: By, service: str, file: str, *, text: str, found: str, note: str = "") -> None:
    """Record that a service's file was saved.

    found: what the file held before. Was that changed on the disk, past the console, it becomes a version of its own.
    """
    transaction.alone()
    before = store.newest(transaction, service)
    if before is not None and before.note == ON_DISK and before.text == text != found:
        store.remove(transaction, before.id)  # this very save, which `keep_changed` saw before it was told here
        before = store.newest(transaction, service)
    if before is None or before.text != found:
        told = FIRST if before is None else ON_DISK
        store.add(transaction, _version(service, file, by.now, "", told, found))
    if text == found:
        return
    store.add(transaction, _version(service, file, by.now, str(by.actor), note[:_LONGEST_NOTE], text))
    audit.record(transaction, by, "service.save", service, {"sha256": _digest(found)}, {"sha256": _digest(text)})


def keep_changed(transaction: Transaction, service: str, file: str, path: Path, now: int) -> bool:
    """Keep what a service's file holds, if no version says so yet; whether it did. path: where the file is.

    The file is read here, where no save can come between: one that was saved meanwhile has its version already.
    """
    transaction.alone()
    newest = store.newest(transaction, service)
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            text = opened.read()
    except (OSError, UnicodeDecodeError):
        return False  # gone again, or no text: its service tells the problem
    if newest is not None and newest.text == text:
        return False
    store.add(transaction, _version(service, file, now, "", ON_DISK, text))
    return True


def record_deleted(transaction: Transaction, by: By, service: str, file: str, text: str) -> None:
    """Keep the last text of a service that is deleted."""
    store.add(transaction, _version(service, file, by.now, str(by.actor), "Deleted", text))


def find(transaction: Transaction, service: str, id_: str) -> Version:
    """A version of a service. Raises NotFound."""
    found = store.find(transaction, service, id_)
    if found is None:
        raise NotFound(f"There is no such version of {service}.")
    return found


def save_example(transaction: Transaction, service: str, name: str, given: str) -> None:
    """Keep an input under a name. Raises Invalid (`example`)."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid([FieldError("example", f"An example's name has 1 to {_LONGEST_NAME} characters.")])
    if len(given) > _LONGEST_INPUT:
        raise Invalid([FieldError("example", f"An example has at most {_LONGEST_INPUT:,} characters.")])
    kept = store.examples(transaction, service)
    if name not in kept and len(kept) >= MOST_EXAMPLES:
        raise Invalid([FieldError("example", f"A service keeps at most {MOST_EXAMPLES} examples. Remove one first.")])
    store.save_example(transaction, service, name, given)


def delete_example(transaction: Transaction, service: str, name: str) -> None:
    """Let go of an input. Raises NotFound."""
    if not store.delete_example(transaction, service, name):
        raise NotFound(f"There is no example {name} of {service}.")


def _version(service: str, file: str, at: int, actor: str, note: str, text: str) -> Version:
    return Version(id=row_id(), service=service, file=file, at=at, actor=actor, note=note, text=text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
