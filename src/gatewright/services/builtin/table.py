"""All built-in services, as the catalogue takes them."""

import inspect
from collections.abc import Callable
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any
from typing import Final

import msgspec

from gatewright.flow import FlowError
from gatewright.services.authoring import marking_of
from gatewright.services.builtin import cache as cache_
from gatewright.services.builtin import crypto
from gatewright.services.builtin import csv_
from gatewright.services.builtin import date
from gatewright.services.builtin import json_
from gatewright.services.builtin import lists
from gatewright.services.builtin import log
from gatewright.services.builtin import mail
from gatewright.services.builtin import math_
from gatewright.services.builtin import sql
from gatewright.services.builtin import string_
from gatewright.services.builtin import xml_
from gatewright.services.call import Call
from gatewright.services.call import Runner
from gatewright.services.catalogue import Service
from gatewright.services.flow_service import problem_of
from gatewright.services.python_service import compile_function
from gatewright.services.sample import sample_of
from gatewright.services.schema import list_names
from gatewright.services.schema import readers

FOLDERS: Final[Mapping[str, ModuleType]] = {
    "pub.json": json_,
    "pub.xml": xml_,
    "pub.csv": csv_,
    "pub.string": string_,
    "pub.date": date,
    "pub.math": math_,
    "pub.list": lists,
    "pub.crypto": crypto,
    "pub.sql": sql,
    "pub.cache": cache_,
    "pub.log": log,
    "pub.mail": mail,
}
_HEAVY: Final = 50_000
"""Characters or items of an input from which on a service runs beside the event loop."""


@cache
def builtin_services() -> tuple[Service, ...]:
    """Every built-in service, folder by folder, in the order of the text."""
    return tuple(
        _service(function, folder)
        for folder, module in FOLDERS.items()
        for function in vars(module).values()
        if inspect.isfunction(function) and marking_of(function) and function.__module__ == module.__name__
    )


def _service(function: Callable[..., Any], folder: str) -> Service:
    marking = marking_of(function)
    assert marking is not None
    compiled = compile_function(function, marking)
    beside = compile_function(function, msgspec.structs.replace(marking, inline=False))
    return Service(
        name=f"{folder}:{function.__name__}",
        kind="builtin",
        package="",
        file="",
        title=compiled.title,
        description=compiled.description,
        input_schema=compiled.input_schema,
        output_schema=compiled.output_schema,
        sample=sample_of(compiled.input_schema),
        lists=list_names(compiled.input_schema),
        readers=readers(compiled.input_schema),
        run=_runner(compiled.run, beside.run),
    )


def _runner(at_once: Runner, beside: Runner) -> Runner:
    """Runs what is quick at once, and what is large beside the event loop, so that others' requests go on."""

    async def run(values: dict[str, Any], call: Call) -> object:
        heavy = sum(len(value) for value in values.values() if isinstance(value, str | list | dict)) > _HEAVY
        try:
            return await (beside if heavy else at_once)(values, call)
        except FlowError as error:
            if call.depth:
                raise  # the flow that called sees all of it
            raise problem_of(error, call.caller) from None

    return run
