"""`gatewright flow`: without a server and without a workspace."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import group
from gatewright.flow.command import Outcome
from gatewright.flow.command import check_file
from gatewright.flow.command import run_file

app = group("flow", "Flow documents, without a server.")
FlowArgument = Annotated[Path, Parameter(help="The flow's document, *.flow.yaml.")]


@app.command
def check(file: FlowArgument, /) -> int:
    """Say all that is wrong with a flow, each with its place and mend."""
    from gatewright.services.builtin.alone import BuiltinsAlone

    return _print(check_file(file, BuiltinsAlone(file.parent)))


@app.command
def run(
    file: FlowArgument,
    /,
    *,
    input: Annotated[str | None, Parameter(help="The input as JSON, or @FILE; default {}.")] = None,  # noqa: A002
    allowed_hosts: Annotated[
        list[str] | None, Parameter(help="A host the flow may call; may be repeated; none given: any host.")
    ] = None,
) -> int:
    """Run a flow and print its output as JSON; its error is problem details on the error stream."""
    from gatewright.services.builtin.alone import BuiltinsAlone
    from gatewright.services.builtin.alone import call_alone

    return _print(run_file(file, input, allowed_hosts, BuiltinsAlone(file.parent), call_alone))


def _print(outcome: Outcome) -> int:
    sys.stdout.write(outcome.output)
    sys.stderr.write(outcome.error)
    return outcome.status
