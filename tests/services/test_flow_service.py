import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from gatewright.flow import Trace
from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from tests.services.conftest import ADA
from tests.services.conftest import ADMIN

HEAD = "document: {dsl: '1.0.3', namespace: shop, name: flow, version: '1.0.0'}\n"
PYTHON = """
from gatewright.services import Caller, ServiceError, service
@service(inline=True)
def refuse(status: int) -> None:
    raise ServiceError(status, "Refused", "for a reason", extensions={"colour": "red"})
@service(inline=True)
def crash() -> None:
    raise ValueError("hunter2")
@service(inline=True)
def who(caller: Caller) -> str:
    return caller.subject
"""


class Shop:
    def __init__(self, root: Path, runtime: Runtime) -> None:
        self.root, self.runtime, self.more = root, runtime, ""
        self.write("shop.py", PYTHON)

    def write(self, file: str, text: str) -> None:
        path = self.root / "Shop/services" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    async def run(self, flow: str, values: dict[str, Any] | None = None, caller: Caller = ADA, **options: Any) -> Any:
        self.write("shop/flow.flow.yaml", HEAD + flow)
        (self.root / "Shop/package.yaml").write_text("name: Shop\nversion: 1.0.0\n" + self.more)
        catalogue = Loader(self.root).load()
        assert list(map(str, catalogue.problems())) == []
        return await self.runtime.invoke(catalogue, "shop:flow", values or {}, caller, **options)

    async def refusal(
        self, flow: str, values: dict[str, Any] | None = None, caller: Caller = ADA, **options: Any
    ) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self.run(flow, values, caller, **options)
        return caught.value


@pytest.fixture
def shop(tmp_path: Path, runtime: Runtime) -> Shop:
    return Shop(tmp_path, runtime)


async def test_called_service_sees_the_flows_caller(shop) -> None:
    assert await shop.run("do:\n  - a: {call: 'shop:who', with: {}}\n") == "u1"


async def test_authorization_tells_who_calls_and_no_token(shop) -> None:
    assert await shop.run("do:\n  - a: {set: '${ $authorization }'}\n") == {
        "kind": "user", "subject": "u1", "username": "ada", "client_id": "c1", "actor": None,
        "scopes": ["s"]}  # fmt: skip


async def test_problem_of_a_called_service_becomes_the_flows_own(shop) -> None:
    error = await shop.refusal("do:\n  - a: {call: 'shop:refuse', with: {status: 409}}\n")
    assert (error.status, error.title, error.detail) == (409, "Refused", "for a reason")
    assert (error.extensions["colour"], error.extensions["service"], error.extensions["instance"]) == (
        "red",
        "shop:refuse",
        "/do/0/a",
    )


async def test_problem_of_a_called_service_can_be_caught(shop) -> None:
    flow = """
do:
  - a:
      try:
        - b: {call: 'shop:refuse', with: {status: 404}}
      catch:
        errors: {with: {status: 404}}
        as: error
        do:
          - c: {set: {caught: '${ $error.title }'}}
"""
    assert await shop.run(flow) == {"caught": "Refused"}


async def test_fault_of_a_called_service_stays_a_secret(shop) -> None:
    error = await shop.refusal("do:\n  - a: {call: 'shop:crash', with: {}}\n")
    assert error.status == 500
    assert "hunter2" not in str(error.problem())


async def test_bad_input_is_a_400_whose_words_everyone_sees(shop) -> None:
    flow = "input: {schema: {document: {type: object, properties: {n: {type: integer}}, required: [n]}}}\ndo:\n  - a: {set: {b: 1}}\n"
    error = await shop.refusal(flow, {"n": "x"})
    assert (error.status, "/n" in error.detail) == (400, True)


async def test_output_that_does_not_fit_the_flows_schema_is_the_services_fault(shop) -> None:
    flow = "output: {schema: {document: {type: object, required: [n]}}}\ndo:\n  - a: {set: {secret: hunter2}}\n"
    error = await shop.refusal(flow)
    assert (error.status, error.fault, error.detail) == (500, True, "")


async def test_inner_words_are_for_administrators_only(shop) -> None:
    flow = "do:\n  - a: {set: {b: '${ .secret | tonumber }'}}\n"
    told = await shop.refusal(flow, {"secret": "hunter2"})
    assert (told.status, told.detail, told.extensions) == (400, "", {"instance": "/do/0/a"})
    assert (await shop.refusal(flow, {"secret": "hunter2"}, ADMIN)).detail


async def test_raise_picks_status_and_words(shop) -> None:
    flow = "do:\n  - a: {raise: {error: {type: 'https://x.test/full', status: 507, title: Full, detail: 'no room'}}}\n"
    error = await shop.refusal(flow)
    assert (error.status, error.type, error.title, error.detail) == (507, "https://x.test/full", "Full", "no room")


async def test_raised_number_that_is_no_error_status_is_a_500(shop) -> None:
    flow = "do:\n  - a: {raise: {error: {type: 'https://x.test/odd', status: 302, title: Odd}}}\n"
    assert (await shop.refusal(flow)).status == 500


async def test_private_host_is_refused_unless_listed(shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        flow = f"do:\n  - a: {{call: http, with: {{method: get, endpoint: 'http://127.0.0.1:{server.getsockname()[1]}/'}}}}\n"
        error = await shop.refusal(flow, caller=ADMIN)
        assert (error.status, "fetch_private_hosts" in error.detail) == (502, True)


async def test_host_that_the_package_does_not_allow_is_refused(shop) -> None:
    shop.more = "allowed_hosts: [api.example.com]\n"
    error = await shop.refusal(
        "do:\n  - a: {call: http, with: {method: get, endpoint: 'http://example.org/'}}\n", caller=ADMIN
    )
    assert (error.status, "allowed_hosts" in error.detail) == (502, True)


async def test_declared_secret_comes_from_the_environment_and_is_masked_in_the_trace(shop) -> None:
    shop.runtime.environ = {"GATEWRIGHT_SECRET_API_KEY": "s3cret-value", "GATEWRIGHT_SECRET_OTHER": "hidden"}
    shop.more = "secrets: [api-key]\n"
    trace = Trace()
    flow = "use: {secrets: [api-key]}\ndo:\n  - a: {set: {key: '${ $secrets.\"api-key\" }'}}\n"
    assert await shop.run(flow, trace=trace) == {"key": "s3cret-value"}
    assert "s3cret-value" not in str([record.output for record in trace.records])


async def test_package_limits_hold(shop) -> None:
    shop.more = "limits: {steps: 50}\n"
    error = await shop.refusal("do:\n  - a: {set: {b: 1}, then: a}\n", caller=ADMIN)
    assert "50 steps" in error.detail


async def test_time_limit_ends_a_flow_that_waits(shop) -> None:
    began = asyncio.get_running_loop().time()
    error = await shop.refusal("do:\n  - a: {wait: {seconds: 20}}\n", seconds=0.1)
    assert error.status == 408
    assert asyncio.get_running_loop().time() - began < 5


async def test_trace_collects_the_steps(shop) -> None:
    trace = Trace()
    await shop.run("do:\n  - a: {set: {b: 1}}\n  - c: {set: {d: 2}}\n", trace=trace)
    assert [record.pointer for record in trace.records] == ["/do/0/a", "/do/1/c"]
