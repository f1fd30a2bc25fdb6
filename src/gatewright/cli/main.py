"""The entry point of `gatewright`. Exit status: 0 done, 1 refused or failed, 2 wrong usage."""

import inspect
import sys
from typing import Final

from cyclopts import App
from cyclopts import CycloptsError
from cyclopts import Parameter

from gatewright import __version__
from gatewright.cli.options import Usage
from gatewright.kernel.errors import GatewrightError

_COMMANDS: Final = {
    "init": (
        "start:init",
        """Make a workspace: gatewright.yaml, packages/, data/, and the administrator.

        A gatewright.yaml that is there already is applied once. The administrator's password is taken from
        GATEWRIGHT_ADMIN_PASSWORD, else made and shown once.""",
    ),
    "run": (
        "start:run",
        """Start the server.

        Each setting comes from its flag, else from GATEWRIGHT_… in the environment, else from `server:` in the
        workspace's gatewright.yaml, else from its default.""",
    ),
    "apply": (
        "change:apply",
        """Bring clients, scopes, settings, users and ACLs to what a file says.

        The file is applied whole or not at all. A part that it leaves out stays as it is, and so does an absent field
        of something that exists. Prints what changes: + made, ~ changed, - removed. Secrets made for new clients are
        shown once.""",
    ),
    "export": (
        "export:export",
        """Print a configuration, a Postman collection or an OpenAPI description, or write a Bruno collection.

        Secrets and passwords are never in it.""",
    ),
    "flow": ("flow:app", "Check and run flow documents, without a server."),
    "client": ("clients:app", "Registered applications."),
    "scope": ("scopes:app", "Scopes: named permissions, and what they open."),
    "user": ("users:app", "Users, their groups and passwords."),
    "token": ("tokens:app", "Issued tokens."),
    "key": ("keys:app", "Signing keys."),
    "connection": ("connections:app", "Stored credentials for calling out."),
    "package": ("packages:app", "Packages and their services."),
    "audit": ("audit:app", "Who changed what."),
    "doctor": (
        "doctor:doctor",
        """Check the configuration and the running server against RFC 9700 and OAuth 2.1.

        The server is asked what a stranger could ask: nothing signs in, grants or changes. Each finding comes with the
        section that it is about and its mend. Exit status 1 when a finding is of the level of --fail-on.""",
    ),
    "migrate": (
        "start:migrate",
        """Bring the database to this release's schema, or move a store to PostgreSQL.

        SQLite migrates itself when the server starts; PostgreSQL only by this command and by init. With --from and
        --to a SQLite store is copied into an empty PostgreSQL database and compared with it; a copy that was broken
        off goes on where it stopped. Stop the server first.""",
    ),
    "backup": (
        "backup:backup",
        """Write store, packages and gatewright.yaml to a zip, as they are at one moment, while the server goes on.

        The master key is not in it.""",
    ),
    "restore": ("backup:restore", "Put a backup into a workspace without store and packages, on SQLite or PostgreSQL."),
}

app: Final = App(
    name="gatewright",
    help="An integration server whose APIs are secured by OAuth 2.0.",
    version=__version__,
    default_parameter=Parameter(negative="", show_default=False),
)
for _name, (_where, _help) in _COMMANDS.items():
    app.command(f"gatewright.cli.{_where}", name=_name, help=inspect.cleandoc(_help))


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
