"""What every page of a service shows: what it is, who may call it, its source, and what came of running or saving it."""

import secrets
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import Response

from gatewright.console.diagram import of_source
from gatewright.console.run_caller import KINDS
from gatewright.console.run_caller import chosen
from gatewright.console.run_result import Marks
from gatewright.console.templating import pretty_json
from gatewright.console.visit import Visit
from gatewright.flow import Problem
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import deciding_target
from gatewright.services.draft import check_source
from gatewright.services.names import invoke_path
from gatewright.services.schema import properties
from gatewright.services.source import Source
from gatewright.services.source import digest_of
from gatewright.services.source import read_source
from gatewright.store import activity
from gatewright.store import failing_runs
from gatewright.store import service_versions
from gatewright.store.database import Transaction
from gatewright.web.security_headers import POLICY

_RUNS = 10
_MOST = 12  # arguments of a signature
_LONGEST = 400  # characters
_STEPS = 3
_DAY = 86_400


async def check_text(visit: Visit, text: str) -> list[Problem]:
    """Every problem of the text of the flow that the address names, held against what there is for it to call."""
    folder = folder_of_file(visit, find_service(visit))
    return check_source(visit.catalogue, text, await visit.parts.directory.connections(), folder)


def folder_of_file(visit: Visit, service: Service) -> Path:
    """Where a service's file is, and what lies beside it."""
    return (visit.parts.packages_folder / service.file).parent


def find_service(visit: Visit) -> Service:
    """The service that the address names. Raises NotFound."""
    service = visit.catalogue.service(visit.query("name"))
    if service is None:
        raise NotFound(f"There is no service {visit.query('name')}.")
    return service


def source_of(visit: Visit, service: Service) -> Source | None:
    """The text of a service's file; None when it has none, or it cannot be shown."""
    if service.kind == "builtin":
        return None
    try:
        return read_source(visit.parts.packages_folder, service)
    except (NotFound, UnicodeDecodeError):
        return None


async def page(
    visit: Visit, service: Service, text: str, revision: str, *, problems: list[dict[str, Any]] | None = None,
    saved: str | None = None, result: dict[str, Any] | None = None, marks: Marks | None = None, given: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    """The service's page. text, revision: of the source; given: the input to run it with."""
    visit.nonce = secrets.token_urlsafe(16)
    service = visit.catalogue.service(service.name) or service
    scopes = Openings((await visit.parts.directory.scopes()).values())
    templates = visit.catalogue.templates_of(service.name)
    opening = set(scopes.scopes_for(service.name)).union(*(scopes.scopes_for(service.name, each) for each in templates))
    response = visit.page(
        "packages/service.html",
        status,
        service=service,
        routes=[template.text for template in templates],
        invoke=invoke_path(service.name),
        scopes=sorted(opening),
        acl=await _acl(visit, service.name),
        schemas={"input": _schema(service.input_schema), "output": _schema(service.output_schema)},
        source=text,
        source_name=service.file,
        revision=revision or digest_of(text),
        words=await _words(visit),
        **await _trial(visit, service, given),
        calls=await visit.read(_calls, service.name, visit.now - _DAY, visit.now),
        result=result,
        fresh=False,
        diagram=of_source(text, problems or []) if service.kind == "flow" and text else None,
        marks=marks or {},
        problems=problems or [],
        saved=saved,
        conflict=False,
        curl=_curl(visit, service),
    )
    # The editor makes style elements of its own; they carry this nonce.
    own = POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{visit.nonce}'")
    response.headers["content-security-policy"] = own
    return response


async def _trial(visit: Visit, service: Service, given: str) -> dict[str, Any]:
    """What the service can be run with, and for whom."""
    return {
        "input": given or visit.field("input") or pretty_json(dict(service.sample)),
        "caller": chosen(visit),
        "callers": KINDS,
        "examples": await visit.read(service_versions.examples, service.name),
        "failing": await visit.read(failing_runs.page, service.name, limit=_RUNS),
        "stops": visit.field("stops"),
    }


def _calls(transaction: Transaction, service: str, start: int, end: int) -> dict[str, Any]:
    """The calls of a service in a stretch of time, and the steps of it that took the most of it."""
    points = activity.series(transaction, "service", start, end + _DAY, name=service, width=2 * _DAY)
    tally = points[0].tally
    slowest = activity.slowest(transaction, "step", start, prefix=f"{service} ", limit=_STEPS)
    return {
        "count": tally.count,
        "failed": tally.failed,
        "half": tally.percentile(0.5) * 1000,
        "most": tally.percentile(0.99) * 1000,
        "slowest": [(name.partition(" ")[2], each.mean * 1000, each.count) for name, each in slowest],
    }


async def _acl(visit: Visit, name: str) -> dict[str, Any] | None:
    acls = await visit.parts.directory.acls()
    target = deciding_target(acls, name)
    return {"target": target, "groups": acls[target]} if target else None


def _schema(schema: Any) -> str:
    return pretty_json(dict(schema)) if schema else ""


async def _words(visit: Visit) -> dict[str, list[dict[str, str]]]:
    """What completion and hover help know of this server: services with their signatures, and connections."""
    services = [
        {"label": name, "detail": each.title or each.kind, "info": _signature(each)}
        for name, each in visit.catalogue.services.items()
    ]
    connections = await visit.parts.directory.connections()
    return {
        "services": services,
        "connections": [{"label": name, "detail": each.description or each.kind} for name, each in connections.items()],
    }


def _signature(service: Service) -> str:
    """What a service takes and gives in a few lines: `get(number: string, limit?: integer) → object`, and what it is for."""
    taken = properties(service.input_schema) if service.input_schema else {}
    required = (service.input_schema or {}).get("required") or ()
    arguments = ", ".join(
        f"{name}{'' if name in required else '?'}: {_type_of(schema)}" for name, schema in list(taken.items())[:_MOST]
    )
    gives = f" → {_type_of(service.output_schema)}" if service.output_schema else ""
    own = service.name.partition(":")[2]
    return f"{own}({arguments}){gives}\n{service.description}"[:_LONGEST].strip()


def _type_of(schema: Any) -> str:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "any")


def _curl(visit: Visit, service: Service) -> str:
    body = msgspec.json.encode(dict(service.sample)).decode().replace("'", "'\\''")
    return (
        f'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d \'{body}\''
        f" {visit.parts.server.issuer}{invoke_path(service.name)}"
    )


def shown(problems: list[Problem]) -> list[dict[str, Any]]:
    """Problems as the page and the editor's script take them."""
    return [
        {
            "line": problem.line,
            "column": problem.column,
            "pointer": problem.pointer,
            "severity": problem.severity,
            "message": problem.message + (f" ({problem.mend})" if problem.mend else ""),
        }
        for problem in problems
    ]


def of_service(problem: Any) -> dict[str, Any]:
    """The same of a problem that disables a service."""
    return {"line": problem.line, "column": problem.column, "severity": "error", "message": problem.message}
