"""OpenAPI documents of flows: there before the first call, and told when they are not as the calls need them."""

from pathlib import Path
from textwrap import dedent

import httpx
import msgspec
import pytest

from gatewright.services.documents import DocumentKeeper
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from gatewright.services.outgoing import Outgoing
from tests.services.conftest import ADA

SHOP = "https://shop.example/openapi.json"
FLOW = """
    document: {dsl: 1.0.3, namespace: test, name: find, version: 1.0.0}
    do:
      - find:
          call: openapi
          with:
            document: {endpoint: %s}
            operationId: %s
            parameters: %s
    """
DOCUMENT = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://shop.example/v1"}],
    "paths": {
        "/items/{id}": {
            "get": {
                "operationId": "getItem",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            }
        }
    },
}


class Shop:
    """The other server; `answer` is what it says of its document, None: it cannot be reached."""

    def __init__(self) -> None:
        self.answer: httpx.Response | None = httpx.Response(200, json=DOCUMENT, headers={"ETag": '"1"'})
        self.asked: list[httpx.Request] = []
        self.now = 1_800_000_000

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.startswith("/v1/"):
            return httpx.Response(200, json={"id": request.url.path.rpartition("/")[2]})
        if self.answer is None:
            raise httpx.ConnectError("nobody is there")
        return httpx.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)

    def clock(self) -> int:
        return self.now

    @property
    def paths(self) -> list[str]:
        return [each.url.path for each in self.asked]


class Stage:
    """A package with one flow, and those who keep its document."""

    def __init__(self, folder: Path, shop: Shop, flow: str, allowed: str = "[]") -> None:
        package = folder / "Shop"
        (package / "services" / "shop").mkdir(parents=True)
        (package / "package.yaml").write_text(f"name: Shop\nversion: 1.0.0\nallowed_hosts: {allowed}\n")
        (package / "services" / "shop" / "find.flow.yaml").write_text(dedent(flow))
        self.catalogue = Loader(folder).load()
        outgoing = Outgoing(transport=httpx.MockTransport(shop))
        self.runtime = Runtime(outgoing=outgoing, clock=shop.clock, log_failures=False)
        self.keeper = DocumentKeeper(outgoing, shop.clock)
        self.keeper.follow(self.catalogue)

    @property
    def told(self) -> list[tuple[int, str]]:
        return [(each.line, each.message) for each in self.keeper.problems().get("shop:find", ())]

    async def call(self) -> object:
        return await self.runtime.invoke(self.catalogue, "shop:find", {}, ADA)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def flow(operation: str = "getItem", parameters: str = "{id: a1}", address: str = SHOP) -> str:
    return FLOW % (address, operation, parameters)


async def test_first_call_does_not_wait_for_the_document(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow())
    await stage.keeper.look()
    assert (shop.paths, stage.told) == (["/openapi.json"], [])
    assert await stage.call() == {"id": "a1"}
    assert shop.paths == ["/openapi.json", "/v1/items/a1"]


async def test_document_that_does_not_come_is_told_with_its_place_and_tried_again(tmp_path: Path, shop: Shop) -> None:
    there, shop.answer = shop.answer, None
    stage = Stage(tmp_path, shop, flow())
    await stage.keeper.look()
    assert stage.catalogue.services["shop:find"].enabled
    [(line, message)] = stage.told
    assert (line, SHOP in message, "nobody is there" in message) == (8, True, True)
    shop.answer = there
    await stage.keeper.look()
    assert len(shop.asked) == 1  # not at once
    assert await stage.call() == {"id": "a1"}  # but the call asks
    shop.now += 60
    await stage.keeper.look()
    assert stage.told == []


@pytest.mark.parametrize(
    ("operation", "parameters", "told"),
    [
        ("getItems", "{id: a1}", "no operation 'getItems'"),
        ("getItem", "{}", "needs the parameter 'id'"),
        ("getItem", "{Id: a1}", "needs the parameter 'id'"),
    ],
)
async def test_call_that_cannot_succeed_is_told_before_it_is_made(
    tmp_path: Path, shop: Shop, operation: str, parameters: str, told: str
) -> None:
    stage = Stage(tmp_path, shop, flow(operation, parameters))
    await stage.keeper.look()
    [(line, message)] = stage.told
    assert (line, told in message) == (8, True)


