"""`@text`, `@json`, `@csv` and the others."""

import base64
import binascii
import html
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.texts import json_text
from gatewright.flow.jq.texts import to_json
from gatewright.flow.jq.texts import to_text

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def _html(budget: Budget, value: Any) -> str:
    return html.escape(to_text(budget, value)).replace("&#x27;", "&#39;")


def _uri(budget: Budget, value: Any) -> str:
    return urllib.parse.quote(to_text(budget, value).encode("utf-8", "replace"), safe="-_.~")


def _urid(budget: Budget, value: Any) -> str:
    return urllib.parse.unquote(to_text(budget, value), errors="replace")


def _row(budget: Budget, value: Any, form: str) -> list[Any]:
    if type(value) is not list:
        raise Raised(f"{described(value)} cannot be {form}-formatted, only an array can be")
    budget.spend(len(value))
    for one in value:
        if type(one) is list or type(one) is dict:
            raise Raised(f"{described(one)} is not valid in a {form} row")
    return value


def _scalar(value: Any) -> str:
    return "" if value is None else json_text(value)


def _csv(budget: Budget, value: Any) -> str:
    cells = _row(budget, value, "csv")
    return ",".join('"' + one.replace('"', '""') + '"' if type(one) is str else _scalar(one) for one in cells)


def _tsv(budget: Budget, value: Any) -> str:
    cells = _row(budget, value, "tsv")
    return "\t".join(one.translate(_TSV) if type(one) is str else _scalar(one) for one in cells)


def _sh(budget: Budget, value: Any) -> str:
    cells = value if type(value) is list else [value]
    budget.spend(len(cells))
    return " ".join(_shell_word(one) for one in cells)


def _shell_word(value: Any) -> str:
    if type(value) is list or type(value) is dict:
        raise Raised(f"{described(value)} can not be escaped for shell")
    return "'" + value.replace("'", "'\\''") + "'" if type(value) is str else json_text(value)


def _base64(budget: Budget, value: Any) -> str:
    return base64.b64encode(to_text(budget, value).encode("utf-8", "replace")).decode("ascii")


def _base64d(budget: Budget, value: Any) -> str:
    """Padding and foreign characters at the end are overlooked, as the language does."""
    text = to_text(budget, value)
    bare = text.rstrip("=")
    if _NOT_BASE64.search(bare) or len(bare) % 4 == 1:
        raise Raised(f"{described(text)} is not valid base64 data")
    return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")


def _base32(budget: Budget, value: Any) -> str:
    return base64.b32encode(to_text(budget, value).encode("utf-8", "replace")).decode("ascii")


def _base32d(budget: Budget, value: Any) -> str:
    text = to_text(budget, value).rstrip("=")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8)).decode("utf-8", "replace")
    except binascii.Error:
        raise Raised(f"{described(value)} is not valid base32 data") from None


FORMATS: dict[str, Callable[[Budget, Any], str]] = {
    "text": to_text,
    "json": to_json,
    "html": _html,
    "uri": _uri,
    "urid": _urid,
    "csv": _csv,
    "tsv": _tsv,
    "sh": _sh,
    "base64": _base64,
    "base64d": _base64d,
    "base32": _base32,
    "base32d": _base32d,
}
"""Each format by its name without the `@`."""


def apply_format(budget: Budget, value: Any, name: Any) -> str:
    """`format(name)`"""
    if type(name) is not str or name not in FORMATS:
        raise Raised(f"{described(name)} is not a valid format")
    return FORMATS[name](budget, value)
