"""A service's input: one object of path variables, query and body (DESIGN section 2)."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.schema import from_text

_TITLE = "The input is ambiguous"


def merge_input(
    service: Service,
    *,
    path: Mapping[str, str] | None = None,
    query: Sequence[tuple[str, str]] = (),
    form: Sequence[tuple[str, str]] = (),
    body: object = None,
) -> dict[str, Any]:
    """The input object of a call.

    path, query, form: decoded texts; they become what the service's schema says they stand for.
    body: a decoded JSON body, an object, or None when there is none.
    Raises ServiceError 400 for a name in two places, or twice in one where the service takes no list.
    """
    if body is not None and not isinstance(body, dict):
        raise ServiceError(
            400, "The body does not fit", "the body must be a JSON object, which holds the service's inputs by name"
        )
    if body is None and not path and not form and (texts := _texts_alone(service, query)) is not None:
        return texts
    values: dict[str, Any] = dict(body or {})
    places = dict.fromkeys(values, "body")
    for place, pairs in (("path", (path or {}).items()), ("query", query), ("form", form)):
        for name, text in pairs:
            _add(values, places, service, place, name, text)
    for name in values.keys() & service.readers.keys():
        if places[name] != "body":
            values[name] = from_text(values[name], service.readers[name], service.input_schema or {})
    return values


def _texts_alone(service: Service, query: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """The input of most calls that have no body: names given once, whose values are texts. None for every other."""
    values: dict[str, Any] = dict(query)
    plain = len(values) == len(query) and service.lists.isdisjoint(values) and service.readers.keys().isdisjoint(values)
    return values if plain else None


def _add(values: dict[str, Any], places: dict[str, str], service: Service, place: str, name: str, text: str) -> None:
    first = places.setdefault(name, place)
    if first != place:
        raise ServiceError(400, _TITLE, f"{name!r} is given in the {first} and in the {place}; give it once")
    if name in service.lists:
        values.setdefault(name, []).append(text)
    elif name in values:
        raise ServiceError(400, _TITLE, f"{name!r} is given twice in the {place}; give it once")
    else:
        values[name] = text
