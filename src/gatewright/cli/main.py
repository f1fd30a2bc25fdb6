"""The entry point of `gatewright`. Exit status: 0 done, 1 refused or failed, 2 wrong usage."""

import sys
from typing import Final

from cyclopts import App
from cyclopts import CycloptsError
from cyclopts import Parameter

from gatewright import __version__
from gatewright.cli.options import Usage
from gatewright.kernel.errors import GatewrightError

_COMMANDS: Final = {
    "init": ("start:init", "Make a workspace."),
    "run": ("start:run", "Start the server."),
    "migrate": ("start:migrate", "Bring the database to this release's schema."),
    "apply": ("change:apply", "Bring clients, scopes, settings and users to what a file says."),
    "export": ("export:export", "Print a configuration or a Postman collection."),
    "flow": ("flow:app", "Flow documents, without a server."),
    "client": ("clients:app", "Registered applications."),
    "scope": ("scopes:app", "Scopes: named permissions."),
    "user": ("users:app", "Users, their groups and passwords."),
    "token": ("tokens:app", "Issued tokens."),
    "package": ("packages:app", "Packages and their services."),
    "audit": ("audit:app", "Who changed what."),
    "doctor": ("doctor:doctor", "Check the configuration and the running server."),
}

app: Final = App(
    name="gatewright",
    help="An integration server whose APIs are secured by OAuth 2.0.",
    version=__version__,
    default_parameter=Parameter(negative=""),
)
for _name, (_where, _help) in _COMMANDS.items():
    app.command(f"gatewright.cli.{_where}", name=_name, help=_help)


def main() -> None:
    """Run the command that the arguments name."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    try:
        status = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        print(f"{error}\nSee: gatewright --help", file=sys.stderr)
        return 2
    except GatewrightError as error:
        print(f"gatewright: {error}", file=sys.stderr)
        return 2 if isinstance(error, Usage) else 1
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"gatewright: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0
