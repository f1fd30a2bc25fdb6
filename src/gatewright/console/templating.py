"""The console's pages: Jinja templates compiled once, with the filters and the look they share.

Each template says in a comment at its top which context it takes; a name that is missing there is an error, not a blank.
"""

import datetime
import functools
import json
import pathlib
from collections.abc import Mapping
from typing import Any
from typing import Literal
from typing import TypeAlias

import jinja2
import markupsafe
import msgspec

HERE = pathlib.Path(__file__).parent
STATIC_URL = "/console/static"
NEVER = "never"

Theme: TypeAlias = Literal["system", "light", "dark"]


class Flash(msgspec.Struct, frozen=True):
    """What just happened, said once at the top of the next page, with the next steps as (text, address) pairs."""

    kind: Literal["done", "failed"]
    text: str
    links: tuple[tuple[str, str], ...] = ()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every page of the console, or of one's own account, needs besides its own content.

    area: whose layout and navigation it has.  console: whether the person may enter the console.
    missing: the group whose members alone may change what the page shows; "" when the person may.
    """

    area: Literal["console", "account"] = "console"
    console: bool = True
    missing: str = ""
    user: str
    csrf: str
    now: int  # seconds since the epoch
    theme: Theme = "system"
    flashes: tuple[Flash, ...] = ()
    nonce: str = ""  # of this answer's style-src; only pages with an editor have one


def read_manifest(folder: pathlib.Path = HERE / "static" / "built") -> dict[str, str]:
    """Names of the built assets by their plain names; empty when `make assets` has not run: pages then lack their look."""
    file = folder / "manifest.json"
    return json.loads(file.read_bytes()) if file.is_file() else {}


def create_environment(manifest: Mapping[str, str]) -> jinja2.Environment:
    """The templates' environment: escaping on, missing names refused, `asset(name)` answering an address."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
    )
    environment.globals["asset"] = lambda name: f"{STATIC_URL}/built/{manifest.get(name, name)}"
    environment.filters |= {
        "ago": ago,
        "day": day,
        "duration": duration,
        "hour": hour,
        "shorten": shorten,
        "pretty_json": pretty_json,
    }
    return environment


@functools.cache
def _environment() -> jinja2.Environment:
    return create_environment(read_manifest())


def render(name: str, /, **context: Any) -> str:
    """The page of the template `name` ("oauth/clients.html").  Raises jinja2.UndefinedError when its context lacks a name."""
    return _environment().get_template(name).render(context)


# From coarse to fine; a unit is used from one and a half of it on, so that "90 minutes" does not become "1 hour".
_UNITS = ((31_557_600, "year"), (2_629_800, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def ago(moment: int | None, now: int) -> markupsafe.Markup:
    """A `time` element: "3 minutes ago" or "in 2 days", with the exact UTC time in its title; None is "never".

    moment, now: seconds since the epoch.
    """
    if moment is None:
        return markupsafe.Markup('<span class="muted">{}</span>').format(NEVER)
    exact = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    words = _roughly(abs(now - moment))
    phrase = "just now" if abs(now - moment) < 5 else f"{words} ago" if moment < now else f"in {words}"
    return markupsafe.Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), phrase
    )


def _roughly(seconds: int) -> str:
    for size, unit in _UNITS:
        if seconds >= size * 1.5:
            return _count(round(seconds / size), unit)
    return _count(seconds, "second")


def hour(moment: int) -> str:
    """The hour of a time in seconds since the epoch, in UTC: "14:00 UTC"."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%H:00 UTC")


def day(moment: int) -> str:
    """The day of a time in seconds since the epoch, in UTC: "2026-03-02"."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d")


def duration(seconds: int | str) -> str:
    """A length of time in words: 5400 is "1 hour 30 minutes"; "never" stays as it is."""
    if isinstance(seconds, str):
        return seconds
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = ((days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second"))
    return " ".join(_count(number, unit) for number, unit in parts if number) or "0 seconds"


def shorten(identifier: str, keep: int = 6) -> str:
    """An identifier without its middle: `keep` characters of each end; one that is hardly longer stays whole."""
    return identifier if len(identifier) <= 2 * keep + 3 else f"{identifier[:keep]}…{identifier[-keep:]}"


def pretty_json(value: Any) -> str:
    """A value as indented JSON for people; text that is no JSON value is shown by its name."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
