"""`package.yaml`: what a package says of itself."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gatewright.kernel.yaml import Document
from gatewright.services.document import read
from gatewright.services.document import read_placed
from gatewright.services.face import PackageFace


class TemplateEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One URL template and the full name of the service it leads to."""

    template: str
    service: str


class PackageLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one call of a service of the package, in place of the server's own."""

    seconds: Annotated[float, Meta(gt=0, le=3600)] | None = None
    steps: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deployable folder of services.

    allowed_hosts: the only hosts its flows may call; none named: any public one. A name may begin with `*.`.
    secrets: what its flows may read as `$secrets.NAME`, from GATEWRIGHT_SECRET_NAME in the environment.
    dependencies: other packages by name, with the versions that do, `>=1.2,<2` or `*` (PEP 440).
    requirements: distributions that its Python files import, as pip reads them (PEP 508); never installed by us.
    http: how its services are served: caching, compression, limits of rate, origins.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\Z", max_length=100)]
    version: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]+)?\Z", max_length=100)]
    description: str = ""
    url_templates: tuple[TemplateEntry, ...] = ()
    limits: PackageLimits = PackageLimits()
    allowed_hosts: tuple[str, ...] = ()
    secrets: tuple[Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\Z")], ...] = ()
    dependencies: dict[str, str] = {}
    requirements: tuple[str, ...] = ()
    http: PackageFace = PackageFace()


def parse_package(text: str, file: str) -> Package:
    """Read a `package.yaml`. Raises FileProblem with file, line, column and what was expected."""
    return read(text, Package, file)


def parse_placed_package(text: str, file: str) -> tuple[Package, Document]:
    """Like `parse_package`, with the document, which knows each value's place."""
    return read_placed(text, Package, file)
