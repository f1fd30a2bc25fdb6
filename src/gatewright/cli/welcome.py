"""What `init` and `run` tell people: where to go, who to sign in as, and lines to paste."""

import shlex
import shutil
import sys
from pathlib import Path

from gatewright.cli.bootstrap import EXAMPLE_CLIENT
from gatewright.cli.bootstrap import PASSWORD_VARIABLE
from gatewright.cli.bootstrap import FirstRun
from gatewright.cli.bootstrap import example_secret
from gatewright.kernel.settings import ServerSettings

_ACCESS_TOKEN = r"""sed 's/.*"access_token": *"\([^"]*\)".*/\1/'"""


def sign_in_lines(settings: ServerSettings, workspace: Path, name: str, first: FirstRun | None) -> list[str]:
    """The console's address and who to sign in as; a password that was just made is shown here and never again.

    name: an administrator's.
    """
    lines = [f"Console        {settings.issuer}/console/"]
    if first and first.password:
        lines.append(f"Administrator  {name}, one-time password {first.password} (shown only now)")
    elif first and first.made_administrator:
        lines.append(f"Administrator  {name}, with the password from {PASSWORD_VARIABLE}")
    else:
        lines.append(f"Administrator  {name}; for a new password: {reset_command(workspace, name)}")
    made = first.outcome if first else None
    for user, password in (made.passwords if made else {}).items():
        lines.append(f"User           {user}, one-time password {password} (shown only now)")
    for client_id, secret in (made.secrets if made else {}).items():
        if client_id != EXAMPLE_CLIENT:
            lines.append(f"Client         {client_id}, secret {secret} (shown only now)")
    return lines


def example_lines(settings: ServerSettings, workspace: Path) -> list[str]:
    """Lines to paste: one that gets a token for the example client, one that calls a service with it."""
    secret = example_secret(workspace)
    if not secret.is_file():
        return []
    credentials = f'-u "{EXAMPLE_CLIENT}:$(cat {shlex.quote(str(secret.absolute()))})"'
    curl = f"curl -s{_trust(settings)}"
    token = f"{curl} {credentials} -d grant_type=client_credentials -d scope=airports {settings.issuer}/oauth/token"
    call = f'{curl} -H "Authorization: Bearer $({token} | {_ACCESS_TOKEN})" {settings.issuer}/airports/JFK'
    return ["", "Get a token:", f"  {token}", "Call a service with one:", f"  {call}"]


def reset_command(workspace: Path, name: str) -> str:
    """The command that gives the administrator a new password."""
    return f"{command()} user reset-password {shlex.quote(name)} --workspace {shlex.quote(str(workspace))}"


def command() -> str:
    """What to type for this program: its name where the shell finds it, else the path it was started by."""
    return "gatewright" if shutil.which("gatewright") else shlex.quote(sys.argv[0])


def _trust(settings: ServerSettings) -> str:
    """The server's own certificate may be one that nobody else vouches for."""
    certificate = settings.tls_certificate
    return f" --cacert {shlex.quote(str(Path(certificate).absolute()))}" if certificate else ""
