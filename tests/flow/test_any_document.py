"""Whatever a document has been turned into: the check tells problems, or the flow runs or fails as flows do. No crash."""

import copy
import json

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.flow import FlowError
from gatewright.flow import FlowProblems
from gatewright.flow import Limits
from gatewright.flow import Trace
from gatewright.flow import check_flow
from gatewright.flow import load_flow
from gatewright.kernel.yaml import load
from tests.flow.conftest import FakeHost

EVERYTHING = """
document: {dsl: '1.0.3', namespace: a, name: b, version: '1.0.0', metadata: {gatewright: {input: envelope}}}
input: {schema: {document: {type: object}}, from: .}
output: {as: '${ . }', schema: {format: json, document: {}}}
timeout: {after: PT20S}
use:
  secrets: [k]
  authentications:
    one: {basic: {use: k}}
    two: {oauth2: {authority: 'http://a', grant: client_credentials, client: {id: x}}}
  errors: {e: {type: x, status: 400}}
  retries:
    r:
      delay: PT0.001S
      backoff: {linear: {}}
      limit: {attempt: {count: 1, duration: PT1S}, duration: PT1S}
      jitter: {from: PT0S, to: PT0.001S}
  timeouts: {t: {after: {seconds: 1}}}
  functions: {f: {input: {schema: {document: {required: [n]}}}, set: {x: '${ .n }'}}}
do:
- a: {call: f, with: {n: 1}, timeout: t, export: {as: '$context + .'}}
- b: {switch: [{x: {when: .x, then: c}}, {y: {then: d}}]}
- c: {for: {each: i, in: '[1,2]', at: j}, while: $i < 3, do: [{c1: {set: {x: '${ $i }'}}}]}
- d:
    try: [{d1: {raise: {error: e}}}]
    catch: {errors: {with: {status: 400}}, as: err, when: 'true', retry: r, do: [{d2: {set: {e: '${ $err }'}}}], then: f}
- f: {fork: {compete: true, branches: [{f1: {wait: {milliseconds: 1}}}, {f2: {call: 's:t', with: {a: 1}}}]}}
- g: {emit: {event: {with: {source: s, type: t, data: '${ . }'}}}}
- h: {run: {workflow: {namespace: a, name: b, version: '1', input: {x: 1}}}, if: 'false'}
- i:
    if: 'false'
    call: http
    with:
      method: get
      endpoint: {uri: 'http://x/{a}', authentication: {use: two}}
      headers: {A: b}
      query: {q: 1}
      body: {x: 1}
      output: response
      redirect: true
- j:
    if: 'false'
    call: openapi
    with:
      document: {endpoint: {uri: 'http://x', authentication: {use: one}}}
      operationId: x
      parameters: {a: 1}
      authentication: {bearer: {token: x}}
- k: {do: [{k1: {set: {x: 1}, then: exit}}], input: {from: {a: '${ . }'}}, output: {as: {b: '${ . }'}}}
"""

VALUES = [
    None,
    3,
    -1,
    True,
    "",
    "x",
    "${ . }",
    "${ ] }",
    [],
    {},
    [None],
    {"a": 1},
    [{"a": 1}],
    {"use": "x"},
    1.5,
    "end",
]
WORDS = [
    "do",
    "set",
    "for",
    "try",
    "catch",
    "call",
    "with",
    "then",
    "if",
    "input",
    "use",
    "switch",
    "raise",
    "fork",
    "run",
]


def paths(value, at=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from paths(item, (*at, key))


def changed(random):
    """The document with one to three of its values replaced, removed, renamed or repeated elsewhere."""
    document = copy.deepcopy(load(EVERYTHING).value)
    for _ in range(random.randint(1, 3)):
        path = random.choice(list(paths(document)))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        way = random.randint(0, 3)
        if way == 0:
            holder[path[-1]] = copy.deepcopy(random.choice(VALUES))
        elif way == 1:
            del holder[path[-1]]
        elif isinstance(holder, dict):
            value = holder[path[-1]] if way == 2 else holder.pop(path[-1])
            holder[random.choice(WORDS)] = copy.deepcopy(value)
        if not document:
            break
    return document


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
async def test_a_changed_document_is_told_its_problems_or_runs(random):
    text = json.dumps(changed(random))
    failed = any(problem.severity == "error" for problem in check_flow(text))
    try:
        flow = load_flow(text)
    except FlowProblems:
        assert failed
        return
    assert not failed
    try:
        output = await flow.run({"x": True}, FakeHost(), limits=Limits(seconds=2, steps=1000), trace=Trace())
    except FlowError as error:
        json.dumps(error.problem())
    else:
        json.dumps(output)


def test_the_document_that_is_changed_is_sound_itself():
    assert check_flow(EVERYTHING) == []
