"""The example package by facts that hold whatever the code says."""

import shutil
from collections.abc import AsyncIterator
from math import asin
from math import cos
from math import radians
from math import sin
from math import sqrt
from pathlib import Path
from typing import Any

import airportsdata
import msgspec
import pytest
import pytest_asyncio

from gatewright.example import PACKAGES
from gatewright.example import copy_packages
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.errors import ServiceError
from gatewright.services.input import merge_input
from gatewright.services.invocation import Runtime
from gatewright.services.invocation import encode
from gatewright.services.loader import Loader

CALLER = Caller(kind="client", subject="example")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Loader(PACKAGES).load()


class Server:
    def __init__(self, runtime: Runtime, catalogue: Catalogue) -> None:
        self.runtime, self.catalogue = runtime, catalogue

    async def call(self, name: str, **values: Any) -> Any:
        output = await self.runtime.invoke(self.catalogue, name, values, CALLER)
        return msgspec.json.decode(encode(output, name))

    async def get(self, path: str, *query: tuple[str, str]) -> Any:
        match = self.catalogue.match("GET", path.encode())
        assert match is not None
        service = self.catalogue.services[match.template.service]
        return await self.call(service.name, **merge_input(service, path=match.variables, query=query))

    async def refusal(self, path: str, *query: tuple[str, str]) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self.get(path, *query)
        return caught.value


@pytest_asyncio.fixture
async def server(catalogue: Catalogue) -> AsyncIterator[Server]:
    runtime = Runtime(threads=2)
    yield Server(runtime, catalogue)
    await runtime.close()


