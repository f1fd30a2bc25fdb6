"""Request parameters, after `web` has read them: each name once, empty values left out (RFC 6749 §3.1, §3.2)."""

from collections.abc import Mapping

from gatewright.oauth.errors import InvalidRequest

Parameters = Mapping[str, str]


def required(parameters: Parameters, name: str) -> str:
    """The value of a parameter that must be there. Raises InvalidRequest."""
    value = parameters.get(name)
    if not value:
        raise InvalidRequest(f"The parameter {name} is missing.")
    return value
