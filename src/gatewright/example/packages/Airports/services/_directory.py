"""The airports of the world, from the PyPI package airportsdata, read when they are first asked for."""

import csv
import sys
from functools import cache
from importlib.resources import files

import airportsdata
import msgspec


class Airport(msgspec.Struct, frozen=True, gc=False):
    """One airport. Latitude and longitude are in degrees, the elevation in feet above the sea."""

    iata: str | None
    icao: str
    name: str
    city: str
    region: str
    country: str
    latitude: float
    longitude: float
    elevation: float
    timezone: str


class Directory(msgspec.Struct, frozen=True):
    """All airports: by their codes, by name (those with an IATA code first), and from south to north."""

    by_code: dict[str, Airport]
    by_name: list[Airport]
    by_latitude: list[Airport]


@cache
def directory() -> Directory:
    """The directory, the same one each time."""
    # The file itself, row by row: the package's own loader makes 28,000 dictionaries first.
    with (files(airportsdata) / "airports.csv").open("r", encoding="utf-8") as file:
        airports = [_airport(row) for row in csv.DictReader(file)]
    by_code = {airport.icao: airport for airport in airports}
    by_code |= {airport.iata: airport for airport in airports if airport.iata}
    return Directory(
        by_code,
        sorted(airports, key=lambda airport: (not airport.iata, airport.name)),
        sorted(airports, key=lambda airport: airport.latitude),
    )


def _airport(row: dict[str, str]) -> Airport:
    # A few hundred countries, regions and time zones stand in 28,000 rows: each text is kept once.
    return Airport(
        row["iata"] or None,
        row["icao"],
        row["name"],
        row["city"],
        sys.intern(row["subd"]),
        sys.intern(row["country"]),
        float(row["lat"]),
        float(row["lon"]),
        float(row["elevation"]),
        sys.intern(row["tz"]),
    )
