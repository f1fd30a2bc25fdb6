"""Functions that are best said in the language itself; each is inlined where it is called."""

import re

_TEXT = r"""
def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def values: if . == null then empty else . end;
def nulls: if . == null then . else empty end;
def booleans: if type == "boolean" then . else empty end;
def numbers: if type == "number" then . else empty end;
def strings: if type == "string" then . else empty end;
def arrays: if type == "array" then . else empty end;
def objects: if type == "object" then . else empty end;
def iterables: if type | . == "array" or . == "object" then . else empty end;
def scalars: if type | . == "array" or . == "object" then empty else . end;
def finites: if isfinite then . else empty end;
def normals: if isnormal then . else empty end;
def recurse: ..;
def recurse(f; condition): recurse(f | select(condition));
def while(condition; update): select(condition) | recurse(update | select(condition));
def with_entries(f): to_entries | map(f) | from_entries;
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def add(f): [f] | add;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def any: any(.[]; .);
def all: all(.[]; .);
def error(f): f | error;
def del(f): delpaths([path(f)]);
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def combinations($n): . as $set | [range($n) | $set] | combinations;
def toarray: if type == "array" then . else [.] end;
def IN(source): . as $x | any(source; . == $x);
def IN(source; wanted): any(source; IN(wanted));
def INDEX(source; f): reduce source as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($table; f): [.[] | [., $table[f]]];
def JOIN($table; source; f): source | [., $table[f]];
def JOIN($table; source; f; combine): source | [., $table[f]] | combine;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def todateiso8601: todate;
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def test($re): test($re; null);
def match($re): match($re; null);
def capture($re): capture($re; null);
def capture($re; $flags): match($re; $flags) | _captured;
def scan($re): scan($re; null);
def splits($re): splits($re; null);
def splits($re; $flags): split($re; $flags) | .[];
def sub($re; f): sub($re; f; "");
def sub($re; f; $flags):
  . as $whole | [match($re; $flags)] as $found | _replace($found; [$found[] | _captured | [f]]);
def gsub($re; f): sub($re; f; "g");
def gsub($re; f; $flags): sub($re; f; $flags + "g");
def truncate_stream(f): . as $depth | null | f | . as $event
  | if ($event[0] | length) > $depth then ($event | .[0] |= .[$depth:]) else empty end;
def fromstream(f):
  foreach f as $event ({done: false, value: null};
    (if .done then {done: false, value: null} else . end)
    | if ($event | length) == 2
      then .value as $value | {done: ($event[0] | length == 0), value: ($value | setpath($event[0]; $event[1]))}
      else .done = ($event[0] | length == 1) end;
    if .done then .value else empty end);
"""

_DEFINITION = re.compile(r"^def (\w+)(?:\(([^)]*)\))?:.*?;$(?=\n(?:def|\Z)|\n\Z)", re.MULTILINE | re.DOTALL)

PRELUDE: dict[tuple[str, int], str] = {
    (match[1], match[2].count(";") + 1 if match[2] else 0): match[0] for match in _DEFINITION.finditer(_TEXT)
}
"""The text of each definition by name and arity."""
