"""A request as people paste it: a curl line, raw HTTP, or the fields of a form. Nothing of it is kept."""

import base64
import re
import shlex
from collections.abc import Callable
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote_plus
from urllib.parse import urlsplit

import msgspec

from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid

Headers = list[tuple[str, str]]

MOST_CHARACTERS: Final = 100_000
_FORM: Final = "application/x-www-form-urlencoded"
_REQUEST_LINE: Final = re.compile(r"([A-Z]{3,10}) (\S+)(?: HTTP/[0-9.]+)?\s*\Z")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_IGNORED: Final = frozenset(
    {
        "-s", "-S", "-i", "-v", "-L", "-k", "-f", "-g", "-#", "--silent", "--show-error", "--include", "--verbose",
        "--location", "--insecure", "--fail", "--globoff", "--compressed", "--http1.1", "--http2", "--progress-bar",
    }
)  # fmt: skip
"""Options of curl without a value that change nothing of what is asked."""
_IGNORED_WITH_VALUE: Final = frozenset(
    {"-o", "-w", "-m", "--output", "--write-out", "--max-time", "--connect-timeout", "--retry", "--cacert", "--resolve"}
)
_LONG: Final = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-u": "--user", "-G": "--get", "-I": "--head", "-A": "--user-agent",
    "--data-raw": "--data", "--data-ascii": "--data", "--data-binary": "--data",
}  # fmt: skip


class Pasted(msgspec.Struct, frozen=True, kw_only=True):
    """A request. notes: what of the text was not understood, and what was done about it."""

    method: str
    address: str
    headers: Headers = []
    body: str = ""
    notes: tuple[str, ...] = ()


def read(text: str) -> Pasted:
    """The request of a curl line, or of a raw HTTP request. Raises Invalid."""
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"This is longer than {MOST_CHARACTERS:,} characters.")
    text = text.replace("\r\n", "\n").strip()
    text = text.removeprefix("$ ")
    if re.match(r"curl(\.exe)?\s", text):
        return _of_curl(text)
    return _of_http(text)


def of_fields(method: str, address: str, headers: str, body: str) -> Pasted:
    """The request of a form's fields; headers: one a line. Raises Invalid."""
    if not address.strip():
        raise Invalid([FieldError("address", "Name the address that is asked, such as /invoke/orders/get.")])
    return _of_http(f"{method.strip() or 'GET'} {address.strip()}\n{headers.strip()}\n\n{body}")


def _refused(sentence: str) -> Invalid:
    return Invalid([FieldError("request", sentence)])


def _of_http(text: str) -> Pasted:
    head, _, body = text.partition("\n\n")
    first, *rest = head.split("\n")
    line = _REQUEST_LINE.match(first)
    if line is None:
        raise _refused(
            "Begin with curl, or with a request line such as POST /oauth/token; an empty line parts headers from the body."
        )
    headers = [_header(each) for each in rest if each.strip()]
    return Pasted(method=line[1], address=line[2], headers=headers, body=body.strip("\n"))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _TOKEN.match(name.strip()):
        raise _refused(f"“{line[:60]}” is no header: write it as Name: value.")
    return name.strip(), value.strip()


class _Curl:
    """A curl line while it is read."""

    def __init__(self) -> None:
        self.method = ""
        self.address = ""
        self.headers: Headers = []
        self.data: list[str] = []
        self.in_url = False
        self.notes: list[str] = []

    def has(self, name: str) -> bool:
        return any(each.lower() == name for each, _ in self.headers)

    def request(self) -> Pasted:
        if not self.address:
            raise _refused("The curl line names no address.")
        body, address = "&".join(self.data), self.address
        if self.in_url and body:
            address, body = f"{address}{'&' if '?' in address else '?'}{body}", ""
        if body and not self.has("content-type"):
            self.headers.append(("Content-Type", _FORM))
        method = self.method or ("POST" if body else "GET")
        return Pasted(method=method, address=address, headers=self.headers, body=body, notes=tuple(self.notes))


