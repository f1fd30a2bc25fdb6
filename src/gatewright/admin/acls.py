"""ACLs: which groups may execute a folder or a service."""

from collections.abc import Sequence

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.fields import did_you_mean
from gatewright.admin.groups import check_groups
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.store import access
from gatewright.store.database import Transaction
from gatewright.store.records import Acl


def save(transaction: Transaction, by: By, target: str, execute: Sequence[str], catalogue: Catalogue) -> None:
    """Let just these groups execute a folder or service; none of them: nobody. Raises Invalid (`target`, `execute`)."""
    before, after = access.all_acls(transaction).get(target), tuple(sorted(set(execute)))
    if before == after:
        return
    errors = check_groups(transaction, after, "execute", members=False)
    if not catalogue.has_folder(target) and not catalogue.has_service(target):
        known = [*catalogue.folders, *catalogue.services]
        errors.append(FieldError("target", f"There is no folder or service {target!r}.{did_you_mean(target, known)}"))
    if errors:
        raise Invalid(errors)
    access.save_acl(transaction, Acl(target=target, execute=after), by.now)
    former = {"execute": list(before)} if before is not None else None
    audit.record(transaction, by, "acl.save", target, former, {"execute": list(after)})


def delete(transaction: Transaction, by: By, target: str) -> None:
    """Remove an ACL: the nearest one above, or the default, holds again. Raises NotFound."""
    before = access.all_acls(transaction).get(target)
    if before is None:
        raise NotFound(f"There is no ACL of {target}.")
    access.delete_acl(transaction, target, by.now)
    audit.record(transaction, by, "acl.delete", target, {"execute": list(before)})
