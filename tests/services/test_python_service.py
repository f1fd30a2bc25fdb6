import asyncio
import threading

import msgspec
import pytest

from gatewright.services.errors import ServiceError
from gatewright.services.invocation import encode
from tests.services.conftest import ADA
from tests.services.conftest import ADMIN


async def refusal(awaitable) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await awaitable
    return caught.value


async def test_signature_becomes_the_input_and_output_schemas(workshop) -> None:
    service = workshop.service(
        """
import msgspec
from typing import Annotated, Literal
class Line(msgspec.Struct):
    sku: str
    count: int = 1
@service
async def price(lines: list[Line], currency: Literal["EUR", "USD"] = "EUR", note: str | None = None) -> dict[str, float]:
    '''Price an order.

    Without tax.
    '''
    return {"total": sum(line.count for line in lines) * 2.5}
"""
    )
    assert service.name == "shop:price"
    assert (service.title, service.description) == ("Price an order", "Without tax.")
    assert service.input_schema["required"] == ["lines"]
    assert service.input_schema["additionalProperties"] is False
    assert service.input_schema["properties"]["currency"] == {"enum": ["EUR", "USD"], "default": "EUR"}
    assert service.input_schema["$defs"]["Line"]["required"] == ["sku"]
    assert service.output_schema == {"type": "object", "additionalProperties": {"type": "number"}}
    assert service.lists == {"lines"}
    assert await workshop.call(service, {"lines": [{"sku": "a", "count": 2}, {"sku": "b"}]}) == {"total": 7.5}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "missing required field `name`"),
        ({"name": 5}, "Expected `str`, got `int` - at `$.name`"),
        ({"name": "a", "size": {"width": "x"}}, "Expected `int`, got `str` - at `$.size.width`"),
        ({"name": "a", "colour": "red"}, "unknown 'colour'; it takes name, size"),
        ({"name": ""}, "length >= 1 - at `$.name`"),
    ],
)
async def test_bad_input_is_a_400_that_names_the_place(workshop, values, words) -> None:
    service = workshop.service(
        """
from dataclasses import dataclass
from typing import Annotated
from msgspec import Meta
@dataclass
class Size:
    width: int
@service(inline=True)
def make(name: Annotated[str, Meta(min_length=1)], size: Size | None = None) -> str:
    return name
"""
    )
    error = await refusal(workshop.call(service, values))
    assert error.status == 400
    assert words in error.detail


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "missing required field `name`"),
        ({"greeting": "Hi"}, "missing required field `name`"),
        ({"name": None}, "Expected `str`, got `null` - at `$.name`"),
        ({"name": "Ada", "greeting": 5}, "Expected `str`, got `int` - at `$.greeting`"),
        ({"name": "Ada", "nickname": "A"}, "unknown 'nickname'; it takes greeting, name"),
    ],
)
async def test_a_service_that_takes_texts_alone_is_held_to_them(workshop, values, words) -> None:
    service = workshop.service(
        """
@service(inline=True)
def greet(name: str, greeting: str = "Hello") -> str:
    return f"{greeting} {name}"
"""
    )
    error = await refusal(workshop.call(service, values))
    assert error.status == 400
    assert words in error.detail
    assert await workshop.call(service, {"name": "Ada"}) == "Hello Ada"
    assert await workshop.call(service, {"name": "Ada", "greeting": "Hi"}) == "Hi Ada"


async def test_the_caller_is_given_and_cannot_be_sent(workshop) -> None:
    service = workshop.service("@service(inline=True)\ndef who(me: Caller) -> str:\n    return me.username\n")
    assert await workshop.call(service, {}) == "ada"
    assert (await refusal(workshop.call(service, {"me": {"username": "eve"}}))).status == 400


async def test_plain_function_runs_beside_the_event_loop(workshop) -> None:
    service = workshop.service(
        "import threading\n@service\ndef where() -> str:\n    return threading.current_thread().name\n"
    )
    assert (await workshop.call(service, {})).startswith("service")


async def test_inline_function_runs_on_the_event_loop(workshop) -> None:
    service = workshop.service(
        "import threading\n@service(inline=True)\ndef where() -> str:\n    return threading.current_thread().name\n"
    )
    assert await workshop.call(service, {}) == threading.current_thread().name


async def test_more_waiting_calls_than_there_is_room_for_get_503(workshop) -> None:
    service = workshop.service("import time\n@service\ndef slow() -> int:\n    time.sleep(0.2)\n    return 1\n")
    calls = [workshop.call(service, {}) for _ in range(5)]  # 2 threads and 1 place to wait
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes.count(1) == 3
    assert [error.status for error in outcomes if isinstance(error, ServiceError)] == [503, 503]


async def test_service_past_its_time_is_stopped_with_504(workshop) -> None:
    service = workshop.service("import asyncio\n@service\nasync def stuck() -> None:\n    await asyncio.sleep(60)\n")
    assert (await refusal(workshop.call(service, {}, seconds=0.05))).status == 504


