"""Addresses that stand-ins of other servers answer at: `GET https://crm.example/customers/{id}?full=yes`."""

import re
from collections.abc import Mapping

import msgspec

_WRITTEN = re.compile(r"(?P<method>[A-Z]+|\*) +(?P<origin>https?://[^/?\s]+)(?P<path>/[^?\s]*)?(?:\?(?P<query>\S*))?\Z")
_PART = re.compile(r"\{[^{}/]*\}|\*\*|\*")
_STANDS_FOR = {"**": ".*", "*": "[^/]*"}


class Address(msgspec.Struct, frozen=True):
    """method: `*` for any. pattern: of scheme, host and path. query: what must be there, further names may be."""

    text: str
    method: str
    pattern: str
    query: Mapping[str, str]

    def matches(self, method: str, address: str, query: Mapping[str, str]) -> bool:
        """Whether a request goes here. address: its scheme, host and path."""
        if self.method not in ("*", method) or not re.fullmatch(self.pattern, address):
            return False
        return all(query.get(name) == value for name, value in self.query.items())


def parse_address(text: str) -> Address:
    """Read one. `{name}` and `*` stand for one segment or a part of it, `**` for all that follows. Raises ValueError."""
    match = _WRITTEN.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no method and address, as in `GET https://crm.example/customers/{{id}}`")
    path = match["path"] or "/"
    pattern, end = re.escape(match["origin"].lower()), 0
    for part in _PART.finditer(path):
        pattern += re.escape(path[end : part.start()]) + _STANDS_FOR.get(part[0], "[^/]+")
        end = part.end()
    given = (pair.partition("=") for pair in (match["query"] or "").split("&") if pair)
    return Address(text, match["method"], pattern + re.escape(path[end:]), {name: value for name, _, value in given})
