"""How services are served over HTTP: forms of bodies, caching, compression, origins, limits, requests that are sent again."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services import xml_body
from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.loader import Loader
from gatewright.services.negotiation import chosen
from tests.running import seed
from tests.running.site import Site
from tests.running.site import open_site

PACKAGE = """
    name: Face
    version: 1.0.0
    url_templates:
      - {template: "GET /stock/{number}", service: "orders.stock:item"}
      - {template: "GET /stock", service: "orders.stock:rows"}
    http:
      cors_allowed_origins: [https://app.example]
      services:
        "orders.stock:item": {cache: {seconds: 60}}
        "GET /stock/{number}": {cache: {seconds: 5, public: true}}
        "orders.stock:rows": {compress: true, etag: true}
        "orders.stock:place": {idempotency: 3600}
        "orders.stock:limited": {rate: {requests: 2, seconds: 60}}
        "orders.stock:whole": {cache: {seconds: 60}}
    """
STOCK = '''
    import asyncio
    from typing import TypedDict
    from gatewright.services import ServiceError, service

    class Row(TypedDict):
        number: int
        name: str
        price: float

    class Placed(TypedDict):
        item: str
        count: int

    count = 0

    @service
    def item(number: int) -> Row:
        """One item."""
        return {"number": number, "name": "Näme", "price": 1.5}

    @service
    def rows(many: int = 2) -> list[Row]:
        """All items."""
        return [{"number": n, "name": f"name, {n}", "price": n / 2} for n in range(many)]

    @service
    def load(rows: list[Row], strict: bool = True) -> dict:
        """Take rows."""
        return {"rows": rows, "strict": strict}

    @service
    async def place(item: str, slow: float = 0, status: int = 0) -> Placed:
        """Count what is really done."""
        global count
        count += 1
        await asyncio.sleep(slow)
        if status:
            raise ServiceError(status, "Refused on purpose")
        return {"item": item, "count": count}

    @service
    def limited() -> dict:
        return {}

    @service
    def names(value: dict) -> dict:
        return value
    '''


WHOLE = """
    document:
      {dsl: '1.0.3', namespace: stock, name: whole, version: '1.0.0', metadata: {gatewright: {output: response}}}
    do:
      - answer: {set: {headers: '${ if .said then {"Cache-Control": .said} else {} end }', content: x}}
    """


@pytest_asyncio.fixture
async def face(seeded: Path, tmp_path: Path) -> AsyncIterator[Site]:
    files = {
        "package.yaml": PACKAGE,
        "services/orders/stock.py": STOCK,
        "services/orders/stock/whole.flow.yaml": WHOLE,
    }
    for name, text in files.items():
        path = tmp_path / "packages" / "Face" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    catalogue = Loader(tmp_path / "packages").load()
    assert not catalogue.problems()
    site = await open_site(seeded, catalogue, tmp_path)
    yield site
    await site.parts.stop()


@pytest_asyncio.fixture
async def token(face: Site) -> str:
    return await face.access_token()


def invoke(name: str) -> str:
    return f"/invoke/orders.stock/{name}"


# Forms


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("text/xml", "text/xml; charset=utf-8"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8; header=present"),
        ("text/csv;q=0.1, application/json;q=0.2", "application/json"),
        ("application/xml;q=0, */*;q=0.1", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
    ],
)
async def test_answer_comes_in_the_form_that_is_liked_best(face: Site, token: str, accept: str, expected: str) -> None:
    answer = await face.call("/stock", token, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)


async def test_forms_say_the_same(face: Site, token: str) -> None:
    as_csv = await face.call("/stock", token, headers={"Accept": "text/csv"})
    assert as_csv.text == 'number,name,price\r\n0,"name, 0",0.0\r\n1,"name, 1",0.5\r\n'
    as_xml = await face.call("/stock", token, headers={"Accept": "application/xml"})
    assert as_xml.text.partition("\n")[2] == (
        "<result><item><number>0</number><name>name, 0</name><price>0.0</price></item>"
        "<item><number>1</number><name>name, 1</name><price>0.5</price></item></result>"
    )
    as_form = await face.call(invoke("item?number=1"), token, headers={"Accept": "application/x-www-form-urlencoded"})
    assert as_form.text == "number=1&name=N%C3%A4me&price=1.5"


@pytest.mark.parametrize("accept", ["text/html", "image/*", "text/csv;q=0", "application/json;q=0"])
async def test_form_that_is_not_there_is_406_with_what_is_and_nothing_is_done(
    face: Site, token: str, accept: str
) -> None:
    answer = await face.call(invoke("place"), token, method="POST", json={"item": "x"}, headers={"Accept": accept})
    assert answer.status_code == 406
    assert "application/xml" in answer.json()["available"]
    done = await face.call(invoke("place"), token, method="POST", json={"item": "x"})
    again = await face.call(invoke("place"), token, method="POST", json={"item": "x"})
    assert again.json()["count"] == done.json()["count"] + 1


async def test_csv_is_not_offered_where_the_output_is_no_list(face: Site, token: str) -> None:
    assert (await face.call(invoke("item?number=1"), token, headers={"Accept": "text/csv"})).status_code == 406


async def test_bodies_come_in_every_form(face: Site, token: str) -> None:
    expected = {
        "rows": [{"number": 1, "name": "a", "price": 2.5}, {"number": 2, "name": "", "price": 3.0}],
        "strict": True,
    }
    bodies = {
        "application/json": '{"rows": [{"number": 1, "name": "a", "price": 2.5}, {"number": 2, "name": "", "price": 3.0}]}',
        "application/vnd.stock+json": '{"rows": [{"number": 1, "name": "a", "price": 2.5}, {"number": 2, "name": "", "price": 3}]}',
        "text/csv": "name,number,price\r\na,1,2.5\r\n,2,3.0\r\n",
        "application/xml": "<load><strict>true</strict><rows><number>1</number><name>a</name><price>2.5</price></rows>"
        "<rows><number>2</number><name/><price>3.0</price></rows></load>",
    }
    for kind, body in bodies.items():
        answer = await face.call(invoke("load"), token, method="POST", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()) == (200, expected), kind


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/xml", "<a", 400),
        ("application/xml", "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a><rows>&e;</rows></a>", 400),
        ("application/xml", "<a>" * 300 + "</a>" * 300, 400),
        ("application/xml", "<a>true</a>", 400),
        ("application/xml", "<a><strict>true</strict> and more</a>", 400),
        ("application/xml", "<a><strict>true</strict><strict>true</strict></a>", 400),
        ("text/csv", "number,name,price\r\n1,a", 400),
        ("text/csv", "number,number\r\n1,2", 400),
        ("text/csv", "number,name,price\r\nx,a,1", 400),
        ("text/csv", '"', 400),
        ("application/x-protobuf", "x", 415),
        ("text/plain", "x", 415),
        ("application/json", "null", 400),
    ],
)
async def test_body_that_cannot_be_read_is_refused(face: Site, token: str, kind: str, body: str, status: int) -> None:
    answer = await face.call(invoke("load"), token, method="POST", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_rows_for_a_service_that_takes_none_are_415(face: Site, token: str) -> None:
    answer = await face.call(
        invoke("place"), token, method="POST", content="item\r\nx", headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 415


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_every_value_is_well_formed_xml(value: Any) -> None:
    xml_body.read(xml_body.written(value), None)


@given(st.binary(max_size=200))
def test_reading_xml_ends_in_a_value_or_a_refusal(body: bytes) -> None:
    with contextlib.suppress(ServiceError):
        xml_body.read(body, {"type": "object", "properties": {"a": {"type": "array"}}})


@given(st.text(max_size=100))
def test_every_accept_is_read(accept: str) -> None:
    with contextlib.suppress(ServiceError):
        chosen(accept.encode(), Service(name="a:b", kind="python", package="", file=""))


# Caching


async def test_answer_that_is_declared_cacheable_says_so_and_is_not_sent_twice(face: Site, token: str) -> None:
    first = await face.call(invoke("item?number=1"), token)
    assert (first.headers["cache-control"], first.headers["vary"]) == ("private, max-age=60", "Accept")
    second = await face.call(
        invoke("item?number=1"), token, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'}
    )
    assert (second.status_code, second.content, second.headers["etag"]) == (304, b"", first.headers["etag"])
    other = await face.call(invoke("item?number=2"), token, headers={"If-None-Match": first.headers["etag"]})
    assert (other.status_code, other.headers["etag"] != first.headers["etag"]) == (200, True)


async def test_template_is_served_by_its_own_word(face: Site, token: str) -> None:
    answer = await face.call("/stock/1", token, headers={"Origin": "https://app.example"})
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("public, max-age=5", "Accept, Origin")


async def test_etag_alone_asks_for_revalidation(face: Site, token: str) -> None:
    answer = await face.call("/stock", token)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert (await face.call("/stock", token, headers={"If-None-Match": "*"})).status_code == 304


async def test_what_a_flow_says_of_caching_goes_before_its_package(face: Site, token: str) -> None:
    usual = await face.call(invoke("whole"), token)
    assert (usual.status_code, usual.headers["cache-control"]) == (200, "private, max-age=60")
    for said in ("no-store", "max-age=1"):
        assert (await face.call(invoke(f"whole?said={said}"), token)).headers["cache-control"] == said


async def test_head_has_the_validators_of_get(face: Site, token: str) -> None:
    got = await face.call("/stock", token)
    head = await face.call("/stock", token, method="HEAD")
    assert (head.headers["etag"], head.content) == (got.headers["etag"], b"")


async def test_what_is_not_declared_or_not_a_get_is_never_stored(face: Site, token: str) -> None:
    posted = await face.call(invoke("item"), token, method="POST", json={"number": 1})
    refused = await face.call(invoke("item?number=x"), token)
    plain = await face.call(invoke("names"), token, method="POST", json={"value": {}})
    for answer in (posted, refused, plain):
        assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False)


async def test_unauthorized_request_learns_nothing_from_an_etag(face: Site, token: str) -> None:
    etag = (await face.call("/stock", token)).headers["etag"]
    assert (await face.call("/stock", headers={"If-None-Match": etag})).status_code == 401


# Compression


async def test_long_answer_is_compressed_when_declared_and_asked_for(face: Site, token: str) -> None:
    plain = await face.call("/stock?many=200", token, headers={"Accept-Encoding": "identity"})
    packed = await face.call("/stock?many=200", token, headers={"Accept-Encoding": "gzip"})
    assert ("content-encoding" in plain.headers, packed.headers["content-encoding"]) == (False, "gzip")
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert packed.json() == plain.json()
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept, Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    again = await face.call(
        "/stock?many=200", token, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "accepted"), [("/stock?many=2", "gzip"), ("/stock?many=200", "gzip;q=0"), ("/stock?many=200", "br")]
)
async def test_short_or_unwanted_answer_is_not_compressed(face: Site, token: str, path: str, accepted: str) -> None:
    answer = await face.call(path, token, headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers


async def test_what_is_not_declared_is_never_compressed(face: Site, token: str) -> None:
    body = {"value": {"long": "x" * 5000}}
    answer = await face.call(invoke("names"), token, method="POST", json=body, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


async def test_very_long_answer_is_compressed_whole(face: Site, token: str) -> None:
    raw = await face.raw(
        "GET",
        b"/stock",
        query=b"many=9000",
        headers=[(b"authorization", b"Bearer " + token.encode()), (b"accept-encoding", b"gzip")],
    )
    assert gzip.decompress(raw.body).count(b'"number"') == 9000


# Origins


@pytest.mark.parametrize(
    ("origin", "granted"), [("https://app.example", "https://app.example"), ("https://other.example", None)]
)
async def test_package_lets_in_fewer_origins_than_the_server(
    face: Site, token: str, origin: str, granted: str | None
) -> None:
    for path in ("/stock", invoke("item?number=1")):
        answer = await face.call(path, token, headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == granted
        assert "Origin" in answer.headers["vary"]
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    preflight = await face.http.request("OPTIONS", "/stock", headers=asked)
    assert preflight.headers.get("access-control-allow-origin") == granted
    refused = await face.call("/stock", headers={"Origin": origin})
    assert refused.headers.get("access-control-allow-origin") == granted


async def test_package_opens_nothing_that_the_server_closes(face: Site, token: str) -> None:
    await face.change_settings(cors_allowed_origins=["https://elsewhere.example"])
    answer = await face.call("/stock", token, headers={"Origin": "https://app.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_origins_of_what_is_no_package_stay_the_servers(face: Site) -> None:
    answer = await face.http.get("/health/live", headers={"Origin": "https://other.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


# Limits


async def test_service_with_a_rate_refuses_what_is_over_it(face: Site, token: str) -> None:
    answers = [await face.call(invoke("limited"), token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"service";q=2;w=60'
    assert answers[0].headers["ratelimit"].startswith('"service";r=1;t=')
    assert 0 < int(answers[2].headers["retry-after"]) <= 30
    assert answers[2].headers["ratelimit"].startswith('"service";r=0;t=')
    other = await face.call(invoke("limited"), await face.access_token(seed.RIVAL))
    assert other.status_code == 200
    assert (await face.call(invoke("item?number=1"), token)).status_code == 200


async def test_clients_rate_counts_all_its_calls(face: Site, token: str) -> None:
    await face.change_client(rate_limit=2)
    answers = [await face.call(invoke(f"item?number={n}"), token) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"client";q=2;w=60'
    await face.change_client(rate_limit="unlimited")
    answer = await face.call(invoke("item?number=1"), token)
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_daily_quota_is_never_overspent_and_starts_anew_at_midnight(face: Site, token: str) -> None:
    await face.change_client(daily_quota=5)
    answers = await asyncio.gather(*(face.call(invoke("item?number=1"), token) for _ in range(9)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 4
    wait = next(int(answer.headers["retry-after"]) for answer in answers if answer.status_code == 429)
    assert (face.clock() + wait) % 86_400 == 0
    face.clock.forward(wait)
    fresh = await face.access_token()
    assert (await face.call(invoke("item?number=1"), fresh)).status_code == 200


async def test_refused_request_is_not_counted(face: Site, token: str) -> None:
    await face.change_client(rate_limit=1)
    for _ in range(3):
        assert (await face.call(invoke("limited"), "gw_at_nothing")).status_code == 401
    assert (await face.call(invoke("limited"), token)).status_code == 200


# Requests that are sent again


async def place(face: Site, token: str, key: str, **values: Any) -> httpx.Response:
    body = {"item": "x", **values}
    return await face.call(invoke("place"), token, method="POST", json=body, headers={"Idempotency-Key": key})


async def test_request_that_is_sent_again_is_answered_again_and_not_done_again(face: Site, token: str) -> None:
    first = await place(face, token, '"k1"')
    again = await place(face, token, "k1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert (await place(face, token, "k2")).json()["count"] == first.json()["count"] + 1


async def test_key_goes_with_its_client_and_its_input(face: Site, token: str) -> None:
    first = await place(face, token, "k1")
    assert (await place(face, token, "k1", item="y")).status_code == 422
    other = await place(face, await face.access_token(seed.RIVAL), "k1")
    assert other.json()["count"] == first.json()["count"] + 1


async def test_request_that_is_still_being_done_is_409(face: Site, token: str) -> None:
    answers = await asyncio.gather(*(place(face, token, "k1", slow=0.2) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert next(answer for answer in answers if answer.status_code == 409).headers["retry-after"] == "1"


async def test_refusal_is_kept_and_a_failure_is_not(face: Site, token: str) -> None:
    refused = [await place(face, token, "k1", status=409) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [409, 409]
    assert refused[1].json() == refused[0].json()
    failed = [await place(face, token, "k2", status=500) for _ in range(2)]
    assert [answer.status_code for answer in failed] == [500, 500]
    counted = (await place(face, token, "k3")).json()["count"]
    assert (await place(face, token, "k4")).json()["count"] == counted + 1


async def test_kept_answer_ends_with_its_time(face: Site, token: str) -> None:
    first = await place(face, token, "k1")
    face.clock.forward(3599)
    assert (await place(face, await face.access_token(), "k1")).json() == first.json()
    face.clock.forward(1)
    assert (await place(face, await face.access_token(), "k1")).json()["count"] == first.json()["count"] + 1


async def test_kept_answer_is_sealed(face: Site, token: str) -> None:
    await place(face, token, "k1", item="very secret item")
    for file in (face.parts.workspace / "data").glob("gatewright.db*"):
        assert b"very secret item" not in file.read_bytes()


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ä"])
async def test_bad_key_is_refused(face: Site, token: str, key: str) -> None:
    answer = await face.call(
        invoke("place"), token, method="POST", json={"item": "x"}, headers={"Idempotency-Key": key.encode()}
    )
    assert answer.status_code == 400


async def test_key_without_a_token_is_refused(face: Site) -> None:
    await face.save_acl("orders.stock:place", "Anonymous")
    answer = await face.http.post(invoke("place"), json={"item": "x"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400


async def test_key_for_a_service_that_keeps_no_answers_is_passed_over(face: Site, token: str) -> None:
    for _ in range(2):
        answer = await face.call(
            invoke("names"), token, method="POST", json={"value": {}}, headers={"Idempotency-Key": "k"}
        )
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (200, False)


async def test_name_that_is_none_of_the_packages_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "Face"
    folder.mkdir(parents=True)
    (folder / "package.yaml").write_text(
        "name: Face\nversion: 1.0.0\nhttp: {services: {'orders:none': {etag: true}, 'GET nowhere/x': {etag: true}}}\n"
    )
    found = [problem.message for problem in Loader(tmp_path / "packages").load().problems()]
    assert [("'orders:none'" in found[0]), ("METHOD /path" in found[1])] == [True, True]
