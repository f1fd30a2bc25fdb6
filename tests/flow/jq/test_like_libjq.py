"""Random expressions on random documents: our compiler must give what libjq gives, or fail where it fails."""

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import note
from hypothesis import settings
from hypothesis import strategies as st

from tests.flow.jq.oracle import libjq
from tests.flow.jq.oracle import ours

KEYS = ("a", "b", "c", "x y")
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 2, -1, 3, 10, 1.5, -0.25, 9007199254740993, "", "a", "b", "ab", "a,b", "1", "é😀", "[1]"]
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
LITERALS = st.sampled_from(
    [
        "null",
        "true",
        "false",
        "0",
        "1",
        "2",
        "-1",
        "1.5",
        '""',
        '"a"',
        '"ab"',
        '","',
        "[]",
        "{}",
        "[1,2]",
        '{"a":1}',
        "nan",
    ]
)
PATHS = st.sampled_from(
    [
        ".",
        ".a",
        ".b",
        ".c",
        '.["x"]',
        ".a.b",
        ".[0]",
        ".[-1]",
        ".[1:]",
        ".[:1]",
        ".[:-1]",
        ".[]",
        ".a[]",
        ".[]?",
        ".a?",
        ".a[0]",
        ".[].a",
        ".[].a?",
        '.["a","b"]',
        ".[0,1]",
        "..",
        ".a.b?",
        ".[1.5]",
        ".[0].a",
    ]
)
NULLARY = st.sampled_from(
    [
        "length",
        "keys",
        "keys_unsorted",
        "add",
        "type",
        "tostring",
        "tojson",
        "tonumber",
        "not",
        "reverse",
        "sort",
        "unique",
        "min",
        "max",
        "flatten",
        "to_entries",
        "from_entries",
        "first",
        "last",
        "any",
        "all",
        "floor",
        "sqrt",
        "ascii_downcase",
        "ascii_upcase",
        "explode",
        "implode",
        "transpose",
        "values",
        "nulls",
        "scalars",
        "iterables",
        "strings",
        "numbers",
        "booleans",
        "arrays",
        "objects",
        "paths",
        "tostream",
        "isnan",
        "abs",
        "trim",
        "ltrim",
        "rtrim",
        "fromjson",
        "utf8bytelength",
        "empty",
        "error",
        "isinfinite",
        "round",
        "ceil",
        "@base64",
        "@uri",
        "@html",
        "@csv",
        "@tsv",
        "@sh",
        "@json",
        "@text",
        "toboolean",
        "combinations",
        "recurse",
    ]
)
UNARY = st.sampled_from(
    [
        "map",
        "select",
        "map_values",
        "sort_by",
        "group_by",
        "unique_by",
        "min_by",
        "max_by",
        "any",
        "all",
        "first",
        "last",
        "isempty",
        "add",
        "path",
        "del",
        "with_entries",
        "has",
        "contains",
        "inside",
        "split",
        "join",
        "startswith",
        "endswith",
        "ltrimstr",
        "rtrimstr",
        "index",
        "rindex",
        "indices",
        "in",
        "paths",
        "error",
        "walk",
        "pick",
        "test",
        "scan",
        "splits",
        "IN",
        "flatten",
        "delpaths",
        "getpath",
    ]
)
BINARY = st.sampled_from(["+", "-", "/", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//", ",", "|"])
ASSIGNMENTS = st.sampled_from(["=", "|=", "+=", "-=", "//="])
SMALL = st.sampled_from(["0", "1", "2", "3", "-1", "1.5"])


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def form(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda given: template.format(*given))

    return st.one_of(
        form("({} {} {})", inner, BINARY, inner),
        form("({} | {})", inner, inner),
        form("({} * {})", inner, SMALL),
        form("({} % {})", inner, SMALL),
        form("{}({})", UNARY, inner),
        form("range({})", SMALL),
        form("limit({}; {})", SMALL, inner),
        form("skip({}; {})", SMALL, inner),
        form("[{}]", inner),
        form("{{a: {}, b: {}}}", inner, inner),
        form("{{({}): {}}}", inner, inner),
        form('"<\\({})>"', inner),
        form("(if {} then {} else {} end)", inner, inner, inner),
        form('(try {} catch "caught")', inner),
        form("({})?", inner),
        form("(-{})", inner),
        form("reduce ({}) as $x (0; {})", inner, inner),
        form("(foreach ({}) as $x (null; {}; [$x, .]))", inner, inner),
        form("({} as $x | {} | [., $x])", inner, inner),
        form("({} as [$x, {{a: $y}}] | [$x, $y, {}])", inner, inner),
        form("({} as {{a: $x}} | $x, {})", inner, inner),
        form("({} {} {})", PATHS, ASSIGNMENTS, inner),
        form("(({} | {}) {} {})", PATHS, PATHS, ASSIGNMENTS, inner),
        form("((.[] | select({})) {} {})", inner, ASSIGNMENTS, inner),
        form("(def f: {}; [f, f])", inner),
        form("(def f(g): [g | {}]; f({}))", inner, inner),
        form("(def f($v): [$v, {}]; f({}))", inner, inner),
        form("(label $out | {}, break $out, {})", inner, inner),
        form("[{} | label $out | (., break $out), {}]", inner, inner),
        form("getpath([{}, {}])", inner, inner),
        form("(. as $d | setpath([{}]; {}))", inner, inner),
        form("({}[{}:{}])", PATHS, SMALL, SMALL),
        form("any({}; {})", inner, inner),
        form("all({}; {})", inner, inner),
        form("(. as $whole | [paths] | map(. as $p | $whole | getpath($p)) | {})", inner),
    )


EXPRESSIONS = st.recursive(LITERALS | PATHS | NULLARY, combined, max_leaves=6)


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(expression=EXPRESSIONS, documents=st.lists(DOCUMENTS, min_size=3, max_size=3))
def test_random_expressions_give_what_libjq_gives(expression: str, documents: list[object]) -> None:
    for document in documents:
        expected = libjq(expression, document)
        note(f"{expression!r} on {document!r}: libjq {expected}")
        assert ours(expression, document) == expected