def haversine(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Kilometres on a sphere of 6371 km, R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984)."""
    lat1, lat2 = radians(one["latitude"]), radians(other["latitude"])
    lon = radians(other["longitude"] - one["longitude"])
    return 2 * 6371 * asin(sqrt(sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin(lon / 2) ** 2))


def test_everything_in_the_example_works(catalogue) -> None:
    assert list(map(str, catalogue.problems())) == []
    assert {service.name for service in catalogue.packages["Airports"].services} == {
        "airports:get",
        "airports:search",
        "airports:nearest",
        "geo:distance",
        "routes:plan",
    }
    assert all(service.title and service.enabled for service in catalogue.services.values())


async def test_sample_input_of_every_service_works(server) -> None:
    for service in server.catalogue.packages["Airports"].services:
        assert await server.call(service.name, **service.sample)


@pytest.mark.parametrize("code", ["JFK", "jfk", "KJFK"])
async def test_airport_is_found_by_either_code_in_any_case(server, code) -> None:
    airport = await server.get(f"/airports/{code}")
    assert (airport["iata"], airport["icao"], airport["city"], airport["country"]) == ("JFK", "KJFK", "New York", "US")


async def test_every_airport_with_a_code_is_there(server) -> None:
    rows = airportsdata.load("IATA")
    assert len(rows) > 7000
    for code in list(rows)[::500]:
        assert (await server.get(f"/airports/{code}"))["name"] == rows[code]["name"]


async def test_unknown_airport_is_a_404_that_names_the_code(server) -> None:
    error = await server.refusal("/airports/QQQ")
    assert (error.status, "QQQ" in error.detail) == (404, True)


@pytest.mark.parametrize("code", ["J", "TOOLONG", "J%C3%89K", "J*K"])
async def test_code_that_cannot_be_one_is_a_400(server, code) -> None:
    error = await server.refusal(f"/airports/{code}")
    assert (error.status, "$.iata" in error.detail) == (400, True)


async def test_search_puts_airports_with_a_ticket_code_first(server) -> None:
    found = await server.get("/airports", ("city", "london"), ("country", "gb"), ("limit", "6"))
    assert {"LHR", "LCY"} <= {airport["iata"] for airport in found}
    assert all(airport["country"] == "GB" and "london" in airport["city"].lower() for airport in found)


@pytest.mark.parametrize(
    "query", [("limit", "0"), ("limit", "1000"), ("limit", "x"), ("country", "GBR"), ("colour", "red")]
)
async def test_bad_search_is_a_400(server, query) -> None:
    assert (await server.refusal("/airports", query)).status == 400


async def test_nearest_airport_of_the_palace_of_westminster_is_a_london_heliport_or_city_airport(server) -> None:
    found = await server.get("/airports/nearest", ("latitude", "51.5007"), ("longitude", "-0.1246"), ("within", "20"))
    distances = [each["kilometres"] for each in found]
    assert distances == sorted(distances)
    assert max(distances) <= 20
    assert "LCY" in {each["airport"]["iata"] for each in found}


async def test_nearest_agrees_with_measuring_them_all(server) -> None:
    here = {"latitude": 47.4, "longitude": 8.5}
    rows = airportsdata.load("ICAO").values()
    measured = sorted((haversine(here, {"latitude": r["lat"], "longitude": r["lon"]}), r["icao"]) for r in rows)
    expected = [icao for kilometres, icao in measured if kilometres <= 100][:10]
    found = await server.call("airports:nearest", **here, within=100, limit=10)
    assert [each["airport"]["icao"] for each in found] == expected


async def test_distance_agrees_with_haversine_and_goes_both_ways(server) -> None:
    for one, other in [("JFK", "LHR"), ("SYD", "SCL"), ("NRT", "NRT"), ("LPB", "AMS")]:
        start, end = [
            {key: (await server.get(f"/airports/{code}"))[key] for key in ("latitude", "longitude")}
            for code in (one, other)
        ]
        there = await server.call("geo:distance", start=start, end=end)
        back = await server.call("geo:distance", start=end, end=start)
        assert there["kilometres"] == pytest.approx(haversine(start, end), rel=1e-4, abs=0.1)
        assert there["kilometres"] == back["kilometres"]


async def test_one_degree_along_the_equator_is_sixty_nautical_miles_to_the_east(server) -> None:
    # The nautical mile began as one minute of arc; the international one (1852 m) is within 0.2 % of it.
    zero = {"latitude": 0, "longitude": 0}
    found = await server.call("geo:distance", start=zero, end={"latitude": 0, "longitude": 1})
    assert found["nautical_miles"] == pytest.approx(60, rel=0.002)
    assert found["bearing"] == 90
    assert (await server.call("geo:distance", start={"latitude": 1, "longitude": 0}, end=zero))["bearing"] == 180


@pytest.mark.parametrize(
    ("path", "haul"), [("/routes/CDG/LHR", "short"), ("/routes/LHR/IST", "medium"), ("/routes/JFK/LHR", "long")]
)
async def test_route_is_planned_by_its_distance(server, path, haul) -> None:
    route = await server.get(path)
    ends = [(await server.get(f"/airports/{route[end]['code']}")) for end in ("from", "to")]
    assert route["kilometres"] == pytest.approx(haversine(*ends), rel=1e-4)
    assert route["haul"] == haul
    assert set(route) == {"from", "to", "kilometres", "nautical_miles", "bearing", "haul", "estimated_minutes"}


async def test_new_york_to_london_is_about_5540_kilometres_and_seven_hours(server) -> None:
    route = await server.get("/routes/JFK/LHR")
    assert route["kilometres"] == pytest.approx(5540, abs=10)
    assert 6 * 60 < route["estimated_minutes"] < 8 * 60
    assert route["estimated_minutes"] == int(route["estimated_minutes"])


async def test_route_from_an_unknown_airport_is_the_flows_own_404(server) -> None:
    error = await server.refusal("/routes/QQQ/LHR")
    assert (error.status, error.title) == (404, "A route needs two known airports")
    assert "QQQ" in error.detail


@pytest.mark.parametrize("path", ["/routes/J/LHR", "/routes/JFK/LHR*"])
async def test_route_with_a_code_that_cannot_be_one_is_a_400_that_says_where(server, path) -> None:
    error = await server.refusal(path)
    assert error.status == 400
    assert "/from" in error.detail or "/to" in error.detail


def test_example_is_copied_once_and_never_over_something(tmp_path: Path) -> None:
    assert copy_packages(tmp_path) == ["Airports"]
    assert Loader(tmp_path).load().services["routes:plan"].enabled
    (tmp_path / "Airports/package.yaml").write_text("mine")
    assert copy_packages(tmp_path) == []
    assert (tmp_path / "Airports/package.yaml").read_text() == "mine"
    shutil.rmtree(tmp_path / "Airports")
    assert copy_packages(tmp_path) == ["Airports"]