def _of_curl(text: str) -> Pasted:
    try:
        words = shlex.split(text.replace("\\\n", " ").replace("\n", " "))
    except ValueError as error:
        raise _refused(f"The curl line cannot be read: {str(error).lower()}.") from None
    curl = _Curl()
    if re.search(r"\$[({A-Za-z_]", text):
        curl.notes.append(
            "Variables and commands of the shell ($…) were taken letter for letter: write what they stand for."
        )
    arguments = iter(words[1:])
    for word in arguments:
        if word.startswith("-") and len(word) > 1:
            for option, value in _options(word):
                _apply(curl, option, value, arguments)
        elif curl.address:
            curl.notes.append(f"A second address was left out: {word[:80]}")
        else:
            curl.address = word
    return curl.request()


def _options(word: str) -> Iterator[tuple[str, str | None]]:
    """The options of one word, each with the value that is joined to it: -sS, -XPOST, --request=POST."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        yield (name, value) if equals else (name, None)
        return
    for at in range(1, len(word)):
        option = f"-{word[at]}"
        if option not in _IGNORED and option not in ("-G", "-I"):
            yield option, word[at + 1 :] or None
            return
        yield option, None


def _apply(curl: _Curl, option: str, joined: str | None, arguments: Iterator[str]) -> None:
    name = _LONG.get(option, option)
    if name in _IGNORED:
        return
    if name in ("--get", "--head"):
        curl.in_url, curl.method = name == "--get", curl.method or ("GET" if name == "--get" else "HEAD")
        return
    value = joined if joined is not None else next(arguments, "")
    if name in _IGNORED_WITH_VALUE:
        return
    take = _TAKES.get(name)
    if take is None:
        curl.notes.append(f"The option {option[:40]} is not understood here, and was left out with its value.")
    else:
        take(curl, value)


def _take_data(curl: _Curl, value: str) -> None:
    if value.startswith("@"):
        curl.notes.append("Files (@…) are not read here: paste what the file holds.")
    else:
        curl.data.append(value)


def _take_urlencoded(curl: _Curl, value: str) -> None:
    name, equals, text = value.partition("=")
    curl.data.append(f"{name}={quote_plus(text)}" if equals and name else quote_plus(text if equals else value))


def _take_user(curl: _Curl, value: str) -> None:
    if ":" not in value:
        curl.notes.append("-u names no password: an empty one was taken.")
        value += ":"
    curl.headers.append(("Authorization", "Basic " + base64.b64encode(value.encode()).decode()))


def _take_json(curl: _Curl, value: str) -> None:
    _take_data(curl, value)
    if not curl.has("content-type"):
        curl.headers.append(("Content-Type", "application/json"))


def _take_method(curl: _Curl, value: str) -> None:
    curl.method = value.upper()


def _take_address(curl: _Curl, value: str) -> None:
    curl.address = value


_TAKES: Final[dict[str, Callable[[_Curl, str], None]]] = {
    "--request": _take_method,
    "--header": lambda curl, value: curl.headers.append(_header(value)),
    "--data": _take_data,
    "--data-urlencode": _take_urlencoded,
    "--user": _take_user,
    "--url": _take_address,
    "--json": _take_json,
    "--user-agent": lambda curl, value: curl.headers.append(("User-Agent", value)),
    "--oauth2-bearer": lambda curl, value: curl.headers.append(("Authorization", f"Bearer {value}")),
}


def target_of(pasted: Pasted, issuer: str) -> tuple[str, str, str, tuple[str, ...]]:
    """Scheme, host and target of the request line, as this server would be asked; and a note when it asks another one.

    Raises Invalid.
    """
    try:
        parts, own = urlsplit(pasted.address), urlsplit(issuer)
        if parts.scheme not in ("", "http", "https"):
            raise _refused("The address must be one of http or https.")
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        raise _refused("The address is none.") from None
    path = parts.path if host else pasted.address.partition("#")[0].partition("?")[0]
    if own.path and path.startswith(own.path + "/"):
        path = path[len(own.path) :]
    target = f"/{path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")
    foreign = host and host.lower() != own.netloc.lower()
    note = f"The address is of {host}, and this server is {own.netloc}: it was taken as asked here." if foreign else ""
    return parts.scheme or own.scheme, host or own.netloc, target, (note,) if note else ()
