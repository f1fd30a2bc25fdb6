"""What a change opens and closes: the difference of who could call what before and after it."""

from collections.abc import Mapping
from itertools import chain
from itertools import islice
from typing import Final

import msgspec

from gatewright.services.catalogue import Catalogue
from gatewright.services.reach import EVERY_CALLER
from gatewright.services.reach import WITHOUT_TOKEN
from gatewright.services.reach import Acls
from gatewright.services.reach import Way
from gatewright.services.reach import admitted_by
from gatewright.services.reach import ways_of
from gatewright.store.records import Scope

_NONE: Final[frozenset[str]] = frozenset()


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Who may call what at one time: clients' scopes, what these list, the ACLs, and who is in the groups they name.

    clients: scopes by client_id; one that is disabled has none.  members: of each group, `user:ID` and `client:ID`, without
    those that are disabled.  off: names of packages, and full names of services, that are out of use.
    """

    clients: Mapping[str, frozenset[str]]
    scopes: Mapping[str, Scope]
    acls: Acls
    members: Mapping[str, frozenset[str]] = {}
    off: frozenset[str] = _NONE


class ForClient(msgspec.Struct, frozen=True):
    """What a client can call, or cannot call any more."""

    client_id: str
    ways: tuple[Way, ...]


class Admission(msgspec.Struct, frozen=True):
    """Whom the ACL of a service admits now and did not before, or the other way round."""

    service: str
    who: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What a change opens and closes. joined: who is now in a group that an ACL names, by group."""

    opened: tuple[ForClient, ...] = ()
    closed: tuple[ForClient, ...] = ()
    admitted: tuple[Admission, ...] = ()
    shut: tuple[Admission, ...] = ()
    joined: Mapping[str, tuple[str, ...]] = {}

    @property
    def widens(self) -> bool:
        """Whether somebody can call what it could not."""
        return bool(self.opened or self.admitted or self.joined)

    @property
    def narrows(self) -> bool:
        """Whether somebody cannot call any more what it could."""
        return bool(self.closed or self.shut)

    def sentences(self) -> list[str]:
        """The difference in numbers, one sentence for each kind of it."""
        found = []
        if self.opened:
            found.append(f"Opens {_services(self.opened, 'more ')} to {_count(len(self.opened), 'client')}.")
        if self.closed:
            found.append(f"Closes {_services(self.closed)} to {_count(len(self.closed), 'client')}.")
        if self.admitted:
            found.append(f"The ACLs admit more callers to {_count(len(self.admitted), 'service')}.")
        if self.shut:
            found.append(f"The ACLs admit fewer callers to {_count(len(self.shut), 'service')}.")
        if self.joined:
            count = len({each for members in self.joined.values() for each in members})
            found.append(f"{_count(count, 'principal')} may execute more, by a group that an ACL names.")
        return found

    def names(self, labels: Mapping[str, str], most: int = 200) -> list[str]:
        """The difference in names, one line for each client, service or group; of more than `most`, how many more.

        labels: of clients, by client_id; and of the groups' members.
        """
        lines = chain(
            (f"+ {labels.get(each.client_id, each.client_id)}: {_listed(each.ways)}" for each in self.opened),
            (f"+ {each.service}: {', '.join(each.who)}" for each in self.admitted),
            (
                f"+ {group}: {', '.join(labels.get(each, each) for each in members)}"
                for group, members in self.joined.items()
            ),
            (f"- {labels.get(each.client_id, each.client_id)}: {_listed(each.ways)}" for each in self.closed),
            (f"- {each.service}: {', '.join(each.who)}" for each in self.shut),
        )
        shown = list(islice(lines, most))
        more = sum(map(len, (self.opened, self.admitted, self.joined, self.closed, self.shut))) - len(shown)
        return [*shown, f"… and {more:,} more"] if more else shown


