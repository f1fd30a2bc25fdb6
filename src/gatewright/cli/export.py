"""`gatewright export`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import Usage
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import write_text
from gatewright.cli.workspace import Shell
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import NotFound
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Transaction


async def export(
    *,
    config: Annotated[bool, Parameter(name="--config", help="What is kept, as a file that apply reads.")] = False,
    postman: Annotated[bool, Parameter(name="--postman", help="A Postman collection for one client.")] = False,
    bruno: Annotated[
        bool, Parameter(name="--bruno", help="A Bruno collection for one client, into the folder --output.")
    ] = False,
    openapi: Annotated[bool, Parameter(name="--openapi", help="The OpenAPI 3.1 description of all services.")] = False,
    package: Annotated[str | None, Parameter(help="The only package that is described.")] = None,
    client: Annotated[
        str | None, Parameter(help="The client of the collection, by client_id or name; default: the oldest.")
    ] = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write to this file.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Print what other tools read, or write it to a file."""
    if config + postman + bruno + openapi != 1:
        raise Usage("say what to export: --config, --postman, --bruno or --openapi")
    if bruno and output is None:
        raise Usage("a Bruno collection is a folder: name it by --output")
    async with opened(workspace) as shell:
        if bruno and output is not None:
            print(f"{await _bruno(shell, client, output)} files are written below {output}; open that folder in Bruno.")
            return
        if openapi:
            text = await _openapi(shell, package)
        else:
            text = await _configuration(shell) if config else await _postman(shell, client)
    if output is None:
        print(text, end="")
    else:
        write_text(output, text)
        print(f"{output} is written.")


async def _configuration(shell: Shell) -> str:
    from gatewright.admin.export import as_yaml
    from gatewright.admin.export import configuration

    return as_yaml(await shell.database.read(configuration))


async def _postman(shell: Shell, client: str | None) -> str:
    import msgspec

    from gatewright.admin.postman import collection

    client_id = await _client_id(shell, client)
    made = await collection(shell.database, client_id, shell.settings.issuer, shell.catalogue())
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


async def _bruno(shell: Shell, client: str | None, folder: Path) -> int:
    """Write the collection; how many files it has. Raises Usage when something else is in the folder."""
    from gatewright.admin.bruno import collection

    if _is_something_else(folder):
        raise Usage(f"{folder} is not empty and no Bruno collection; name another folder")
    client_id = await _client_id(shell, client)
    files = await collection(shell.database, client_id, shell.settings.issuer, shell.catalogue())
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    return len(files)


def _is_something_else(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not (folder / "bruno.json").is_file()


async def _client_id(shell: Shell, client: str | None) -> str:
    from gatewright.cli.clients import find

    return await shell.database.read(find, client) if client else await shell.database.read(_oldest)


async def _openapi(shell: Shell, package: str | None) -> str:
    import msgspec

    from gatewright.services.coverage import Openings
    from gatewright.services.openapi import Sources
    from gatewright.services.openapi import document

    catalogue = shell.catalogue()
    if package is not None and package not in catalogue.packages:
        raise NotFound(f"there is no package {package}")
    found = {scope.name: scope for scope in await shell.database.read(scopes.all_scopes)}
    sources = Sources(
        issuer=shell.settings.issuer,
        catalogue=catalogue,
        scopes=found,
        openings=Openings(found.values()),
        acls=await shell.database.read(access.all_acls),
    )
    made = document(sources, lambda service, template: True, package)
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _oldest(transaction: Transaction) -> str:
    found = clients.page(transaction, limit=1000)
    if not found:
        raise NotFound("there is no client yet; make one with: gatewright client create NAME")
    return min(found, key=lambda client: (client.created_at, client.label)).client_id
