import pytest

from gatewright.flow import FlowProblems
from gatewright.flow import check_flow
from gatewright.flow import load_flow
from tests.flow.conftest import HEAD
from tests.flow.conftest import FakeRegistry

ORDERS = {"required": ["id"], "properties": {"id": {}, "lines": {}}, "additionalProperties": False}
LINES = {
    "properties": {
        "count": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["full", "short"]},
        "line": {"$ref": "#/$defs/Line"},
        "through": {"type": "string", "format": "connection"},
    },
    "$defs": {"Line": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}},
}
REGISTRY = FakeRegistry({"orders:get": ORDERS, "orders:list": None, "orders:lines": LINES}, ["crm", "stock"])


def found(text, registry=REGISTRY):
    """The problems as (severity, line below the head, column, message and mend)."""
    before = HEAD.count("\n")
    return [
        (problem.severity, problem.line - before, problem.column, f"{problem.message} | {problem.mend}")
        for problem in check_flow(HEAD + text, registry)
    ]


def the_only(text, registry=REGISTRY):
    problems = found(text, registry)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_sound_flow_has_no_problems():
    assert found("do:\n- a: {call: orders:get, with: {id: '${ .x }'}}\n- b: {set: {y: 1}}") == []


def test_what_only_the_run_can_tell_is_left_to_the_run():
    """Arguments that are, or hold, expressions; and connections that an expression names."""
    given = "{count: '${ .n }', kind: full, line: {sku: '${ .s }', more: 1}, through: '${ .c }'}"
    assert found(f"do:\n- a: {{call: orders:lines, with: {given}}}") == []


def test_a_flow_says_which_connections_it_uses():
    text = """
use: {authentications: {own: {bearer: {token: t}}}}
do:
- a: {call: orders:lines, with: {through: stock}}
- b: {call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {use: crm}}}}
- c: {call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: own}}}
"""
    assert load_flow(HEAD + text, REGISTRY).connections == {"crm", "stock"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{type: integer, minimum: 5, maximum: 3}", "maximum 3 is below minimum 5"),
        ("{type: object, properties: {a: {minLength: 9, maxLength: 2}}}", "maxLength 2 is below minLength 9"),
        ("{type: integer, enum: [a, b]}", "no value of the enum fits"),
        ("{allOf: [{type: string, const: 5}]}", "the constant does not fit"),
        ("{properties: {a: {}}, required: [b], additionalProperties: false}", "'b' is required, and not among"),
        ("{type: array, items: {type: array, minItems: 2, maxItems: 1}}", "maxItems 1 is below minItems 2"),
        ("{$defs: {X: {type: string}}, properties: {a: {$ref: '#/$defs/X', enum: [1]}}}", "no value of the enum fits"),
    ],
)
def test_a_schema_that_contradicts_itself_is_told_with_its_place(schema, words):
    severity, line, _, message = the_only(f"input: {{schema: {{document: {schema}}}}}\ndo: [{{a: {{set: {{x: 1}}}}}}]")
    assert (severity, line) == ("error", 1)
    assert words in message


@pytest.mark.parametrize(
    "schema",
    [
        "{type: integer, minimum: 3, maximum: 3, enum: [1, 3]}",
        "{required: [b], additionalProperties: false, patternProperties: {'^b$': {}}}",
        "{$ref: '#/$defs/X', required: [b], additionalProperties: false, $defs: {X: {}}}",
        "{type: [string, 'null'], enum: [a, null]}",
    ],
)
def test_a_schema_that_some_value_fits_is_left_alone(schema):
    assert found(f"input: {{schema: {{document: {schema}}}}}\ndo: [{{a: {{set: {{x: 1}}}}}}]") == []


