"""URI templates: the simple expansion of RFC 6570 §3.2.2, over the top-level scalars of the current data."""

import re
from typing import Any
from urllib.parse import quote
from urllib.parse import urlsplit

from gatewright.flow.errors import standard_error

_EXPRESSION = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")


class UriProblem(Exception):
    """A template that cannot be used."""


class UriTemplate:
    """A parsed template. Raises UriProblem for braces that are no simple `{name}`."""

    def __init__(self, text: str) -> None:
        parts = _EXPRESSION.split(text)
        self._literals, self.names = parts[::2], tuple(parts[1::2])
        if any("{" in literal or "}" in literal for literal in self._literals):
            raise UriProblem("only {name}, with a name of the current data, may stand in braces")
        if re.search(r"[\s\x00-\x1f]", text.strip()):
            raise UriProblem("an address has no spaces")

    def expand(self, data: Any) -> str:
        """The address, each value percent-encoded. A missing or non-scalar value is an expression error."""
        if not self.names:
            return self._literals[0].strip()
        expanded = [self._literals[0]]
        for name, literal in zip(self.names, self._literals[1:], strict=True):
            expanded += (quote(_scalar(data, name), safe=""), literal)
        return "".join(expanded).strip()


def _scalar(data: Any, name: str) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    if value is None:
        raise standard_error("expression", f"the address needs {name!r}, which the current data do not have")
    if isinstance(value, dict | list):
        raise standard_error("expression", f"the address needs {name!r} to be a text, a number or a boolean")
    return text_of(value)


def text_of(value: Any) -> str:
    """A scalar as it stands in an address or a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def require_http(address: str) -> str:
    """The address, when it is an absolute one of http or https, else a configuration error."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise standard_error(
            "configuration", f"not an absolute http or https address: {without_query(address)[:200]!r}"
        )
    return address


def without_query(address: str) -> str:
    """An address as messages may show it: no query, which may hold secrets, and no userinfo."""
    address = address.split("?", 1)[0].split("#", 1)[0]
    return re.sub(r"//[^/@]*@", "//", address)
