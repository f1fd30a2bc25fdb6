"""URL templates, `GET /airports/{iata}`: reading them, refusing conflicts, and matching requests.

The last segment may be `{+name}`, which stands for the whole rest of a path, one segment or more (as RFC 6570 §3.2.3
spells a value with slashes): a subtree, usually of an upstream.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from gatewright.services.path import RESERVED
from gatewright.services.path import segments

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LITERAL = re.compile(r"[A-Za-z0-9_~.-]+\Z")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}\Z")
_REST = re.compile(r"\{\+([A-Za-z_][A-Za-z0-9_]*)\}\Z")
_WRITTEN = re.compile(r"([A-Za-z]+) +(/\S*)\Z")
_WRITTEN_ELSEWHERE = re.compile(r"([A-Za-z]+)_([^/\s]\S*)\Z")
_MOST_SEGMENTS = 32


class UrlTemplate(msgspec.Struct, frozen=True):
    """A REST route to a service. `text` is its one spelling, `GET /airports/{iata}`, and the key of every table."""

    text: str
    method: str
    segments: tuple[str, ...]  # as written: literals, and variables in their braces
    service: str = ""

    @property
    def path(self) -> str:
        """The path as written, `/airports/{iata}`."""
        return "/" + "/".join(self.segments)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in the path's order."""
        names = tuple(found[1] for segment in self.segments if (found := _VARIABLE.match(segment)))
        return (*names, self.rest) if self.rest else names

    @property
    def rest(self) -> str:
        """The name of the variable that takes the whole rest of the path; empty when there is none."""
        found = _REST.match(self.segments[-1])
        return found[1] if found else ""

    def filled(self, values: Mapping[str, object]) -> str:
        """The path with its variables filled in, percent-encoded. Raises KeyError for one that is missing."""
        path = self.path
        for name in self.variables:
            safe = "/" if name == self.rest else ""
            path = path.replace(f"{{{'+' if safe else ''}{name}}}", quote(str(values[name]), safe=safe))
        return path

    @property
    def shape(self) -> tuple[str, ...]:
        """What two templates conflict over: the method and the segments with variables unnamed."""
        unnamed = ["{}" if _VARIABLE.match(segment) else segment for segment in self.segments]
        return (self.method, *unnamed[:-1], "{+}") if self.rest else (self.method, *unnamed)


def parse_template(text: str, service: str = "") -> UrlTemplate:
    """Read `METHOD /path/{variable}`, also in webMethods' spelling `METHOD_path/{variable}`.

    Raises ValueError with a sentence that says what to change.
    """
    method, path = _split(text)
    if method not in METHODS:
        raise ValueError(f"{method} is not a method of URL templates; one of {', '.join(METHODS)}")
    parts = tuple(path[1:].split("/"))
    _refuse_bad_segments(text, parts)
    template = UrlTemplate(f"{method} {path}", method, parts, service)
    if len(set(template.variables)) != len(template.variables):
        raise ValueError(f"{text!r} names a variable twice")
    return template


def _split(text: str) -> tuple[str, str]:
    if written := _WRITTEN.match(text.strip()):
        return written[1].upper(), written[2]
    if written := _WRITTEN_ELSEWHERE.match(text.strip()):
        return written[1].upper(), "/" + written[2]
    raise ValueError(f"{text!r} is not a URL template; it is written METHOD /path/{{variable}}")


def _refuse_bad_segments(text: str, parts: tuple[str, ...]) -> None:
    if len(parts) > _MOST_SEGMENTS:
        raise ValueError(f"{text!r} has more than {_MOST_SEGMENTS} segments")
    if parts[0].lower() in RESERVED:
        raise ValueError(f"{text!r} begins with /{parts[0]}, which belongs to the server")
    for number, part in enumerate(parts, start=1):
        if _REST.match(part) and number == len(parts):
            continue
        if part in ("", ".", ".."):
            raise ValueError(f"{text!r} has an empty or dotted segment; a path has no // and no slash at its end")
        if not _LITERAL.match(part) and not _VARIABLE.match(part):
            raise ValueError(
                f"{part!r} in {text!r} is neither plain letters, digits, . _ ~ - nor one whole {{variable}};"
                " {+variable} may stand at the end"
            )


