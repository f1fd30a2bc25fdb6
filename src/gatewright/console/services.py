"""A service's page: what it is, who may call it, its source, checking, saving and running it."""

import secrets
import time
from typing import Any

import msgspec
from starlette.responses import JSONResponse
from starlette.responses import Response

from gatewright.console.diagram import of_source
from gatewright.console.run_result import marks_of
from gatewright.console.run_result import show_run
from gatewright.console.saving import keep
from gatewright.console.templating import pretty_json
from gatewright.console.templating import render
from gatewright.console.versions import show_conflict
from gatewright.console.visit import Visit
from gatewright.flow import FlowProblems
from gatewright.flow import Problem
from gatewright.flow import Trace
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import deciding_target
from gatewright.services.draft import check_source
from gatewright.services.draft import with_draft
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import to_json
from gatewright.services.names import invoke_path
from gatewright.services.source import Source
from gatewright.services.source import digest_of
from gatewright.services.source import read_source
from gatewright.web.security_headers import POLICY

Marks = dict[str, dict[str, Any]]


async def show(visit: Visit) -> Response:
    """The service's page."""
    service = _find(visit)
    source = _source(visit, service)
    text = source.text if source else ""
    found = await _check(visit, text) if service.kind == "flow" else []
    problems = _shown(found) if service.kind == "flow" else [_of_service(problem) for problem in service.problems]
    return await _page(visit, service, text, source.digest if source else "", problems=problems)


async def check(visit: Visit) -> Response:
    """The problems of the text in the editor, for its underlines, its diagram, and whether another has saved meanwhile."""
    text = visit.field("source").replace("\r\n", "\n")
    problems = _shown(await _check(visit, text))
    diagram = render("packages/_diagram.html", diagram=of_source(text, problems), marks={})
    source = _source(visit, _find(visit))
    changed = source is not None and source.digest != visit.field("revision")
    return JSONResponse({"problems": problems, "diagram": diagram, "changed": changed})


async def save(visit: Visit) -> Response:
    """Keep the text in the editor as the service's file, in force at once. A broken flow is kept, and disabled."""
    service, text, revision = _find(visit), visit.field("source").replace("\r\n", "\n"), visit.field("revision")
    if service.kind != "flow":
        raise Conflict("Only flows are edited here.")
    problems = await _check(visit, text)
    try:
        source = await keep(visit, service, text, revision, visit.field("note").strip())
    except Conflict:
        if "hx-request" not in visit.request.headers:
            return show_conflict(visit, service, text, 409)
        return await _saved(visit, service, text, revision, None, _shown(problems), 409)
    saved = visit.catalogue.service(service.name)
    broken = saved is None or not saved.enabled
    sentence = (
        "Saved, but the service is disabled until the problems below are mended."
        if broken
        else "Saved. In force from the next call on."
    )
    return await _saved(visit, service, text, source.digest, sentence, _shown(problems), 200)


async def resume(visit: Visit) -> Response:
    """The editor again with a text that is not saved, on top of what is kept now."""
    service, text = _find(visit), visit.field("source").replace("\r\n", "\n")
    return await _page(visit, service, text, visit.field("revision"), problems=_shown(await _check(visit, text)))


async def run(visit: Visit) -> Response:
    """Run the service, a flow as it stands in the editor, and show each step."""
    service, text = _find(visit), visit.field("source").replace("\r\n", "\n")
    result, marks = await _run(visit, service, text)
    if "hx-request" in visit.request.headers:
        fresh = service.kind == "flow" and bool(text)
        diagram = of_source(text, _shown(await _check(visit, text))) if fresh else None
        fragment = render("packages/_run.html", result=result, fresh=fresh, diagram=diagram, marks=marks)
        return Response(fragment, media_type="text/html")
    source = _source(visit, service)
    return await _page(
        visit,
        service,
        visit.field("source") or (source.text if source else ""),
        source.digest if source else "",
        result=result,
        marks=marks,
    )


