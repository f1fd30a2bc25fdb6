"""The global settings: one row per setting that differs from its default."""

from typing import Final

import msgspec

from gatewright.kernel.settings import GlobalSettings
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

_KNOWN: Final = frozenset(GlobalSettings.__struct_fields__)  # another release may have kept others


def load(transaction: Transaction) -> GlobalSettings:
    """The settings in force."""
    found = transaction.rows("SELECT name, value FROM settings")
    return msgspec.convert({row[0]: msgspec.json.decode(row[1]) for row in found if row[0] in _KNOWN}, GlobalSettings)


def save(transaction: Transaction, settings: GlobalSettings, now: int) -> None:
    """Replace the settings in force."""
    transaction.announce("settings", "", now)
    transaction.execute("DELETE FROM settings")
    defaults = msgspec.to_builtins(GlobalSettings())
    for name, value in msgspec.to_builtins(settings).items():
        if value != defaults[name]:
            transaction.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (name, to_json(value)))