def test_all_problems_are_told_at_once_in_the_order_of_the_text():
    text = """do:
- a: {set: {x: '${ .a + }', y: '${ $nope }', z: 1}, than: b}
- b: {sett: {x: 1}}
- c: {if: '.b |', set: {x: '${ ] }'}, then: nowhere}
"""
    places = [(line, column) for _, line, column, _ in found(text)]
    assert places == [(2, 16), (2, 32), (2, 53), (3, 3), (4, 11), (4, 28), (4, 45)]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("{sett: {x: 1}}", "did you mean 'set'?"),
        ("{then: end}", "no known kind"),
        ("{set: {x: 1}, inptu: {}}", "'inptu' is unknown here | did you mean 'input'?"),
        ("{set: {x: 1}, input: {form: .x}}", "did you mean 'from'?"),
        ("{set: {}}", "a mapping of what to set"),
        ("{set: plain}", "a mapping of what to set"),
        ("3", "a task is a mapping"),
        ("{set: {x: 1}, then: 3}", "a text is expected here, not a whole number"),
        ("{set: {x: 1}, if: ''}", "a text is expected here, not an empty one"),
        ("{switch: []}", "a list of named cases"),
        ("{switch: [{a: {when: .x}}]}", "'then' is missing"),
        ("{for: {each: x}, do: [{b: {set: {x: 1}}}]}", "'in' is missing"),
        ("{for: {each: input, in: .x}, do: [{b: {set: {x: 1}}}]}", "$input has a meaning of its own"),
        ("{for: {each: 'a-b', in: .x}, do: [{b: {set: {x: 1}}}]}", "letters, digits and underscores"),
        ("{try: [{b: {set: {x: 1}}}]}", "'catch' is missing"),
        ("{try: [{b: {set: {x: 1}}}], catch: {retry: none}}", "no retry policy named 'none'"),
        ("{try: [{b: {set: {x: 1}}}], catch: {retry: {backoff: {linear: {by: 2}}}}}", "'by' is unknown here"),
        ("{try: [{b: {set: {x: 1}}}], catch: {retry: {backoff: {linear: {}, constant: {}}}}}", "exactly one of"),
        ("{raise: {error: gone}}", "no error named 'gone'"),
        ("{raise: {error: {type: x}}}", "'status' is missing"),
        ("{raise: {error: {type: x, status: 999}}}", "from 100 to 599"),
        ("{raise: {error: {type: x, status: high}}}", "a status is a number"),
        ("{wait: soon}", "'soon' is not an ISO 8601 duration"),
        ("{wait: {seconds: -1}}", "from 0 to"),
        ("{wait: {second: 1}}", "did you mean 'seconds'?"),
        ("{set: {x: 1}, timeout: slow}", "no timeout named 'slow'"),
        ("{fork: {branches: []}}", "a list of named tasks"),
        ("{fork: {branches: [{b: {set: {x: 1}}}], compete: maybe}}", "true or false is expected here, not a text"),
        ("{emit: {event: {with: {type: x}}}}", "'source' is missing"),
        ("{emit: {event: {with: {type: x, source: y, Bad: 1}}}}", "lower-case letters and digits"),
        ("{call: orders:gett, with: {}}", "no service named 'orders:gett' | did you mean 'orders:get'?"),
        ("{call: htpt, with: {}}", "no function named 'htpt' | did you mean 'http'?"),
        ("{call: orders:get}", "orders:get needs the argument 'id'"),
        ("{call: orders:get, with: {id: 1, line: 2}}", "has no argument 'line' | did you mean 'lines'?"),
        ("{call: orders:get, with: [1]}", "arguments are a mapping"),
        ("{call: orders:lines, with: {count: '5'}}", "does not take this: the argument 'count': \"5\" is not of type"),
        ("{call: orders:lines, with: {count: 0}}", "0 is less than the minimum of 1"),
        ("{call: orders:lines, with: {kind: long}}", "is not one of"),
        ("{call: orders:lines, with: {line: {sku: 5}}}", "the argument 'line' at /sku: 5 is not of type"),
        ("{call: orders:lines, with: {line: {}}}", '"sku" is a required property'),
        ("{call: orders:lines, with: {through: stok}}", "no connection named 'stok' | did you mean 'stock'?"),
        ("{run: {workflow: {namespace: orders, name: lines, version: '1', input: {count: many}}}}", "is not of type"),
        ("{run: {workflow: {namespace: orders, name: gte, version: '1'}}}", "no service named 'orders:gte'"),
        ("{call: http, with: {method: get}}", "'endpoint' is missing"),
        ("{call: http}", "a mapping is expected here, not nothing"),
        ("{call: http, with: {method: get, endpoint: 'http://h/{a b}'}}", "bad address"),
        ("{call: http, with: {method: get, endpoint: 'ftp://h/'}}", "begins with http:// or https://"),
        ("{call: http, with: {method: get, endpoint: 'http://h', output: all}}", "one of raw, content, response"),
        ("{call: http, with: {method: get, endpoint: 'http://h', headers: X}}", "one expression that gives it"),
        ("{call: http, with: {method: get it, endpoint: 'http://h'}}", "an HTTP method"),
        (
            "{call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {use: door}}}}",
            "no connection named 'door' | make it in the console",
        ),
        (
            "{call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {use: stok}}}}",
            "no connection named 'stok' | did you mean 'stock'?",
        ),
        (
            "{call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {basic: {use: key}}}}}",
            "the secret 'key' is not declared | add it to use.secrets",
        ),
        (
            "{call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {basic: {username: a}}}}}",
            "'password' missing",
        ),
        ("{call: openapi, with: {document: {endpoint: 'http://h'}}}", "'operationId' is missing"),
        ("{set: {x: 1}, output: {schema: {document: {type: thing}}}}", "bad schema"),
        ("{set: {x: 1}, output: {schema: {document: {$ref: 'http://127.0.0.1:9/x'}}}}", "bad schema"),
        ("{set: {x: 1}, output: {schema: {document: {pattern: '(?=x)'}}}}", "bad schema"),
    ],
)
def test_a_misfit_is_told_with_its_cause_and_mend(task, words):
    severity, line, _, message = the_only(f"do:\n- a: {task}")
    assert (severity, line) == ("error", 2)
    assert words in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("do: [{a: {listen: {to: {}}}}]", "cannot listen for events"),
        ("do: [{a: {run: {shell: {command: ls}}}}]", "starts no shell"),
        ("do: [{a: {run: {container: {image: x}}}}]", "starts no container"),
        ("do: [{a: {run: {script: {language: js, code: x}}}}]", "starts no script"),
        ("do: [{a: {run: {workflow: {namespace: orders, name: list, version: '1'}, await: false}}}]", "waits for what"),
        ("do: [{a: {call: grpc, with: {}}}]", "calls by grpc are outside"),
        ("do: [{a: {call: asyncapi, with: {}}}]", "calls by asyncapi are outside"),
        ("do: [{a: {call: a2a, with: {}}}]", "calls by a2a are outside"),
        ("do: [{a: {call: mcp, with: {}}}]", "calls by mcp are outside"),
        ("do: [{a: {call: 'log:1.0@global'}}]", "remote catalogs are not fetched"),
        ("schedule: {every: PT1S}\ndo: [{a: {set: {x: 1}}}]", "schedules are outside"),
        ("evaluate: {mode: loose}\ndo: [{a: {set: {x: 1}}}]", "only strict is supported"),
        ("evaluate: {language: js}\ndo: [{a: {set: {x: 1}}}]", "jq"),
        ("use: {catalogs: {}}\ndo: [{a: {set: {x: 1}}}]", "remote catalogs are outside"),
        ("use: {extensions: []}\ndo: [{a: {set: {x: 1}}}]", "extensions are outside"),
        ("do: [{a: {set: {x: 1}, output: {schema: {resource: {endpoint: 'http://h'}}}}}]", "inline under 'document'"),
    ],
)
def test_what_the_synchronous_profile_leaves_out_is_refused_with_a_sentence(text, words):
    assert words in the_only(text)[3]


