"""Where addresses lie in the tree of all that is served, for tokens that are bound to resources (RFC 8707)."""

from collections.abc import Iterable

from gatewright.services.catalogue import Catalogue
from gatewright.services.path import invoked_service
from gatewright.services.path import segments
from gatewright.services.template import UrlTemplate

Place = tuple[str, ...]
"""A place covers all that begin with it. A folder's parts are steps of their own, so that `/invoke/a` covers `/invoke/a.b/c`."""


def place(raw_path: bytes) -> Place | None:
    """The place of a path as it stood in the request line, or of a folder's, `/invoke/{folder.path}`; None: no path."""
    if raw_path in (b"", b"/"):
        return ()
    found = segments(raw_path)
    if found is None or found[0] != "invoke" or len(found) == 1:
        return found
    service = invoked_service(raw_path)
    if service is not None:
        folder, _, name = service.partition(":")
        return ("invoke", *folder.split("."), f":{name}")
    return ("invoke", *found[1].split(".")) if len(found) == 2 else None


def covers(places: Iterable[Place | None], inner: Place | None) -> bool:
    """Whether one of the places covers `inner`."""
    return inner is not None and any(outer is not None and inner[: len(outer)] == outer for outer in places)


def served(path: str, catalogue: Catalogue) -> Place | None:
    """The place of a path at or below which the catalogue serves something, or None."""
    found = place(path.encode())
    if found is None:
        return None
    return found if not found or _is_served(found, catalogue) else None


def _is_served(found: Place, catalogue: Catalogue) -> bool:
    if found[0] != "invoke":
        return any(begins_with(template, found) for template in catalogue.templates.by_text.values())
    if len(found) == 1:
        return bool(catalogue.services)
    if found[-1].startswith(":"):
        return catalogue.has_service(".".join(found[1:-1]) + found[-1])
    return catalogue.has_folder(".".join(found[1:]))


def begins_with(template: UrlTemplate, found: Place) -> bool:
    """Whether a template has routes at or below a place."""
    if template.rest and len(found) >= len(template.segments):
        found = (*found[: len(template.segments) - 1], template.rest)
    beginning = template.segments[: len(found)]
    return len(beginning) == len(found) and all(
        written == given or written.startswith("{") for written, given in zip(beginning, found, strict=True)
    )
