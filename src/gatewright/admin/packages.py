"""Packages and their services: put out of use and into use again."""

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.fields import did_you_mean
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.names import is_service
from gatewright.store import disabled
from gatewright.store.database import Transaction
from gatewright.store.disabled import Disabled


def disable(transaction: Transaction, by: By, target: str, catalogue: Catalogue) -> bool:
    """Put a package (by its name) or a service (by its full name) out of use, on every worker and node within a second.

    Calls are answered with 503, and a disabled package's Python files are not run. Gives whether anything changed. Raises
    NotFound when there is no such package or service.
    """
    known = catalogue.services if is_service(target) else {name for name in catalogue.packages if name}
    if target not in known:
        what = "service" if is_service(target) else "package"
        raise NotFound(f"There is no {what} {target}.{did_you_mean(target, known)}")
    changed = disabled.disable(transaction, Disabled(target, by.now, str(by.actor)))
    if changed:
        audit.record(transaction, by, f"{_kind(target)}.disable", target, {"enabled": True}, {"enabled": False})
    return changed


def enable(transaction: Transaction, by: By, target: str) -> bool:
    """Put it into use again. Gives whether anything changed: what is in use, or was never there, stays as it is."""
    changed = disabled.enable(transaction, target, by.now)
    if changed:
        audit.record(transaction, by, f"{_kind(target)}.enable", target, {"enabled": False}, {"enabled": True})
    return changed


def _kind(target: str) -> str:
    return "service" if is_service(target) else "package"
