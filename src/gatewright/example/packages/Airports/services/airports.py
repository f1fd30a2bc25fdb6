"""Look up airports by code, by words and by place."""

from bisect import bisect_left
from bisect import bisect_right
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from gatewright.services import ServiceError
from gatewright.services import service

from ._directory import Airport
from ._directory import directory
from .geo import KILOMETRES_PER_DEGREE
from .geo import Latitude
from .geo import Longitude
from .geo import kilometres_between

Code = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9]{3,4}$",
        examples=["JFK"],
        description="Three letters as on a ticket (IATA), or the four of pilots (ICAO).",
    ),
]
Limit = Annotated[int, Meta(ge=1, le=100, description="How many at most.")]


class Nearby(msgspec.Struct, frozen=True):
    """An airport and how far away it is."""

    kilometres: float
    airport: Airport


@service(inline=True)
def get(iata: Code) -> Airport:
    """Get an airport by its IATA or ICAO code."""
    airport = directory().by_code.get(iata.upper())
    if airport is None:
        raise ServiceError(404, "No such airport", f"no airport has the code {iata.upper()}")
    return airport


@service
def search(
    name: Annotated[str, Meta(max_length=100, description="Part of the airport's name.")] = "",
    city: Annotated[str, Meta(max_length=100, examples=["London"], description="Part of the city's name.")] = "",
    country: Annotated[
        str, Meta(pattern="^([A-Za-z]{2})?$", description="The country's two letters (ISO 3166-1).")
    ] = "",
    limit: Limit = 20,
) -> list[Airport]:
    """Search airports by name, city and country; those with an IATA code come first."""
    name, city, country = name.lower(), city.lower(), country.upper()
    found = (
        airport
        for airport in directory().by_name
        if (not country or airport.country == country)
        and (not city or city in airport.city.lower())
        and (not name or name in airport.name.lower())
    )
    return list(islice(found, limit))


@service(sample={"latitude": 51.5007, "longitude": -0.1246, "limit": 3})
def nearest(
    latitude: Latitude,
    longitude: Longitude,
    within: Annotated[float, Meta(gt=0, le=500, description="Kilometres.")] = 50.0,
    limit: Limit = 5,
) -> list[Nearby]:
    """Find the airports around a place, the nearest first."""
    airports = directory().by_latitude
    reach = within / KILOMETRES_PER_DEGREE  # nothing outside this band of latitudes can be near enough
    south = bisect_left(airports, latitude - reach, key=lambda airport: airport.latitude)
    north = bisect_right(airports, latitude + reach, key=lambda airport: airport.latitude)
    around = (
        Nearby(round(kilometres_between(latitude, longitude, airport.latitude, airport.longitude), 1), airport)
        for airport in airports[south:north]
    )
    near = (each for each in around if each.kilometres <= within)
    return sorted(near, key=lambda each: each.kilometres)[:limit]