GRANT = "use: {authentications: {x: {oauth2: {authority: 'http://a', grant: %s}}}}\ndo: [{a: {set: {x: 1}}}]"


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token"])
def test_grants_that_need_a_person_or_a_store_are_refused(grant):
    assert "connection of the server" in the_only(GRANT % grant)[3]


def test_client_certificates_are_refused():
    text = "use: {authentications: {x: {certificate: {}}}}\ndo: [{a: {set: {x: 1}}}]"
    assert "belong to a connection" in the_only(text)[3]


@pytest.mark.parametrize("where", ["then", "switch", "catch"])
def test_a_directive_that_leads_nowhere_is_told_with_the_nearest_name(where):
    task = {
        "then": "{set: {x: 1}, then: stpo}",
        "switch": "{switch: [{c: {when: .x, then: stpo}}]}",
        "catch": "{try: [{b: {set: {x: 1}}}], catch: {then: stpo}}",
    }[where]
    severity, _, _, message = the_only(f"do:\n- a: {task}\n- stop: {{set: {{x: 1}}}}")
    assert severity == "error"
    assert "no task named 'stpo' in this list | did you mean 'stop'?" in message


def test_a_directive_cannot_lead_out_of_its_list_nor_between_branches():
    inner = "do:\n- outer: {do: [{a: {set: {x: 1}, then: other}}]}\n- other: {set: {x: 1}}"
    assert "no task named 'other'" in the_only(inner)[3]
    branches = "do: [{f: {fork: {branches: [{a: {set: {x: 1}, then: b}}, {b: {set: {x: 1}}}]}}}]"
    assert "no task named 'b'" in the_only(branches)[3]


def test_names_are_unique_in_a_list_and_are_no_directives():
    assert "already in this list" in the_only("do:\n- a: {set: {x: 1}}\n- a: {set: {x: 2}}")[3]
    assert "is a directive" in the_only("do:\n- exit: {set: {x: 1}}")[3]
    assert found("do:\n- a: {do: [{a: {set: {x: 1}}}]}") == []


def test_an_item_with_two_names_is_refused():
    assert "exactly one name" in the_only("do:\n- {a: {set: {x: 1}}, b: {set: {x: 1}}}")[3]


def test_steps_that_nothing_leads_to_are_warned_of_and_do_not_keep_a_flow_from_loading():
    text = """do:
- a: {set: {x: 1}, then: end}
- lost: {set: {x: 2}}
- after: {set: {x: 3}}
"""
    severity, line, column, message = the_only(text)
    assert (severity, line, column) == ("warning", 3, 3)
    assert "nothing leads to the task 'lost'" in message
    assert load_flow(HEAD + text).name == "flow"


