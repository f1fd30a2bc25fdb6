"""Errors that people meet outside the protocols: at start, in the shell, in the console's forms."""

import msgspec


class GatewrightError(Exception):
    """A refusal that one clear line explains. `str()` is that line."""


class StartupError(GatewrightError):
    """The server or a command cannot start; exit status 1."""


class Unavailable(GatewrightError):
    """Something we depend on does not answer now; HTTP 503 with Retry-After."""


class NotFound(GatewrightError):
    """The thing named does not exist; HTTP 404."""


class Conflict(GatewrightError):
    """It was changed meanwhile, or something of that name exists; HTTP 409."""


class Forbidden(GatewrightError):
    """The actor may not do this; HTTP 403."""


class FieldError(msgspec.Struct, frozen=True):
    """One refused field: its name as the form and the API spell it, and a sentence that says what to change."""

    field: str
    message: str


class Invalid(GatewrightError):
    """A document or form was refused whole; every field that is wrong is named. HTTP 422, or the form again."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors
