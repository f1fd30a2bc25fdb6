"""What scopes open, and which ACL holds (DESIGN section 1).

A scope opens a service by naming it or a folder above it, and with it the service's `/invoke` address and all its URL
templates; by naming a URL template it opens that route alone. Only the service that is called is looked at.
A built-in service, `pub.*`, opens only by its own name: whoever lists a folder does not mean these.
"""

from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.names import covers
from gatewright.services.names import folder_of
from gatewright.services.names import folders_above
from gatewright.services.names import is_builtin
from gatewright.services.template import UrlTemplate

ANONYMOUS_GROUP = "Anonymous"
"""In an ACL: no token is needed."""
EVERYBODY_GROUP = "Everybody"
"""In an ACL: every authenticated principal."""
_MOST_ANSWERS = 50_000


class ScopeContents(Protocol):
    """What a scope lists: full names of folders and services, and URL templates as `UrlTemplate.text` spells them."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def folders(self) -> Iterable[str]: ...  # noqa: D102
    @property
    def services(self) -> Iterable[str]: ...  # noqa: D102
    @property
    def url_templates(self) -> Iterable[str]: ...  # noqa: D102


def opens_service(scope: ScopeContents, service: str, template: UrlTemplate | None = None) -> bool:
    """Whether one scope opens a service: at its `/invoke` address, or, when `template` is given, through that route."""
    if template is not None and template.text in scope.url_templates:
        return True
    if service in scope.services:
        return True
    return not is_builtin(service) and any(covers(folder, service) for folder in scope.folders)


class Openings:
    """Which scopes open what, for a snapshot of all scopes. Make a new one when a scope changes.

    It holds for every catalogue: names and templates say all there is to know.
    """

    def __init__(self, scopes: Iterable[ScopeContents]) -> None:
        self._by_folder: dict[str, set[str]] = {}
        self._by_service: dict[str, set[str]] = {}
        self._by_template: dict[str, set[str]] = {}
        for scope in scopes:
            for table, entries in (
                (self._by_folder, scope.folders),
                (self._by_service, scope.services),
                (self._by_template, scope.url_templates),
            ):
                for entry in entries:
                    table.setdefault(entry, set()).add(scope.name)
        self._answers: dict[tuple[str, str], frozenset[str]] = {}

    def scopes_for(self, service: str, template: UrlTemplate | None = None) -> frozenset[str]:
        """The names of the scopes that open a service, as in `opens_service`."""
        key = (service, template.text if template else "")
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _MOST_ANSWERS:  # somebody asks for services that do not exist
                self._answers.clear()
            answer = self._answers[key] = self._find(*key)
        return answer

    def _find(self, service: str, template: str) -> frozenset[str]:
        found = set(self._by_service.get(service, ()))
        for folder in () if is_builtin(service) else folders_above(service):
            found |= self._by_folder.get(folder, set())
        return frozenset(found | self._by_template.get(template, set()))


class Reach:
    """What one scope opens in a catalogue today: full names of services, and URL templates' texts, both sorted."""

    def __init__(self, scope: ScopeContents, catalogue: Catalogue) -> None:
        self.services = [name for name in sorted(catalogue.services) if opens_service(scope, name)]
        self.url_templates = [
            text
            for text, template in sorted(catalogue.templates.by_text.items())
            if opens_service(scope, template.service, template)
        ]


def deciding_target(acls: Container[str], service: str) -> str | None:
    """The service or folder whose ACL holds for a service: its own, else its folder's, else the nearest parent's.

    For a built-in service its own folder is the last that counts: whoever opens `pub` does not mean these.
    """
    folders = [folder_of(service)] if is_builtin(service) else folders_above(service)
    return next((target for target in (service, *folders) if target in acls), None)


def nearest_acl(acls: Mapping[str, tuple[str, ...]], service: str) -> tuple[str, ...] | None:
    """The groups of the ACL that holds for a service: its own, else its folder's, else the nearest parent's.

    acls: groups that may execute, by full name of a service or folder. None: there is none, so every authenticated
    principal may.
    """
    target = deciding_target(acls, service)
    return None if target is None else acls[target]


def is_open(acl: tuple[str, ...] | None) -> bool:
    """Whether an ACL lets everyone in, without a token."""
    return acl is not None and ANONYMOUS_GROUP in acl


def may_execute(acl: tuple[str, ...] | None, caller: Caller) -> bool:
    """Whether an ACL (`nearest_acl`) lets a caller in."""
    return is_open(acl) or (caller.kind != "anonymous" and _admits(acl, caller.groups))


def _admits(acl: tuple[str, ...] | None, groups: AbstractSet[str]) -> bool:
    return acl is None or EVERYBODY_GROUP in acl or not groups.isdisjoint(acl)