def difference(before: Access, after: Access, catalogue: Catalogue) -> Difference:
    """What changed between two times, in the catalogue of today."""
    changes = _Changes(before, after, catalogue)
    clients = sorted({*before.clients, *after.clients})
    found = [(client_id, *changes.of(client_id)) for client_id in clients]
    return Difference(
        opened=tuple(ForClient(client_id, opened) for client_id, opened, _ in found if opened),
        closed=tuple(ForClient(client_id, closed) for client_id, _, closed in found if closed),
        admitted=_admissions(before, after, catalogue),
        shut=_admissions(after, before, catalogue),
        joined=_joined(before, after),
    )


class _Changes:
    """What clients reach at two times. Clients with the same scopes at both share an answer: there may be very many."""

    def __init__(self, before: Access, after: Access, catalogue: Catalogue) -> None:
        self._before, self._after, self._catalogue = before, after, catalogue
        self._known: dict[tuple[frozenset[str], frozenset[str]], tuple[tuple[Way, ...], tuple[Way, ...]]] = {}

    def of(self, client_id: str) -> tuple[tuple[Way, ...], tuple[Way, ...]]:
        """What opens to a client, and what closes."""
        had = self._before.clients.get(client_id, _NONE)
        has = self._after.clients.get(client_id, _NONE)
        if (had, has) not in self._known:
            ways_before, ways_after = self._ways(had, self._before), self._ways(has, self._after)
            self._known[had, has] = tuple(sorted(ways_after - ways_before)), tuple(sorted(ways_before - ways_after))
        return self._known[had, has]

    def _ways(self, names: frozenset[str], access: Access) -> frozenset[Way]:
        ways = ways_of([access.scopes[name] for name in names if name in access.scopes], self._catalogue)
        return (
            frozenset(way for way in ways if not _is_off(way.service, access, self._catalogue)) if access.off else ways
        )


def _is_off(service: str, access: Access, catalogue: Catalogue) -> bool:
    return service in access.off or catalogue.services[service].package in access.off


def _admissions(before: Access, after: Access, catalogue: Catalogue) -> tuple[Admission, ...]:
    """Who is admitted after and was not before, by service.

    Of one that comes into use only whether it is open to everybody: all others need a scope too, and these are told.
    """
    found = []
    for service in sorted(catalogue.services):
        had, has = admitted_by(before.acls, service), admitted_by(after.acls, service)
        if _is_off(service, after, catalogue):
            continue
        if _is_off(service, before, catalogue):
            had = () if has == (WITHOUT_TOKEN,) else has
        if new := _wider(had, has):
            found.append(Admission(service, new))
    return tuple(found)


def _wider(had: tuple[str, ...], has: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `has` whom `had` left out."""
    if _breadth(has) != _breadth(had):
        return has if _breadth(has) > _breadth(had) else ()
    return tuple(sorted({*has} - {*had}))


def _breadth(admitted: tuple[str, ...]) -> int:
    return 2 if admitted == (WITHOUT_TOKEN,) else 1 if admitted == (EVERY_CALLER,) else 0


def _joined(before: Access, after: Access) -> dict[str, tuple[str, ...]]:
    """Who came into groups that an ACL named already: an ACL that names one anew is told as such."""
    named = {group for groups in before.acls.values() for group in groups}
    found = {}
    for group in sorted(named & {group for groups in after.acls.values() for group in groups}):
        if new := after.members.get(group, frozenset()) - before.members.get(group, frozenset()):
            found[group] = tuple(sorted(new))
    return found


def _services(found: tuple[ForClient, ...], more: str = "") -> str:
    names = {way.service for each in found for way in each.ways}
    return _count(len(names), f"{more}service")


def _listed(ways: tuple[Way, ...]) -> str:
    """The services, each with its URL templates only when its own address is not among the ways."""
    by_service: dict[str, list[str]] = {}
    for way in ways:
        by_service.setdefault(way.service, []).append(way.address)
    return ", ".join(
        name if any(address.startswith("/invoke/") for address in addresses) else f"{name} ({', '.join(addresses)})"
        for name, addresses in by_service.items()
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