class Match(msgspec.Struct, frozen=True):
    """The template a request goes to, and the values of its variables."""

    template: UrlTemplate
    variables: dict[str, str]


class _Node:
    """One segment deep in the tree of templates of one method."""

    __slots__ = ("literals", "template", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.template: UrlTemplate | None = None

    def child(self, segment: str) -> "_Node":
        """The node below for a segment as written, made when absent."""
        if not _VARIABLE.match(segment):
            return self.literals.setdefault(segment, _Node())
        if self.variable is None:
            self.variable = _Node()
        return self.variable

    def find(self, path: tuple[str, ...], depth: int) -> UrlTemplate | None:
        """The template for the rest of the path from `depth` on; a literal goes before a variable."""
        if depth == len(path):
            return self.template
        literal = self.literals.get(path[depth])
        if literal is not None and (found := literal.find(path, depth + 1)):
            return found
        return self.variable.find(path, depth + 1) if self.variable else None


class Templates:
    """An immutable set of templates, arranged for matching; `by_text` holds them by their spelling."""

    def __init__(self, templates: Iterable[UrlTemplate]) -> None:
        """Raises ValueError when two of them cannot be told apart."""
        self.by_text: dict[str, UrlTemplate] = {}
        self._roots: dict[tuple[str, int], _Node] = {}
        self._subtrees: dict[str, dict[int, _Node]] = {}  # by method and the number of segments before the rest
        shapes: dict[tuple[str, ...], UrlTemplate] = {}
        for template in templates:
            if other := shapes.get(template.shape):
                raise ValueError(f"{template.text!r} cannot be told from {other.text!r}")
            shapes[template.shape] = template
            self.by_text[template.text] = template
            self._add(template)

    def _add(self, template: UrlTemplate) -> None:
        beginning = template.segments
        if template.rest:
            beginning = beginning[:-1]
            node = self._subtrees.setdefault(template.method, {}).setdefault(len(beginning), _Node())
        else:
            node = self._roots.setdefault((template.method, len(beginning)), _Node())
        for segment in beginning:
            node = node.child(segment)
        node.template = template

    def match(self, method: str, raw_path: bytes) -> Match | None:
        """The template and variables for a request, or None (404, or 405 when `methods` names others).

        raw_path: the path as it stood in the request line, without the query. HEAD goes where GET goes.
        Letters' case counts; a subtree takes what no other template does, the deeper one first; the segments of its
        rest come joined by slashes, and none of them holds one. This is the only place that decides; check and serve
        what it returns.
        """
        path = segments(raw_path)
        if path is None or path[0] in RESERVED:
            return None
        template = self._find("GET" if method == "HEAD" else method, path)
        if template is None:
            return None
        if template.rest:
            count = len(template.segments) - 1
            path = (*path[:count], "/".join(path[count:]))
        return Match(
            template,
            {name.strip("{+}"): value for name, value in zip(template.segments, path, strict=True) if name[0] == "{"},
        )

    def _find(self, method: str, path: tuple[str, ...]) -> UrlTemplate | None:
        root = self._roots.get((method, len(path)))
        found = root.find(path, 0) if root else None
        if found is None and method in self._subtrees:
            return self._find_subtree(self._subtrees[method], path)
        return found

    def _find_subtree(self, subtrees: dict[int, _Node], path: tuple[str, ...]) -> UrlTemplate | None:
        for count in sorted(subtrees, reverse=True):
            found = subtrees[count].find(path[:count], 0) if count < len(path) else None
            if found is not None:
                return found
        return None

    def methods(self, raw_path: bytes) -> tuple[str, ...]:
        """The methods that some template has for this path, for `Allow` (RFC 9110 §10.2.1); empty when there is none."""
        path = segments(raw_path)
        if path is None or path[0] in RESERVED:
            return ()
        found = [method for method in METHODS if method != "OPTIONS" and self._find(method, path)]
        if "GET" in found:
            found.insert(1, "HEAD")
        return (*found, "OPTIONS") if found or self._find("OPTIONS", path) else ()
