"""The packages' URL templates against each other and against the services they lead to."""

from collections.abc import Iterable

import msgspec

from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Problem
from gatewright.services.catalogue import Service
from gatewright.services.faces import dangling
from gatewright.services.names import parse_service
from gatewright.services.package import TemplateEntry
from gatewright.services.schema import is_closed
from gatewright.services.schema import properties
from gatewright.services.template import UrlTemplate
from gatewright.services.template import parse_template


def check_routes(packages: Iterable[LoadedPackage]) -> list[LoadedPackage]:
    """The packages with the templates that can be used; each other one is left out with a problem that says why."""
    packages = list(packages)
    services: dict[str, Service] = {}
    for loaded in packages:
        for service in loaded.services:
            services.setdefault(service.name, service)
    taken: dict[tuple[str, ...], UrlTemplate] = {}
    return [_with_routes(loaded, services, taken) for loaded in packages]


def _with_routes(
    loaded: LoadedPackage, services: dict[str, Service], taken: dict[tuple[str, ...], UrlTemplate]
) -> LoadedPackage:
    templates: list[UrlTemplate] = []
    problems = list(loaded.problems)
    for entry in loaded.package.url_templates if loaded.package else ():
        try:
            template = _route(entry, services)
            if other := taken.get(template.shape):
                raise ValueError(
                    f"{template.text!r} cannot be told from {other.text!r}, which leads to {other.service}"
                )
        except ValueError as error:
            problems.append(Problem(file=f"{loaded.folder}/package.yaml", message=f"URL template left out: {error}"))
            continue
        taken[template.shape] = template
        templates.append(template)
    routed = msgspec.structs.replace(loaded, templates=tuple(templates), problems=tuple(problems))
    told = [Problem(file=f"{loaded.folder}/package.yaml", message=sentence) for sentence in dangling(routed)]
    return msgspec.structs.replace(routed, problems=(*problems, *told)) if told else routed


def _route(entry: TemplateEntry, services: dict[str, Service]) -> UrlTemplate:
    template = parse_template(entry.template, parse_service(entry.service))
    service = services.get(template.service)
    if service is None:
        raise ValueError(f"{template.text!r} leads to {template.service}, which does not exist")
    if service.forwarder is not None:
        unknown = [name for name in template.variables if name not in service.forwarder.path.variables]
        if unknown:
            known = ", ".join(service.forwarder.path.variables)
            raise ValueError(
                f"{template.text!r} has {{{unknown[0]}}}; the upstream's path has {known or 'no variables'}"
            )
    elif is_closed(service.input_schema):
        unknown = [name for name in template.variables if name not in properties(service.input_schema)]
        if unknown:
            raise ValueError(f"{template.text!r} has {{{unknown[0]}}}, which {service.name} does not take")
    return template
