"""What opens what: for people who look before they open it, by the coverage that the guard enforces (`coverage`).

A way is an address that a call can take: a service's `/invoke` address, or a URL template. Of an ACL it is said whom it
admits; whether a call passes needs both, a scope and the ACL.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from gatewright.services.catalogue import Catalogue
from gatewright.services.coverage import ANONYMOUS_GROUP
from gatewright.services.coverage import EVERYBODY_GROUP
from gatewright.services.coverage import Openings
from gatewright.services.coverage import ScopeContents
from gatewright.services.coverage import deciding_target
from gatewright.services.names import invoke_path
from gatewright.services.template import UrlTemplate

Acls = Mapping[str, tuple[str, ...]]
"""Groups that may execute, by full name of a folder or service."""

WITHOUT_TOKEN: Final = "anybody, without a token"
EVERY_CALLER: Final = "every authenticated caller"


class Way(msgspec.Struct, frozen=True, order=True):
    """An address that leads to a service, as people write it: `/invoke/orders/get`, `GET /orders/{id}`."""

    service: str
    address: str


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A service that can be called: by which addresses, through which scopes, and whom its ACL admits.

    acl: the folder or service whose ACL decides; empty when there is none, and every authenticated caller may.
    """

    service: str
    addresses: tuple[str, ...]
    scopes: tuple[str, ...]
    acl: str = ""
    admitted: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether no token is needed."""
        return self.admitted == (WITHOUT_TOKEN,)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that the ACL names, when it is they who are admitted."""
        return () if self.admitted in ((WITHOUT_TOKEN,), (EVERY_CALLER,)) else self.admitted


def ways_to(service: str, catalogue: Catalogue) -> list[tuple[Way, UrlTemplate | None]]:
    """Every address of a service, each with its URL template if it is one."""
    templates = [(Way(service, template.text), template) for template in catalogue.templates_of(service)]
    return [(Way(service, invoke_path(service)), None), *templates]


def admitted_by(acls: Acls, service: str) -> tuple[str, ...]:
    """Whom the ACL of a service admits: names of groups, or a sentence for everybody."""
    target = deciding_target(acls, service)
    groups = None if target is None else acls[target]
    if groups is not None and ANONYMOUS_GROUP in groups:
        return (WITHOUT_TOKEN,)
    if groups is None or EVERYBODY_GROUP in groups:
        return (EVERY_CALLER,)
    return tuple(sorted(groups))


def admits(admitted: tuple[str, ...], groups: AbstractSet[str]) -> bool:
    """Whether somebody in those groups, who is authenticated, is among the admitted."""
    return admitted in ((WITHOUT_TOKEN,), (EVERY_CALLER,)) or not groups.isdisjoint(admitted)


def openings_of(scopes: Iterable[ScopeContents], catalogue: Catalogue, acls: Acls) -> list[Opening]:
    """What scopes open together today, service by service; with whom the ACL admits of those who hold them."""
    openings = Openings(scopes)
    found = (_opening(name, openings, catalogue, acls) for name in sorted(catalogue.services))
    return [each for each in found if each.addresses]


def opening_of(service: str, scopes: Iterable[ScopeContents], catalogue: Catalogue, acls: Acls) -> Opening:
    """Through which scopes a service can be called, and whom its ACL admits."""
    return _opening(service, Openings(scopes), catalogue, acls)


def ways_of(scopes: Iterable[ScopeContents], catalogue: Catalogue) -> frozenset[Way]:
    """Every address that scopes open together today."""
    openings = Openings(scopes)
    return frozenset(
        way
        for name in catalogue.services
        for way, template in ways_to(name, catalogue)
        if openings.scopes_for(name, template)
    )


def _opening(name: str, openings: Openings, catalogue: Catalogue, acls: Acls) -> Opening:
    through: set[str] = set()
    addresses: list[str] = []
    for way, template in ways_to(name, catalogue):
        if opened_by := openings.scopes_for(name, template):
            addresses.append(way.address)
            through |= opened_by
    return Opening(
        service=name,
        addresses=tuple(addresses),
        scopes=tuple(sorted(through)),
        acl=deciding_target(acls, name) or "",
        admitted=admitted_by(acls, name),
    )
