"""Python services: a marked function's signature becomes schemas, and the function a runner (DESIGN section 1)."""

import inspect
import typing
from collections.abc import Callable
from typing import Any
from typing import Final

import msgspec

from gatewright.services.authoring import Marking
from gatewright.services.call import Call
from gatewright.services.call import Runner
from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.services.fitting import Check
from gatewright.services.fitting import fitted
from gatewright.services.fitting import output_check

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Compiled(msgspec.Struct, frozen=True):
    """A function ready to be called: what it takes and gives as JSON Schemas, and its runner."""

    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    run: Runner


class _Parameters(msgspec.Struct, frozen=True):
    """fields: annotations of the inputs; defaults: of those that have one.

    caller, call: the parameters that get the Caller, and of a built-in service the Call.
    """

    fields: dict[str, Any]
    defaults: dict[str, Any]
    caller: str | None
    call: str | None


def compile_function(function: Callable[..., Any], marking: Marking) -> Compiled:
    """Compile one marked function. Raises TypeError with a sentence that says what to change in its signature."""
    hints = _hints(function)
    parameters = _parameters(function, hints)
    fields = {
        name: typing.NotRequired[annotation] if name in parameters.defaults else annotation
        for name, annotation in parameters.fields.items()
    }
    arguments = typing.TypedDict(function.__name__, fields)  # type: ignore[misc]  # made from a signature
    title, _, description = inspect.cleandoc(function.__doc__ or "").partition("\n")
    schema = _input_schema(arguments, parameters.defaults)
    returned = hints.get("return", Any)
    binding = _Binding(arguments, parameters, schema)
    return Compiled(
        marking.title or title.rstrip(".") or function.__name__,
        description.strip(),
        schema,
        _output_schema(returned),
        _runner(function, marking, binding, output_check(returned) or _anything),
    )


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # an annotation is any expression of the user's
        raise TypeError(f"its annotations cannot be read: {error}") from None


def _parameters(function: Callable[..., Any], hints: dict[str, Any]) -> _Parameters:
    fields: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    caller = call = None
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in _NAMED:
            raise TypeError(
                f"parameter {name!r} must be an ordinary named one; *args, **kwargs and / have no names in a request"
            )
        if name not in hints:
            raise TypeError(f"parameter {name!r} needs a type, as in `{name}: str`")
        if hints[name] is Caller:
            caller = name
            continue
        if hints[name] is Call:
            call = name
            continue
        fields[name] = hints[name]
        if parameter.default is not inspect.Parameter.empty:
            defaults[name] = parameter.default
    return _Parameters(fields, defaults, caller, call)


def _input_schema(arguments: Any, defaults: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(arguments)
    schema["additionalProperties"] = False
    for name, default in defaults.items():
        try:
            schema["properties"][name] = schema["properties"][name] | {"default": msgspec.to_builtins(default)}
        except TypeError:
            continue  # a default that JSON cannot say stays out of the schema
    return schema


def _output_schema(annotation: Any) -> dict[str, Any] | None:
    return None if annotation is Any else _schema(annotation)


def _schema(type_: Any) -> dict[str, Any]:
    try:
        (schema,), components = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    except Exception as error:  # msgspec raises several kinds for types that JSON has no word for
        raise TypeError(f"{error}") from None
    reference = schema.get("$ref", "")
    if reference:  # the outermost type needs no name of its own, unless it holds itself
        name = reference.removeprefix("#/$defs/")
        schema = dict(components[name])
        if f'"{reference}"'.encode() not in msgspec.json.encode([schema, components]):
            del components[name]
    return schema | ({"$defs": components} if components else {})


_TEXT: Final = {str}


class _Binding:
    """Makes the function's arguments of an input. arguments: a TypedDict of the parameters; schema: the same as schema."""

    def __init__(self, arguments: Any, parameters: _Parameters, schema: dict[str, Any]) -> None:
        self._arguments, self._schema = arguments, schema
        self._names = frozenset(parameters.fields)
        self._needed = self._names - parameters.defaults.keys()
        self._takes_texts = all(annotation is str for annotation in parameters.fields.values())
        self._caller, self._call = parameters.caller, parameters.call

    def __call__(self, values: dict[str, Any], call: Call) -> dict[str, Any]:
        """Raises ServiceError 400 for what does not fit."""
        if not values.keys() <= self._names:
            raise _unknown(values, self._names)
        if self._takes_texts and values.keys() >= self._needed and {*map(type, values.values())} <= _TEXT:
            bound = dict(values)  # as it fits already
        else:
            bound = fitted(values, self._arguments, self._schema)
        if self._caller is not None:
            bound[self._caller] = call.caller
        if self._call is not None:
            bound[self._call] = call
        return bound


def _anything(output: object) -> object:
    return output


def _runner(function: Callable[..., Any], marking: Marking, bind: _Binding, check: Check) -> Runner:
    async def run_async(values: dict[str, Any], call: Call) -> object:
        return check(await call.within_time(function(**bind(values, call))))

    async def run_inline(values: dict[str, Any], call: Call) -> object:
        return check(function(**bind(values, call)))

    async def run_in_thread(values: dict[str, Any], call: Call) -> object:
        return check(await call.within_time(call.runtime.in_thread(function, bind(values, call))))

    if inspect.iscoroutinefunction(function):
        return run_async
    return run_inline if marking.inline else run_in_thread


def _unknown(values: dict[str, Any], names: frozenset[str]) -> ServiceError:
    extra = sorted(values.keys() - names)
    takes = f"it takes {', '.join(sorted(names))}" if names else "it takes no input"
    return ServiceError(400, "The input does not fit the service", f"unknown {', '.join(map(repr, extra))}; {takes}")