async def _check(visit: Visit, text: str) -> list[Problem]:
    return check_source(visit.catalogue, text, await visit.parts.directory.connections())


async def _run(visit: Visit, service: Service, text: str) -> tuple[dict[str, Any], Marks]:
    try:
        values = msgspec.json.decode(visit.field("input").encode() or b"{}", type=dict[str, Any])
        catalogue = with_draft(visit.catalogue, service, text) if service.kind == "flow" and text else visit.catalogue
    except msgspec.MsgspecError as error:
        refused = ServiceError(400, "The input is not a JSON object", str(error))
    except FlowProblems as found:
        refused = ServiceError(422, "The flow cannot run as it stands", "\n".join(map(str, found.problems)))
    else:
        return await _invoke(visit, catalogue, service, values, text)
    return show_run(Trace(), text, 0.0, error=refused), {}


async def _invoke(
    visit: Visit, catalogue: Catalogue, service: Service, values: dict[str, Any], text: str
) -> tuple[dict[str, Any], Marks]:
    limit = (await visit.parts.directory.settings()).service_time_limit
    trace, began = Trace(), time.monotonic()
    try:
        output = await visit.parts.runtime.invoke(
            catalogue, service.name, values, _caller(visit), seconds=limit, trace=trace
        )
        result = show_run(trace, text, time.monotonic() - began, output=to_json(output, service))
    except ServiceError as error:
        result = show_run(trace, text, time.monotonic() - began, error=error)
    return result, marks_of(trace, text)


def _caller(visit: Visit) -> Caller:
    user = visit.found.user
    return Caller(kind="user", subject=user.user.id, groups=user.groups, username=user.user.name)


def _find(visit: Visit) -> Service:
    service = visit.catalogue.service(visit.query("name"))
    if service is None:
        raise NotFound(f"There is no service {visit.query('name')}.")
    return service


def _source(visit: Visit, service: Service) -> Source | None:
    if service.kind == "builtin":
        return None
    try:
        return read_source(visit.parts.packages_folder, service)
    except (NotFound, UnicodeDecodeError):
        return None


async def _saved(
    visit: Visit,
    service: Service,
    text: str,
    revision: str,
    saved: str | None,
    problems: list[dict[str, Any]],
    status: int,
) -> Response:
    if "hx-request" not in visit.request.headers:
        return await _page(visit, service, text, revision, problems=problems, saved=saved, status=status)
    fragment = render("packages/_saved.html", saved=saved, problems=problems, revision=revision, conflict=status == 409)
    headers = {"HX-Trigger": "gatewright:saved"} if saved else {}
    return Response(fragment, 200 if saved else 422, headers, "text/html")


async def _page(
    visit: Visit, service: Service, text: str, revision: str, *, problems: list[dict[str, Any]] | None = None,
    saved: str | None = None, result: dict[str, Any] | None = None, marks: Marks | None = None, status: int = 200,
) -> Response:  # fmt: skip
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
        words=_words(visit),
        input=visit.field("input") or pretty_json(dict(service.sample)),
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


async def _acl(visit: Visit, name: str) -> dict[str, Any] | None:
    acls = await visit.parts.directory.acls()
    target = deciding_target(acls, name)
    return {"target": target, "groups": acls[target]} if target else None


def _schema(schema: Any) -> str:
    return pretty_json(dict(schema)) if schema else ""


def _words(visit: Visit) -> list[dict[str, str]]:
    """What completion offers where a service can be named."""
    return [{"label": name, "detail": each.title or each.kind} for name, each in visit.catalogue.services.items()]


def _curl(visit: Visit, service: Service) -> str:
    body = msgspec.json.encode(dict(service.sample)).decode().replace("'", "'\\''")
    return (
        f'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d \'{body}\''
        f" {visit.parts.server.issuer}{invoke_path(service.name)}"
    )


def _shown(problems: list[Problem]) -> list[dict[str, Any]]:
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


def _of_service(problem: Any) -> dict[str, Any]:
    return {"line": problem.line, "column": problem.column, "severity": "error", "message": problem.message}
