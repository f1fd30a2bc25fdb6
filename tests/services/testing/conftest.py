from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from gatewright.services.loader import Loader
from gatewright.services.testing import Result
from gatewright.services.testing import run_tests

FILES = {
    "package.yaml": "name: Shop\nversion: 1.0.0\nsecrets: [crm_key]\nallowed_hosts: [crm.example]\n",
    "services/shop.py": '''
        from gatewright.services import Caller, ServiceError, service

        @service(inline=True)
        def price(item: str, amount: int = 1) -> dict[str, int]:
            """A price."""
            if item == "gold":
                raise ServiceError(404, "No such item", "gold is not for sale", type="https://shop.example/none")
            if item == "broken":
                raise ValueError("no price of it")
            return {"cents": 250 * amount}

        @service(inline=True)
        def who(caller: Caller) -> dict:
            """Who calls."""
            return {"subject": caller.subject, "client": caller.client_id, "groups": sorted(caller.groups), "kind": caller.kind}
        ''',
    "services/shop/order.flow.yaml": """
        document: {dsl: '1.0.3', namespace: shop, name: order, version: '1.0.0'}
        do:
        - price:
            call: shop:price
            with: {item: '${ .item }', amount: '${ .amount }'}
            output: {as: '${ $input + . }'}
        """,
    "services/shop/customer.flow.yaml": """
        document: {dsl: '1.0.3', namespace: shop, name: customer, version: '1.0.0'}
        use: {secrets: [crm_key]}
        do:
        - look:
            try:
            - ask:
                call: http
                with:
                  method: post
                  endpoint: {uri: 'https://crm.example/customers/{id}'}
                  headers: {x-key: '${ $secrets.crm_key }'}
                  query: {full: 'yes'}
                  body: {asked: '${ now | todate }'}
            catch:
              errors: {with: {status: 503}}
              retry: {delay: {milliseconds: 1}, limit: {attempt: {count: 2}}}
        """,
}
Runner = Callable[..., Awaitable[list[Result]]]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for file, text in FILES.items():
        path = tmp_path / "Shop" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
    return tmp_path


@pytest.fixture
def run(packages: Path) -> Runner:
    """Writes a test file, by default the one beside `shop:order`, and gives the results of its cases."""

    async def run_file(text: str, file: str = "shop/order.test.yaml") -> list[Result]:
        (packages / "Shop/services" / file).write_text(dedent(text))
        return [result async for result in run_tests(packages, Loader(packages).load(), "Shop")]

    return run_file
