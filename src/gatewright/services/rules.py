"""The rules that a call of a service meets, by name, in the guard's order."""

from typing import Final
from typing import Literal
from typing import get_args

CallRule = Literal[
    "token_sent",
    "token_known",
    "token_unexpired",
    "token_client",
    "token_user",
    "token_resource",
    "token_key",
    "service_exists",
    "scope_opens",
    "acl_names",
    "within_limits",
]

CALL: Final[tuple[CallRule, ...]] = get_args(CallRule)
"""All of them, in the order in which the guard asks. Where the nearest ACL names Anonymous, no scope is asked for."""