async def test_parameters_that_an_expression_gives_are_left_to_the_call(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow(parameters='"${ {id: \\"a1\\"} }"'))
    await stage.keeper.look()
    assert stage.told == []


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(404)])
async def test_answer_that_is_no_document_is_told(tmp_path: Path, shop: Shop, answer: httpx.Response) -> None:
    shop.answer = answer
    stage = Stage(tmp_path, shop, flow())
    await stage.keeper.look()
    assert len(stage.told) == 1


async def test_document_is_asked_for_again_and_kept_when_it_is_unchanged(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow())
    await stage.keeper.look()
    shop.now, shop.answer = shop.now + 700, httpx.Response(304)
    await stage.keeper.look()
    assert shop.asked[-1].headers["If-None-Match"] == '"1"'
    assert (await stage.call(), stage.told) == ({"id": "a1"}, [])
    changed = msgspec.json.decode(msgspec.json.encode(DOCUMENT).replace(b"getItem", b"readItem"))
    shop.now, shop.answer = shop.now + 700, httpx.Response(200, json=changed)
    await stage.keeper.look()
    assert "no operation 'getItem'" in stage.told[0][1]


async def test_old_document_serves_while_no_newer_one_comes(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow())
    await stage.keeper.look()
    shop.now, shop.answer = shop.now + 86_400, None
    assert await stage.call() == {"id": "a1"}


async def test_host_that_the_package_may_not_call_is_not_asked(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow(), allowed="[api.example]")
    await stage.keeper.look()
    assert shop.asked == []
    assert "allowed_hosts" in stage.told[0][1]


async def test_address_that_depends_on_the_data_is_left_to_the_call(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow(address='"https://shop.example/{name}.json"'))
    await stage.keeper.look()
    assert (shop.asked, stage.told) == ([], [])


def beside(folder: Path, document: object = DOCUMENT, name: str = "shop.openapi.json") -> None:
    path = folder / "Shop" / "services" / "shop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(document))


def problems_of(loader: Loader) -> list[tuple[int, str]]:
    return [(each.line, each.message) for each in loader.load().services["shop:find"].problems]


async def test_document_beside_the_flow_is_read_with_it(tmp_path: Path, shop: Shop) -> None:
    stage = Stage(tmp_path, shop, flow(address="shop.openapi.json"))
    beside(tmp_path)
    stage.catalogue = Loader(tmp_path).load()
    assert await stage.call() == {"id": "a1"}
    assert shop.paths == ["/v1/items/a1"]


def test_document_beside_the_flow_is_checked_when_the_flow_is_loaded_and_again_when_it_changes(
    tmp_path: Path, shop: Shop
) -> None:
    Stage(tmp_path, shop, flow(address="shop.openapi.json"))
    loader = Loader(tmp_path)
    [(line, message)] = problems_of(loader)
    assert (line, "there is no file shop.openapi.json beside the flow" in message) == (7, True)
    beside(tmp_path)
    assert problems_of(loader) == []
    beside(tmp_path, {**DOCUMENT, "paths": {}})
    [(line, message)] = problems_of(loader)
    assert (line, "no operation 'getItem'" in message) == (8, True)
    beside(tmp_path, {**DOCUMENT, "servers": [{"url": "/v1"}]})
    assert "no full address" in problems_of(loader)[0][1]
    beside(tmp_path, "no document")
    assert "it is no OpenAPI document" in problems_of(loader)[0][1]


@pytest.mark.parametrize(
    "address",
    [
        "../../other/services/shop.openapi.json",
        "/etc/shop.openapi.json",
        "..openapi.json",
        "shop.json",
        "file:///shop.openapi.json",
    ],
)
def test_no_other_file_is_read(tmp_path: Path, shop: Shop, address: str) -> None:
    Stage(tmp_path, shop, flow(address=address))
    beside(tmp_path)
    beside(tmp_path, name="shop.json")
    assert "an address begins with http:// or https://" in problems_of(Loader(tmp_path))[0][1]
