"""What the generated source may call: its global names."""

from gatewright.flow.jq import access
from gatewright.flow.jq import arithmetic
from gatewright.flow.jq import builtins_collections
from gatewright.flow.jq import faults
from gatewright.flow.jq import pathops
from gatewright.flow.jq import sizes
from gatewright.flow.jq import values
from gatewright.flow.jq.calls import native_name
from gatewright.flow.jq.errors import Break
from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.formats import FORMATS
from gatewright.flow.jq.natives import NATIVES
from gatewright.flow.jq.texts import concat


def read(variables: object, name: str) -> object:
    """A variable of the run. Raises ExpressionError when the run does not have it."""
    try:
        return variables[name]  # type: ignore[index]
    except KeyError:
        raise ExpressionError(f"${name} has no value here") from None


_NAMES = {
    access: "member item part items entries key descend descend_paths recurse recurse_paths span charged next_round count_of",
    arithmetic: "add subtract multiply divide modulo negate",
    builtins_collections: "walk walk_all",
    faults: "fail no_value same_place",
    pathops: "Edit follow path_keys with_member",
    values: "NOTHING equal compare",
    sizes: "bounded",
}
_SAFE = {"type": type, "dict": dict, "str": str, "int": int, "float": float, "list": list, "len": len, "object": object}

ENVIRONMENT: dict[str, object] = {
    "__builtins__": {},
    **_SAFE,
    **{name: getattr(module, name) for module, names in _NAMES.items() for name in names.split()},
    **{f"format_{name}": call for name, call in FORMATS.items()},
    **{native_name(name): native.call for name, native in NATIVES.items()},
    "Break": Break,
    "Raised": Raised,
    "concat": concat,
    "read": read,
}
"""Nothing else is in reach; a program gets a copy with its constants."""
