"""The audit log: who changed what, with the values before and after, never with a secret."""

from collections.abc import Mapping

import msgspec

from gatewright.admin.actor import By
from gatewright.kernel.ids import row_id
from gatewright.store import audit_chain
from gatewright.store import changes
from gatewright.store import daily_sums
from gatewright.store.audit_chain import Break
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json
from gatewright.store.records import AuditRow

page = changes.audit_page
head = audit_chain.head
hash_of = audit_chain.hash_of
sums = daily_sums.newest


def breaks(transaction: Transaction) -> list[Break]:
    """Every place at which the log is not what was written."""
    return list(audit_chain.breaks(transaction))


def json_line(row: AuditRow) -> bytes:
    """A row as one line of JSON, its values before and after as they are."""
    document = msgspec.to_builtins(row)
    for name in ("before", "after"):
        if document[name] is not None:
            document[name] = msgspec.Raw(document[name].encode())
    return msgspec.json.encode(document) + b"\n"


def record(
    transaction: Transaction,
    by: By,
    action: str,
    target: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append to the audit log. `action` reads `client.update`; `target` is what people know the thing by."""
    row = AuditRow(
        id=row_id(),
        at=by.now,
        actor=str(by.actor),
        action=action,
        target=target,
        before=to_json(before) if before is not None else None,
        after=to_json(after) if after is not None else None,
    )
    changes.add_audit(transaction, row)
