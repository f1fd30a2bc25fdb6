"""The shapes that several tasks share, keyword by keyword as the standard's reference names them (DSL 1.0.3)."""

from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import items
from gatewright.flow.shapes import just_one
from gatewright.flow.shapes import named
from gatewright.flow.shapes import text
from gatewright.flow.shapes import whole
from gatewright.flow.shapes import word

_AMOUNT = by_type(number=whole(0, 10**9), string=text)

DURATION = by_type(
    string=text,
    mapping=fields(dict.fromkeys(("days", "hours", "minutes", "seconds", "milliseconds"), _AMOUNT)),
)

SCHEMA = fields(
    {
        "format": word("json", "json:draft-07", "json:2019-09", "json:2020-12"),
        "document": by_type(mapping=any_value),
    },
    ("document",),
    refused={"resource": "a schema is not fetched from elsewhere: write it inline under 'document'"},
)

_VALUE = by_type(string=text, mapping=any_value)
INPUT = fields({"schema": SCHEMA, "from": _VALUE})
OUTPUT = fields({"schema": SCHEMA, "as": _VALUE})
EXPORT = fields({"schema": SCHEMA, "as": _VALUE})

TIMEOUT = fields({"after": DURATION}, ("after",))
TIMEOUT_OR_NAME = by_type(string=text, mapping=TIMEOUT)

COMMON = {
    "if": text,
    "input": INPUT,
    "output": OUTPUT,
    "export": EXPORT,
    "timeout": TIMEOUT_OR_NAME,
    "then": text,
    "metadata": by_type(mapping=any_value),
}
"""The keywords of every task."""

ERROR = fields(
    {
        "type": text,
        "status": by_type(number=whole(100, 599), string=text),
        "title": text,
        "detail": text,
        "instance": text,
    },
    ("type", "status"),
)

_NO_FIELDS = fields({})
RETRY = fields(
    {
        "when": text,
        "exceptWhen": text,
        "delay": DURATION,
        "backoff": just_one({"constant": _NO_FIELDS, "linear": _NO_FIELDS, "exponential": _NO_FIELDS}),
        "limit": fields(
            {"attempt": fields({"count": whole(0, 10**6), "duration": DURATION}), "duration": DURATION},
        ),
        "jitter": fields({"from": DURATION, "to": DURATION}, ("from", "to")),
    }
)

_TOKEN = fields({"token": text, "type": text}, ("token", "type"))
_CLIENT = fields(
    {
        "id": text,
        "secret": text,
        "assertion": text,
        "authentication": word(
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"
        ),
    }
)
_GRANT = word(
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    refused={
        "authorization_code": "the authorization_code grant needs a person at a browser: use a connection of the server",
        "refresh_token": "a refresh token is kept by a connection of the server, not by a flow",
    },
)
_OIDC = {
    "authority": text,
    "grant": _GRANT,
    "client": _CLIENT,
    "request": fields({"encoding": word("application/x-www-form-urlencoded", "application/json")}),
    "issuers": items(text),
    "scopes": items(text),
    "audiences": items(text),
    "username": text,
    "password": text,
    "subject": _TOKEN,
    "actor": _TOKEN,
    "use": text,
}
_OAUTH2 = _OIDC | {"endpoints": fields({"token": text, "revocation": text, "introspection": text})}

AUTHENTICATION = just_one(
    {
        "use": text,
        "basic": fields({"username": text, "password": text, "use": text}),
        "bearer": fields({"token": text, "use": text}),
        "digest": fields({"username": text, "password": text, "use": text}),
        "oauth2": fields(_OAUTH2),
        "oidc": fields(_OIDC),
    },
    refused={"certificate": "client certificates belong to a connection of the server, not to a flow"},
)
AUTHENTICATION_OR_NAME = by_type(string=text, mapping=AUTHENTICATION)

ENDPOINT = by_type(string=text, mapping=fields({"uri": text, "authentication": AUTHENTICATION_OR_NAME}, ("uri",)))
RESOURCE = fields({"name": text, "endpoint": ENDPOINT}, ("endpoint",))

USE = fields(
    {
        "authentications": named(AUTHENTICATION),
        "errors": named(ERROR),
        "functions": named(by_type(mapping=any_value)),
        "retries": named(RETRY),
        "timeouts": named(TIMEOUT),
        "secrets": items(text),
    },
    refused={
        "catalogs": "remote catalogs are outside the synchronous profile: call a service of this server by its name",
        "extensions": "extensions are outside the synchronous profile",
    },
)
