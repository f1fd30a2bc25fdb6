"""Installing and removing packages; putting them and their services out of use and into use again."""

import io
from functools import partial
from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gatewright.admin import package_installing
from gatewright.admin import packages as operations
from gatewright.admin.widening import concerned_by_target
from gatewright.console.proof import ask_for_proof
from gatewright.console.visit import MOST_FORM_BYTES
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.console.widening import foreseen
from gatewright.kernel.errors import NotFound
from gatewright.services.installing import CannotInstall
from gatewright.services.installing import zip_source
from gatewright.services.names import is_service
from gatewright.store.database import Verb

_LIST: Final = "/console/packages"
_TRAIL: Final = [("Packages", _LIST)]
_MEGABYTES: Final = MOST_FORM_BYTES // 1_048_576


async def install(visit: Visit) -> Response:
    """The form that takes a package as a zip file; whoever installs one runs its code, so proof comes first."""
    if asked := await ask_for_proof(visit):
        return asked
    sent = visit.form.get("package")
    if not isinstance(sent, UploadFile):
        return _form(visit)
    content = await sent.read()
    if not content:
        return _form(visit, {"package": "Choose the zip file of a package."})
    force = visit.field("force") == "true"
    try:
        done = await package_installing.install(
            visit.parts.database,
            visit.by,
            visit.parts.packages_folder,
            zip_source(io.BytesIO(content)),
            f"{(sent.filename or 'a zip file')[:200]}, uploaded",
            share=visit.parts.shared.active,
            force=force,
        )
    except CannotInstall as refused:
        return _form(visit, {"package": _sentence(refused.message)}, refused.findings)
    await visit.parts.watcher.refresh()
    instead = f" in place of {done.before}" if done.before is not None else ""
    return visit.go(_LIST, f"Installed {done.name} {done.version}{instead}. In force from the next call on.")


async def remove(visit: Visit) -> Response:
    """Take a package away, after saying what stops."""
    name = visit.query("package")
    loaded = visit.catalogue.packages.get(name) if name else None
    if loaded is None:
        raise NotFound(f"There is no package {name}.")
    if visit.is_post:
        await package_installing.remove(
            visit.parts.database,
            visit.by,
            visit.parts.packages_folder,
            name,
            visit.catalogue,
            share=visit.parts.shared.active,
        )
        await visit.parts.watcher.refresh()
        return visit.go(_LIST, f"Package {name} removed.")
    return visit.ask(
        section="packages",
        trail=_TRAIL,
        heading=f"Remove {name}?",
        sentences=[
            f"Its {counted(len(loaded.services), 'service')} and URL templates are gone at once.",
            "Scopes and access lists that name them keep their entries.",
            f"Its files stay in packages/.former/{name} until another {name} is installed or removed.",
        ],
        action=f"{_LIST}/remove?package={name}",
        button="Remove package",
        danger=True,
        cancel=_LIST,
    )


async def enable(visit: Visit) -> Response:
    """Put a package or a service into use again, after asking."""
    target = visit.query("target")
    if visit.is_post:
        await visit.write(operations.enable, visit.by, target)
        await visit.parts.watcher.refresh()
        return visit.go(_back(target), f"{target} enabled. In force from the next call on.")
    told = ["Calls of it are answered again, on every worker and node within a second."]
    return await _ask(visit, target, "Enable", told, partial(operations.enable, by=visit.by, target=target))


async def disable(visit: Visit) -> Response:
    """Put a package or a service out of use, after asking."""
    target = visit.query("target")
    if visit.is_post:
        await visit.write(operations.disable, visit.by, target, visit.catalogue)
        await visit.parts.watcher.refresh()
        return visit.go(_back(target), f"{target} disabled. Calls of it are answered with 503.")
    sentences = ["Calls of it are answered with 503 until it is enabled again; calls that are under way finish."]
    if not is_service(target):
        sentences.append("None of its Python files is run meanwhile, and packages that need it stop too.")
    change = partial(operations.disable, by=visit.by, target=target, catalogue=visit.catalogue)
    return await _ask(visit, target, "Disable", sentences, change)


async def _ask(visit: Visit, target: str, word: str, sentences: list[str], change: Verb[[], object]) -> Response:
    known = visit.catalogue.services if is_service(target) else visit.catalogue.packages
    if not target or (target not in known and word == "Disable"):
        raise NotFound(f"There is no package or service {target}.")
    concerned = await visit.read(concerned_by_target, target, visit.catalogue)
    difference, items = await foreseen(visit, concerned, change)
    return visit.ask(
        section="packages",
        trail=_TRAIL,
        heading=f"{word} {target}?",
        sentences=[*sentences, *difference],
        items=items,
        action=f"{_LIST}/{word.lower()}?target={target}",
        button=f"{word} {'service' if is_service(target) else 'package'}",
        danger=word == "Disable",
        cancel=_back(target),
    )


def _back(target: str) -> str:
    return f"/console/services?name={target}" if is_service(target) else _LIST


def _form(visit: Visit, errors: dict[str, str] | None = None, findings: tuple[str, ...] = ()) -> Response:
    return visit.page(
        "packages/package_install.html",
        422 if errors else 200,
        errors=errors or {},
        findings=findings,
        megabytes=_MEGABYTES,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip(':')}."
