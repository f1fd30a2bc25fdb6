"""How a package's services are served over HTTP: `http` in `package.yaml`, for all of them, for one, for one URL template."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from gatewright.services.template import parse_template


class Cache(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many seconds an answer to GET may be used again (RFC 9111); by caches that are shared too, when public."""

    seconds: Annotated[int, Meta(ge=0, le=31_536_000)]
    public: bool = False


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many requests a client may send in so many seconds, in each worker. burst: at once, when it was quiet."""

    requests: Annotated[int, Meta(ge=1, le=1_000_000)]
    seconds: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Face(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of one service or URL template; None: what is said of its package holds.

    etag: whether answers to GET carry an ETag. compress: whether long ones are compressed, which is for answers that
    hold nothing secret. idempotency: seconds for which the answer to an `Idempotency-Key` is kept.
    """

    cache: Cache | None = None
    etag: bool | None = None
    compress: bool | None = None
    rate: Rate | None = None
    idempotency: Annotated[int, Meta(ge=1, le=2_592_000)] | None = None


class PackageFace(Face, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of all services of a package, and of some. services: by full name or URL template.

    cors_allowed_origins: those of the server's own that may call them; None: all of those.
    """

    cors_allowed_origins: tuple[str, ...] | None = None
    services: dict[str, Face] = {}


NOTHING_SAID = PackageFace()


def spelled(name: str) -> str:
    """A service's name as it is, a URL template in its one spelling. Raises ValueError for a bad template."""
    return parse_template(name).text if "/" in name or " " in name else name


def resolved(package: PackageFace, services: Mapping[str, Face], service: str, template: str) -> Face:
    """What holds for one address: the template's word before the service's before the package's.

    services: as in `PackageFace`, templates as `spelled`. template: empty for the service's own address.
    """
    said = [each for each in (services.get(template), services.get(service), package) if each is not None]

    def first(name: str) -> object:
        return next((value for each in said if (value := getattr(each, name)) is not None), None)

    return msgspec.convert({name: first(name) for name in Face.__struct_fields__}, Face, from_attributes=True)
