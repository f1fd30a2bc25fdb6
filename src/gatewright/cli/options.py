"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

from cyclopts import App
from cyclopts import Parameter

from gatewright.kernel.errors import GatewrightError

WorkspaceOption = Annotated[
    Path | None,
    Parameter(name=["--workspace", "-w"], help="The workspace's folder; default: the current one, else ./workspace."),
]
JsonOption = Annotated[bool, Parameter(name="--json", help="Print JSON.")]


class Usage(GatewrightError):
    """The arguments do not fit together; exit status 2."""


def group(name: str, text: str) -> App:
    """A command that has commands of its own."""
    return App(name=name, help=text, default_parameter=Parameter(negative="", show_default=False), version_flags=[])


def read_text(file: Path) -> str:
    """The text of a file that an argument names. Raises GatewrightError."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise GatewrightError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise GatewrightError(f"{file} cannot be read: it is no UTF-8 text") from None


def write_text(file: Path, text: str) -> None:
    """Write a file that an argument names. Raises GatewrightError."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GatewrightError(f"{file} cannot be written: {error.strerror}") from None
