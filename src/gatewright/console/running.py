"""Running a service in the console: a flow as it stands in the editor, step by step if wanted, and runs that failed."""

import time
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import audit
from gatewright.console.diagram import of_source
from gatewright.console.run_caller import caller_of
from gatewright.console.run_caller import chosen
from gatewright.console.run_caller import objection
from gatewright.console.run_result import Marks
from gatewright.console.run_result import marks_of
from gatewright.console.run_result import show_run
from gatewright.console.service_page import check_text
from gatewright.console.service_page import find_service
from gatewright.console.service_page import folder_of_file
from gatewright.console.service_page import page
from gatewright.console.service_page import shown
from gatewright.console.service_page import source_of
from gatewright.console.stepping import opened
from gatewright.console.stepping import stepper_of
from gatewright.console.stepping import stopped
from gatewright.console.templating import render
from gatewright.console.visit import Visit
from gatewright.flow import FlowProblems
from gatewright.flow import Trace
from gatewright.flow.stepper import Paused
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.draft import with_draft
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import to_json


async def run(visit: Visit) -> Response:
    """Run the service, a flow as it stands in the editor, and show each step."""
    service, text = find_service(visit), visit.field("source").replace("\r\n", "\n")
    result, marks = await _run(visit, service, text)
    if "hx-request" in visit.request.headers:
        fresh = service.kind == "flow" and bool(text)
        diagram = of_source(text, shown(await check_text(visit, text))) if fresh else None
        fragment = render("packages/_run.html", result=result, fresh=fresh, diagram=diagram, marks=marks)
        return Response(fragment, media_type="text/html")
    source = source_of(visit, service)
    kept = source.text if source else ""
    return await page(visit, service, text or kept, source.digest if source else "", result=result, marks=marks)


async def _run(visit: Visit, service: Service, text: str) -> tuple[dict[str, Any], Marks]:
    try:
        session = opened(visit, service.name, text)
        values = session.values if session else _input(visit)
        caller = session.caller if session else await caller_of(visit, chosen(visit))
        trace = stepper_of(visit, session)
        catalogue = visit.catalogue
        if service.kind == "flow" and text:
            catalogue = with_draft(catalogue, service, text, folder_of_file(visit, service))
    except FlowProblems as found:
        refused = ServiceError(422, "The flow cannot run as it stands", "\n".join(map(str, found.problems)))
    except ServiceError as error:
        refused = error
    else:
        if caller.subject != visit.found.user.user.id:
            told = {"as": caller.username or caller.client_id or "nobody"}
            await visit.write(audit.record, visit.by, "service.run", service.name, None, told)
        result, marks = await _invoke(visit, catalogue, service, values, caller, trace, text)
        result["test"] = f"/console/services/tests/add?name={quote(service.name)}" if service.package else ""
        result["note"] = await objection(visit, service, chosen(visit), caller)
        return result, marks
    return show_run(Trace(), text, 0.0, error=refused), {}


def _input(visit: Visit) -> dict[str, Any]:
    try:
        return msgspec.json.decode(visit.field("input").encode() or b"{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ServiceError(400, "The input is not a JSON object", str(error)) from None


async def _invoke(
    visit: Visit, catalogue: Catalogue, service: Service, values: dict[str, Any], caller: Caller, trace: Any, text: str
) -> tuple[dict[str, Any], Marks]:
    limit = (await visit.parts.directory.settings()).service_time_limit
    began = time.monotonic()
    halt = None
    try:
        output = await visit.parts.runtime.invoke(
            catalogue, service.name, values, caller, seconds=limit, trace=trace, request=visit.reference
        )
        result = show_run(trace, text, time.monotonic() - began, output=to_json(output, service))
    except ServiceError as error:
        result = show_run(trace, text, time.monotonic() - began, error=error)
    except Paused as paused:
        halt = stopped(visit, service.name, text, values, caller, trace, paused.halt)
        result = show_run(trace, text, time.monotonic() - began, stopped=halt)
    marks = marks_of(trace, text)
    if halt is not None:
        mark = marks.setdefault(halt["pointer"], {"runs": 0, "milliseconds": 0.0, "thens": []})
        mark["state"] = "paused"
    return result, marks
