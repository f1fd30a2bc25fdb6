"""Request parameters, after `web` has read them: each name once, empty values left out (RFC 6749 §3.1, §3.2)."""

from collections.abc import Mapping
from typing import Final

from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.rules import Rule

Parameters = Mapping[str, str]

_ASKED_BY: Final[Mapping[str, Rule]] = {
    "client_id": "client_known",
    "grant_type": "grant_type",
    "code": "code_known",
    "refresh_token": "refresh_known",
    "username": "password",
    "password": "password",
    "device_code": "device_known",
    "assertion": "assertion",
    "subject_token": "exchange",
    "subject_token_type": "exchange",
    "actor_token": "exchange",
    "actor_token_type": "exchange",
    "token": "token_given",
    "request_uri": "request_uri",
    "response_type": "response_type",
}
"""The rule that asks for a parameter."""


def required(parameters: Parameters, name: str) -> str:
    """The value of a parameter that must be there. Raises InvalidRequest."""
    value = parameters.get(name)
    if not value:
        raise InvalidRequest(
            f"The parameter {name} is missing.", rule=_ASKED_BY.get(name), found=f"no {name}", wanted=name
        )
    return value
