"""The way to mail servers of connections. For threads: it waits."""

import smtplib
import ssl
from collections.abc import Iterable
from email.message import EmailMessage

from gatewright.flow import FlowError
from gatewright.flow import standard_error
from gatewright.store.connections import Connection

_SECONDS = 30.0
_LEAST_SECONDS = 0.1


def deliver(connection: Connection, password: str, message: EmailMessage, to: Iterable[str], seconds: float) -> None:
    """Hand a message to the mail server; all recipients or none. Raises FlowError with a sentence without secrets."""
    try:
        with _signed_in(connection, password, seconds) as server:
            refused = server.send_message(message, to_addrs=list(to))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failed(connection, error) from None
    if refused:
        raise _undelivered(connection, f"did not take the mail for {', '.join(sorted(refused))}")


def sign_in(connection: Connection, password: str, seconds: float = _SECONDS) -> str:
    """Sign in and leave again: a sentence about it. Raises FlowError."""
    try:
        with _signed_in(connection, password, seconds) as server:
            server.noop()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failed(connection, error) from None
    return f"{connection.server} let us in{' as ' + connection.username if connection.username else ''}."


def _signed_in(connection: Connection, password: str, seconds: float) -> smtplib.SMTP:
    host, _, port = connection.server.rpartition(":")
    timeout = min(max(seconds, _LEAST_SECONDS), _SECONDS)
    host = host.strip("[]")
    server: smtplib.SMTP
    if connection.encryption == "tls":
        server = smtplib.SMTP_SSL(host, int(port), timeout=timeout, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, int(port), timeout=timeout)
    try:
        if connection.encryption == "starttls":
            server.starttls(context=ssl.create_default_context())
        if connection.username:
            server.login(connection.username, password)
    except BaseException:
        server.close()
        raise
    return server


def _failed(connection: Connection, error: Exception) -> FlowError:
    if isinstance(error, TimeoutError):
        return standard_error("timeout", f"{connection.server} gave no answer in time", origin="call")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _undelivered(connection, f"refused the user name or password ({error.smtp_code})")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _undelivered(connection, f"took the mail for nobody of {', '.join(sorted(error.recipients))}")
    if isinstance(error, smtplib.SMTPResponseException):
        return _undelivered(connection, f"answered {error.smtp_code}")
    return _undelivered(connection, f"cannot be used: {type(error).__name__}")


def _undelivered(connection: Connection, what: str) -> FlowError:
    return standard_error("communication", f"the mail server {connection.server} {what}", origin="call")
