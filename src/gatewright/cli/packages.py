"""`gatewright package`."""

from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.package_tests import run as run_tests
from gatewright.cli.workspace import find_workspace
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.loader import Loader

app = group("package", "Packages and their services.")
app.command(run_tests, name="test")


@app.command(name="list")
def list_(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the services of all packages, with their URL templates and what disables them."""
    catalogue = Loader(find_workspace(workspace) / "packages").load()
    if json:
        print_json([_line(service, catalogue) for service in catalogue.services.values()])
        return
    rows = [
        (service.package, service.name, service.kind, service.enabled, ", ".join(_templates(service, catalogue)))
        for service in catalogue.services.values()
    ]
    print_table(("package", "service", "kind", "active", "url templates"), rows)
    for problem in catalogue.problems():
        print(problem)


def _line(service: Service, catalogue: Catalogue) -> dict[str, object]:
    return {
        "package": service.package,
        "service": service.name,
        "kind": service.kind,
        "active": service.enabled,
        "url_templates": _templates(service, catalogue),
        "problems": [str(problem) for problem in service.problems],
    }


def _templates(service: Service, catalogue: Catalogue) -> list[str]:
    return [template.text for template in catalogue.templates_of(service.name)]
