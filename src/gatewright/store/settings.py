"""The global settings: one row per setting that differs from its default."""

import msgspec

from gatewright.kernel.settings import GlobalSettings
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json


def load(transaction: Transaction) -> GlobalSettings:
    """The settings in force."""
    found = transaction.rows("SELECT name, value FROM settings")
    return msgspec.convert({row[0]: msgspec.json.decode(row[1]) for row in found}, GlobalSettings)


def save(transaction: Transaction, settings: GlobalSettings, now: int) -> None:
    """Replace the settings in force."""
    transaction.execute("DELETE FROM settings")
    defaults = msgspec.to_builtins(GlobalSettings())
    for name, value in msgspec.to_builtins(settings).items():
        if value != defaults[name]:
            transaction.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (name, to_json(value)))
    transaction.announce("settings", "", now)