@pytest.mark.parametrize(
    "first",
    [
        "{if: .x, set: {x: 1}, then: end}",
        "{switch: [{a: {when: .x, then: end}}]}",
        "{switch: [{a: {when: .x, then: end}}, {b: {then: last}}]}",
        "{try: [{b: {set: {x: 1}}}], catch: {then: last}, then: end}",
        "{if: .x, raise: {error: {type: x, status: 500}}}",
    ],
)
def test_steps_that_something_may_lead_to_are_not_warned_of(first):
    assert found(f"do:\n- first: {first}\n- last: {{set: {{x: 1}}}}") == []


def test_what_follows_a_raise_or_a_switch_with_a_default_is_unreachable():
    after = "\n- last: {set: {x: 1}}"
    assert the_only("do:\n- a: {raise: {error: {type: x, status: 500}}}" + after)[0] == "warning"
    assert the_only("do:\n- a: {switch: [{c: {then: end}}]}" + after)[0] == "warning"


def test_a_switch_has_one_default():
    assert "'c' is the default already" in the_only("do:\n- a: {switch: [{c: {then: end}}, {d: {then: end}}]}")[3]


def test_a_variable_that_is_not_in_reach_is_told():
    text = "do:\n- a: {for: {each: it, in: .x}, do: [{b: {set: {y: '${ $it }'}}}]}\n- c: {set: {y: '${ $it }'}}"
    severity, line, _, message = the_only(text)
    assert (severity, line) == ("error", 3)
    assert "it" in message


def test_functions_are_checked_like_tasks_and_their_arguments_against_their_schema():
    text = """use:
  functions:
    f: {input: {schema: {document: {required: [n], properties: {n: {}}}}}, set: {y: '${ .n + }'}}
do:
- a: {call: f, with: {m: 1}}
"""
    messages = [message for _, _, _, message in found(text)]
    assert len(messages) == 2
    assert "cannot be compiled" in messages[0]
    assert "f needs the argument 'n'" in messages[1]


def test_without_a_registry_any_service_name_is_taken():
    assert found("do: [{a: {call: any.folder:service, with: {x: 1}}}]", None) == []


def test_arguments_given_by_one_expression_are_left_to_the_callee():
    assert found("do: [{a: {call: orders:get, with: '${ . }'}}]") == []


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("document: {dsl: '2.0.0', namespace: a, name: b, version: '1.0.0'}", "version 1.0 of the DSL"),
        ("document: {dsl: '1.0.0', namespace: a.b, name: b, version: '1.0.0'}", "letters, digits and hyphens"),
        ("document: {dsl: '1.0.0', namespace: a, name: b, version: 1.0}", "a semantic version in quotes"),
        ("document: {dsl: '1.0.0', namespace: a, version: '1.0.0'}", "'name' is missing"),
        (
            "document: {dsl: '1.0.0', namespace: a, name: b, version: '1.0.0', metadata: {gatewright: {input: all}}}",
            "one of arguments, envelope",
        ),
        ("docment: {}", "did you mean 'document'?"),
    ],
)
def test_the_documents_head_is_checked_together_with_its_tasks(head, words):
    problems = [str(problem) for problem in check_flow(head + "\ndo: [{a: {set: {x: '${ ] }'}}}]")]
    assert any(words in problem for problem in problems)
    assert any("cannot be compiled" in problem for problem in problems)


@pytest.mark.parametrize("text", ["", "3", "[]", "do: [", "a: b: c", "do: {}", "do: 3\nuse: 3", "\x00"])
def test_what_is_no_flow_at_all_is_a_problem_and_no_crash(text):
    assert check_flow(text)
    with pytest.raises(FlowProblems):
        load_flow(text)


def test_the_error_of_loading_lists_each_problem_with_place_and_mend():
    with pytest.raises(FlowProblems) as caught:
        load_flow(HEAD + "do: [{a: {sett: {x: 1}}}]")
    assert str(caught.value) == "line 3, column 7: this task is of no known kind (did you mean 'set'?)"
    assert caught.value.problems[0].pointer == "/do/0/a"


@pytest.mark.parametrize("part", ["use", "do", "input", "output", "timeout", "document", "evaluate"])
@pytest.mark.parametrize(
    "value", ["3", "[]", "[3]", "{x: 3}", "text", "true", "~", "[{a: ~}]", "[[]]", "{functions: 3}"]
)
def test_any_part_of_any_wrong_type_is_a_problem_and_no_crash(part, value):
    text = {"document": HEAD.strip(), "do": "do: [{a: {set: {x: 1}}}]"}
    text[part] = f"{part}: {value}"
    assert isinstance(check_flow("\n".join(text.values())), list)
