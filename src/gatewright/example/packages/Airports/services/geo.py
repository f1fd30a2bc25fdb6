"""Distances on the earth."""

from math import asin
from math import atan2
from math import cos
from math import degrees
from math import radians
from math import sin
from math import sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from gatewright.services import service

EARTH_RADIUS = 6371.0088
"""Kilometres: the mean radius of the IUGG."""
KILOMETRES_PER_DEGREE = radians(1) * EARTH_RADIUS

Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees, north positive.")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees, east positive.")]


class Point(msgspec.Struct, frozen=True):
    """A place on the earth."""

    latitude: Latitude
    longitude: Longitude


class Distance(msgspec.Struct, frozen=True):
    """How far, and in which direction one sets off: `bearing` is in degrees clockwise from north."""

    kilometres: float
    nautical_miles: float
    bearing: float


@service(
    inline=True,
    sample={"start": {"latitude": 40.6399, "longitude": -73.7787}, "end": {"latitude": 51.4706, "longitude": -0.4619}},
)
def distance(start: Point, end: Point) -> Distance:
    """Measure the great-circle distance between two places."""
    kilometres = kilometres_between(start.latitude, start.longitude, end.latitude, end.longitude)
    return Distance(round(kilometres, 1), round(kilometres / 1.852, 1), round(_bearing(start, end), 1))


def kilometres_between(latitude1: float, longitude1: float, latitude2: float, longitude2: float) -> float:
    """The great-circle distance by the haversine formula, which stays exact for near places."""
    south, north = radians(latitude1), radians(latitude2)
    half_height, half_width = (north - south) / 2, radians(longitude2 - longitude1) / 2
    chord = sin(half_height) ** 2 + cos(south) * cos(north) * sin(half_width) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(min(1.0, chord)))


def _bearing(start: Point, end: Point) -> float:
    south, north = radians(start.latitude), radians(end.latitude)
    width = radians(end.longitude - start.longitude)
    east = sin(width) * cos(north)
    upward = cos(south) * sin(north) - sin(south) * cos(north) * cos(width)
    return degrees(atan2(east, upward)) % 360
