"""All native functions by name and arity."""

from gatewright.flow.jq import builtins_collections
from gatewright.flow.jq import builtins_dates
from gatewright.flow.jq import builtins_math
from gatewright.flow.jq import builtins_regex
from gatewright.flow.jq import builtins_text
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native

NATIVES: dict[Name, Native] = {
    **builtins_collections.FUNCTIONS,
    **builtins_dates.FUNCTIONS,
    **builtins_math.FUNCTIONS,
    **builtins_regex.FUNCTIONS,
    **builtins_text.FUNCTIONS,
}
