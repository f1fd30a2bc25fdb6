"""The audit rows of what people do with their own accounts."""

from collections.abc import Mapping

from gatewright.kernel.ids import row_id
from gatewright.store import changes
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json
from gatewright.store.records import AuditRow
from gatewright.store.records import User


def note(
    transaction: Transaction, user: User, action: str, now: int, after: Mapping[str, object] | None = None
) -> None:
    """Append to the audit log what the user did with his or her own account; `after` without secrets."""
    changes.add_audit(
        transaction,
        AuditRow(
            id=row_id(),
            at=now,
            actor=user.name,
            action=action,
            target=user.name,
            after=to_json(after) if after is not None else None,
        ),
    )