async def test_service_past_its_time_may_clean_up(workshop) -> None:
    service = workshop.service(
        "import asyncio\n@service\nasync def stuck() -> str:\n"
        "    try:\n        await asyncio.sleep(60)\n"
        "    except asyncio.CancelledError:\n        await asyncio.sleep(0)\n        raise\n"
    )
    assert (await refusal(workshop.call(service, {}, seconds=0.05))).status == 504


async def test_service_that_waits_again_and_again_gets_every_result_and_error(workshop) -> None:
    service = workshop.service(
        "import asyncio\n@service\nasync def f() -> list[str]:\n"
        "    loop, found = asyncio.get_running_loop(), []\n"
        "    for number in range(3):\n"
        "        future = loop.create_future()\n"
        "        if number == 1:\n            loop.call_soon(future.set_exception, KeyError('second'))\n"
        "        else:\n            loop.call_soon(future.set_result, f'result {number}')\n"
        "        try:\n            found.append(await future)\n"
        "        except KeyError as error:\n            found.append(f'error {error.args[0]}')\n"
        "    return found\n"
    )
    assert await workshop.call(service, {}) == ["result 0", "error second", "result 2"]


async def test_service_own_timeout_error_is_a_fault_of_the_service(workshop) -> None:
    service = workshop.service("@service\nasync def f() -> None:\n    raise TimeoutError\n")
    assert (await refusal(workshop.call(service, {}))).status == 500


@pytest.mark.parametrize("raised", ["ValueError('hunter2')", "SystemExit(3)", "KeyError('hunter2')"])
async def test_fault_of_a_service_tells_the_caller_nothing(workshop, raised, capsys) -> None:
    for mark in ("@service", "@service(inline=True)"):
        service = workshop.service(f"{mark}\ndef f() -> None:\n    raise {raised}\n")
        error = await refusal(workshop.call(service, {}, ADMIN))
        assert error.problem() == {"type": "about:blank", "title": "The service failed", "status": 500}
    written = capsys.readouterr()
    assert raised.partition("(")[0] in written.out + written.err  # for the log


async def test_service_raises_its_own_problem(workshop) -> None:
    service = workshop.service(
        "@service(inline=True)\ndef f() -> None:\n"
        "    raise ServiceError(404, 'No such order', 'there is no order 7', extensions={'order': 7})\n"
    )
    error = await refusal(workshop.call(service, {}))
    assert error.problem() == {
        "type": "about:blank",
        "title": "No such order",
        "status": 404,
        "detail": "there is no order 7",
        "order": 7,
    }


async def test_output_that_json_cannot_say_is_a_500(workshop) -> None:
    service = workshop.service("@service(inline=True)\ndef f():\n    return object()\n")
    output = await workshop.call(service, {})
    with pytest.raises(ServiceError) as caught:
        encode(output, service.name)
    assert caught.value.status == 500


async def test_struct_output_becomes_json(workshop) -> None:
    service = workshop.service(
        "import msgspec, datetime\nclass Day(msgspec.Struct):\n    on: datetime.date\n"
        "@service(inline=True)\ndef f() -> Day:\n    return Day(datetime.date(2026, 1, 31))\n"
    )
    assert encode(await workshop.call(service, {}), service.name) == b'{"on":"2026-01-31"}'


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("def f(x):", "parameter 'x' needs a type"),
        ("def f(*xs: int):", "must be an ordinary named one"),
        ("def f(**xs: int):", "must be an ordinary named one"),
        ("def f(x: 'Nowhere'):", "Nowhere"),
        ("def f(x: complex):", "complex"),
    ],
)
def test_signature_that_cannot_be_typed_disables_that_service_alone(workshop, signature, words) -> None:
    loaded = workshop.load(
        f"from gatewright.services import service\n@service\n{signature}\n    pass\n@service\ndef good() -> int:\n    return 1\n"
    )
    bad, good = loaded.services
    assert good.enabled
    assert not bad.enabled
    assert words in bad.problems[0].message
    assert (bad.problems[0].file, bad.problems[0].line) == ("Shop/services/shop.py", 2)


async def test_types_that_refer_to_themselves_are_described(workshop) -> None:
    (service,) = workshop.load(
        "from __future__ import annotations\nfrom gatewright.services import service\nimport msgspec\nclass Tree(msgspec.Struct):\n    children: list[Tree] = []\n"
        "@service(inline=True)\ndef grow(tree: Tree) -> Tree:\n    return tree\n"
    ).services
    assert service.output_schema["$defs"]["Tree"] == service.input_schema["$defs"]["Tree"]
    assert encode(await workshop.call(service, {"tree": {"children": [{}]}}), "t") == b'{"children":[{"children":[]}]}'


async def test_disabled_service_tells_its_reason_to_administrators_only(workshop) -> None:
    service = workshop.service("@service\ndef f(x):\n    pass\n")
    told = await refusal(workshop.call(service, {}, ADA))
    assert told.status == 503
    assert "needs a type" not in str(told)
    assert "needs a type" in (await refusal(workshop.call(service, {}, ADMIN))).detail


