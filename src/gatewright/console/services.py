"""A service's page: what it is, who may call it, its source, checking and saving it."""

from typing import Any

from starlette.responses import JSONResponse
from starlette.responses import Response

from gatewright.admin import service_versions
from gatewright.console.diagram import of_source
from gatewright.console.run_result import show_failing_run
from gatewright.console.saving import keep
from gatewright.console.service_page import check_text
from gatewright.console.service_page import find_service
from gatewright.console.service_page import of_service
from gatewright.console.service_page import page
from gatewright.console.service_page import shown
from gatewright.console.service_page import source_of
from gatewright.console.templating import pretty_json
from gatewright.console.templating import render
from gatewright.console.versions import show_conflict
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Service
from gatewright.store import failing_runs
from gatewright.store import service_versions as versions_store


async def show(visit: Visit) -> Response:
    """The service's page."""
    service = find_service(visit)
    source = source_of(visit, service)
    text = source.text if source else ""
    found = await check_text(visit, text) if service.kind == "flow" else []
    problems = shown(found) if service.kind == "flow" else [of_service(problem) for problem in service.problems]
    problems += [
        of_service(each) | {"severity": "warning"} for each in visit.parts.documents.problems().get(service.name, ())
    ]
    revision = source.digest if source else ""
    if visit.query("run"):
        return await _show_run(visit, service, text, revision, problems)
    given = await _example(visit, service)
    return await page(visit, service, text, revision, problems=problems, given=given)


async def _show_run(
    visit: Visit, service: Service, text: str, revision: str, problems: list[dict[str, Any]]
) -> Response:
    """The page with a run that failed, ready to be run again with the same input."""
    run = await visit.read(failing_runs.find, visit.query("run"))
    if run is None or run.service != service.name:
        raise NotFound("That run is not kept any more.")
    result, marks = show_failing_run(run, text)
    result["note"] = (
        "This is the run as it was recorded. Run starts it again, with the same input; *** stands for secrets."
    )
    given = pretty_json(run.input)
    return await page(visit, service, text, revision, problems=problems, result=result, marks=marks, given=given)


async def _example(visit: Visit, service: Service) -> str:
    if not visit.query("example"):
        return ""
    return (await visit.read(versions_store.examples, service.name)).get(visit.query("example"), "")


async def example(visit: Visit) -> Response:
    """Keep the input under a name, or let go of one; the list, or the page again."""
    service = find_service(visit)
    if visit.field("remove"):
        await visit.write(service_versions.delete_example, service.name, visit.field("remove"))
    else:
        await visit.write(service_versions.save_example, service.name, visit.field("example"), visit.field("input"))
    if "hx-request" in visit.request.headers:
        examples = await visit.read(versions_store.examples, service.name)
        return Response(render("packages/_examples.html", examples=examples, service=service), media_type="text/html")
    return visit.go(f"/console/services?name={service.name}", "The examples are changed.")


async def check(visit: Visit) -> Response:
    """The problems of the text in the editor, for its underlines, its diagram, and whether another has saved meanwhile."""
    text = visit.field("source").replace("\r\n", "\n")
    problems = shown(await check_text(visit, text))
    diagram = render("packages/_diagram.html", diagram=of_source(text, problems), marks={})
    source = source_of(visit, find_service(visit))
    changed = source is not None and source.digest != visit.field("revision")
    return JSONResponse({"problems": problems, "diagram": diagram, "changed": changed})


async def save(visit: Visit) -> Response:
    """Keep the text in the editor as the service's file, in force at once. A broken flow is kept, and disabled."""
    service, text, revision = find_service(visit), visit.field("source").replace("\r\n", "\n"), visit.field("revision")
    if service.kind != "flow":
        raise Conflict("Only flows are edited here.")
    problems = await check_text(visit, text)
    try:
        source = await keep(visit, service, text, revision, visit.field("note").strip())
    except Conflict:
        if "hx-request" not in visit.request.headers:
            return show_conflict(visit, service, text, 409)
        return await _saved(visit, service, text, revision, None, shown(problems), 409)
    saved = visit.catalogue.service(service.name)
    broken = saved is None or not saved.enabled
    sentence = (
        "Saved, but the service is disabled until the problems below are mended."
        if broken
        else "Saved. In force from the next call on."
    )
    return await _saved(visit, service, text, source.digest, sentence, shown(problems), 200)


async def resume(visit: Visit) -> Response:
    """The editor again with a text that is not saved, on top of what is kept now."""
    service, text = find_service(visit), visit.field("source").replace("\r\n", "\n")
    return await page(visit, service, text, visit.field("revision"), problems=shown(await check_text(visit, text)))


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
        return await page(visit, service, text, revision, problems=problems, saved=saved, status=status)
    fragment = render("packages/_saved.html", saved=saved, problems=problems, revision=revision, conflict=status == 409)
    headers = {"HX-Trigger": "gatewright:saved"} if saved else {}
    return Response(fragment, 200 if saved else 422, headers, "text/html")