async def test_every_place_that_does_not_fit_is_named(workshop) -> None:
    service = workshop.service("@service\ndef add(a: int, b: list[int], c: str = '') -> int:\n    return a\n")
    with pytest.raises(ServiceError) as caught:
        await workshop.call(service, {"a": "x", "b": [1, "y"], "c": 3})
    assert caught.value.status == 400
    assert {each["pointer"] for each in caught.value.extensions["errors"]} == {"/a", "/b/1", "/c"}


async def test_whole_number_written_as_a_float_is_an_integer(workshop) -> None:
    service = workshop.service("@service\ndef add(a: int, b: float = 0.5) -> float:\n    return a + b\n")
    assert await workshop.call(service, {"a": 3.0}) == 3.5
    with pytest.raises(ServiceError):
        await workshop.call(service, {"a": 3.5})


@pytest.mark.parametrize(
    ("annotation", "returned"),
    [
        ("int", "'x'"),
        ("list[int]", "[1, 'x']"),
        ("dict[str, int]", "{'a': 'b'}"),
        ("None", "1"),
        ("Order", "{'id': 1}"),
    ],
)
async def test_output_that_is_not_what_the_signature_says_is_the_services_fault(
    workshop, annotation: str, returned: str
) -> None:
    source = f"import msgspec\nclass Order(msgspec.Struct):\n    id: str\n@service\ndef get() -> {annotation}:\n    return {returned}\n"
    with pytest.raises(ServiceError) as caught:
        await workshop.call(workshop.service(source), {})
    assert (caught.value.status, caught.value.fault, "x" in caught.value.title) == (500, True, False)


@pytest.mark.parametrize(
    ("annotation", "returned"),
    [
        ("list[int]", "[1]"),
        ("datetime.date", "datetime.date(2026, 1, 31)"),
        ("set[int]", "{1}"),
        ("Order", "Order('1')"),
        ("Order", "{'id': '1'}"),
        ("list[Order]", "[Order('1')]"),
        ("float", "1"),
        ("Order | None", "None"),
        ("dict", "{1: object}"),
    ],
)
async def test_output_that_fits_passes(workshop, annotation: str, returned: str) -> None:
    source = f"import msgspec, datetime\nclass Order(msgspec.Struct):\n    id: str\n@service\ndef get() -> {annotation}:\n    return {returned}\n"
    await workshop.call(workshop.service(source), {})


TYPED = """
from __future__ import annotations
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NotRequired, TypedDict
from uuid import UUID
import msgspec
class Colour(Enum):
    RED = "red"
    BLUE = "blue"
class Address(TypedDict):
    city: str
    zip: NotRequired[str]
@dataclass
class Person:
    name: str
    born: date
    address: Address
    tags: list[str] = field(default_factory=list)
class Receipt(msgspec.Struct):
    id: UUID
    at: datetime
    person: Person
    colour: Colour
    total: Decimal
"""
BUY = """
def buy(person: Person, colour: Colour = Colour.RED, total: Decimal = Decimal("1.50")) -> Receipt:
    assert isinstance(person, Person) and isinstance(person.born, date) and isinstance(colour, Colour)
    return Receipt(UUID(int=7), datetime(2026, 1, 31, 8, 15), person, colour, total)
"""


@pytest.mark.parametrize("mark", ["@service\n", "@service(inline=True)\n", "@service\nasync "])
async def test_structs_dataclasses_typed_dicts_and_what_they_hold_come_and_go_as_json(workshop, mark) -> None:
    service = workshop.load(f"{TYPED}\nfrom gatewright.services import service\n{mark}{BUY.lstrip()}").services[0]
    person = {"name": "Ada", "born": "1815-12-10", "address": {"city": "London"}}
    output = await workshop.call(service, {"person": person, "colour": "blue", "total": "2.25"})
    assert msgspec.json.decode(encode(output, service.name)) == {
        "id": "00000000-0000-0000-0000-000000000007",
        "at": "2026-01-31T08:15:00",
        "person": person | {"tags": []},
        "colour": "blue",
        "total": "2.25",
    }
    types = service.input_schema["$defs"]
    assert types["Person"]["required"] == ["name", "born", "address"]
    assert types["Person"]["properties"]["born"] == {"type": "string", "format": "date"}
    assert types["Address"]["required"] == ["city"]
    assert types["Colour"]["enum"] == ["blue", "red"]
    assert service.input_schema["properties"]["colour"]["default"] == "red"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"born": "yesterday"}, "Invalid RFC3339 encoded date - at `$.person.born`"),
        ({"address": {}}, "missing required field `city` - at `$.person.address`"),
        ({"tags": [1]}, "Expected `str`, got `int` - at `$.person.tags[0]`"),
    ],
)
async def test_what_does_not_fit_inside_them_is_named(workshop, change, words) -> None:
    service = workshop.load(f"{TYPED}\nfrom gatewright.services import service\n@service(inline=True){BUY}").services[0]
    person = {"name": "Ada", "born": "1815-12-10", "address": {"city": "London"}} | change
    error = await refusal(workshop.call(service, {"person": person}))
    assert (error.status, words in error.detail) == (400, True), error.detail
