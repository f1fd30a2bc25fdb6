"""Cases that pass, cases that fail and what they say, stand-ins."""

from pathlib import Path

import pytest

from tests.services.testing.conftest import Runner


async def problems(run: Runner, text: str, file: str = "shop/order.test.yaml") -> list[str]:
    (result,) = await run(text, file)
    return result.problems


async def test_a_case_that_comes_out_as_expected_passes_and_has_its_steps(run: Runner) -> None:
    (result,) = await run(
        """
        - name: two pens
          input: {item: pen, amount: 2}
          expect: {output: {item: pen, amount: 2, cents: 500}}
        """
    )
    assert (result.passed, result.service, result.line) == (True, "shop:order", 2)
    assert result.trace is not None
    assert [record.name for record in result.trace.records] == ["price"]


async def test_a_different_output_is_told_place_by_place(run: Runner) -> None:
    text = "[{name: a, input: {item: pen, amount: 2}, expect: {output: {item: pen, cents: 400, colour: red}}}]"
    assert await problems(run, text) == [
        ".cents: expected 400, got 500",
        '.colour: expected "red", but it is not there',
        ".amount: not expected, got 2",
    ]


async def test_a_run_that_should_not_fail_is_told_with_its_error(run: Runner) -> None:
    (problem,) = await problems(run, "[{name: a, input: {item: gold, amount: 1}}]")
    assert "404 No such item: gold is not for sale" in problem


async def test_a_function_that_breaks_is_told_with_its_traceback(run: Runner) -> None:
    told = "\n".join(await problems(run, "[{name: a, service: 'shop:price', input: {item: broken}}]", "shop.test.yaml"))
    assert "it failed: 500 The service failed" in told
    assert 'shop.py", line' in told
    assert "ValueError: no price of it" in told


async def test_an_expected_error_is_held_to_what_is_said_of_it(run: Runner) -> None:
    expected = "{status: 404, type: 'https://shop.example/none', detail: gold is not for sale}"
    assert await problems(run, f"[{{name: a, input: {{item: gold, amount: 1}}, expect: {{error: {expected}}}}}]") == []
    text = "[{name: a, input: {item: gold, amount: 1}, expect: {error: {status: 409, title: Other}}}]"
    assert await problems(run, text) == [
        "error.status: expected 409, got 404",
        'error.title: expected "Other", got "No such item"',
    ]


async def test_an_error_that_does_not_come_is_missed(run: Runner) -> None:
    text = "[{name: a, input: {item: pen, amount: 1}, expect: {error: {status: 404}}}]"
    assert await problems(run, text) == ['it should have failed, and gave {"item":"pen","amount":1,"cents":250}']


async def test_conditions_are_expressions_over_the_output_and_the_input(run: Runner) -> None:
    text = """
        - name: a
          input: {item: pen, amount: 2}
          expect:
            that:
              - .cents == 250 * $input.amount
              - .cents > 1000
              - .item + 1
              - .cents
        """
    first, second, third = await problems(run, text)
    assert first.startswith("`.cents > 1000` gave false, expected true, of {")
    assert second.startswith("`.item + 1` cannot be told of {")
    assert third.startswith("`.cents` gave 500, expected true")


async def test_conditions_of_a_failing_run_are_over_its_problem(run: Runner) -> None:
    text = "[{name: a, input: {item: gold, amount: 1}, expect: {error: {}, that: ['.status == 404']}}]"
    assert await problems(run, text) == []


async def test_a_mocked_service_answers_by_its_arguments_and_in_turn(run: Runner) -> None:
    text = """
        - name: first once, then again and again
          input: {item: pen, amount: 1}
          mocks:
            - {service: 'shop:price', with: {item: pencil}, output: {cents: 1}, times: 0}
            - {service: 'shop:price', with: {item: pen}, output: {cents: 2}, times: 1}
          expect: {contains: {cents: 2}}
        - name: error
          input: {item: pen, amount: 1}
          mocks:
            - {service: 'shop:price', error: {status: 409, title: Sold out}}
          expect: {error: {status: 409, title: Sold out}}
        """
    assert [result.problems for result in await run(text)] == [[], []]


async def test_a_call_that_no_mock_of_its_service_takes_fails_the_case(run: Runner) -> None:
    text = "[{name: a, input: {item: pen, amount: 1}, mocks: [{service: 'shop:price', with: {item: ink}, output: {}}]}]"
    _, called, unused = await problems(run, text)
    assert called == 'shop:price was called with {"item":"pen","amount":1}, and no mock answers that'
    assert unused == "the mock of shop:price was never called"


async def test_an_optional_mock_need_not_be_called(run: Runner) -> None:
    text = """
        - name: another answers
          input: {item: pen, amount: 1}
          mocks:
            - {service: 'shop:price', with: {item: ink}, output: {cents: 1}, optional: true}
            - {service: 'shop:price', output: {cents: 2}}
          expect: {contains: {cents: 2}}
        """
    assert [result.problems for result in await run(text)] == [[]]


async def test_a_mock_holds_calls_to_the_services_schema(run: Runner) -> None:
    text = "[{name: a, input: {item: 5, amount: 1}, mocks: [{service: 'shop:price', output: {cents: 1}}]}]"
    (failed, _) = await problems(run, text)
    assert "400 The input does not fit the service" in failed


async def test_a_mocks_output_that_its_service_never_gives_fails_the_case(run: Runner) -> None:
    text = "[{name: a, input: {item: pen, amount: 1}, mocks: [{service: 'shop:price', output: {cents: many}}]}]"
    (problem,) = await problems(run, text)
    assert problem.startswith("the mocked output of shop:price at /cents: ")


async def test_a_mock_that_answers_too_rarely_fails_the_case(run: Runner) -> None:
    text = "[{name: a, input: {item: pen, amount: 1}, mocks: [{service: 'shop:price', output: {cents: 1}, times: 2}]}]"
    assert await problems(run, text) == ["the mock of shop:price was called 1 times, expected 2"]


async def test_another_server_is_stood_in_for_by_method_address_query_headers_and_body(run: Runner) -> None:
    text = """
        - name: a
          input: {id: "7"}
          secrets: {crm_key: k-1}
          now: 2026-01-31T08:15:00Z
          mocks:
            - http: POST https://crm.example/customers/{id}?full=yes
              with: {headers: {x-key: k-1}, body: {asked: '2026-01-31T08:15:00Z'}}
              answer: {body: {name: Ada}}
          expect: {output: {name: Ada}}
        """
    assert await problems(run, text, "shop/customer.test.yaml") == []


async def test_stand_ins_show_that_a_flow_tries_again(run: Runner) -> None:
    text = """
        - name: a
          input: {id: "7"}
          secrets: {crm_key: k}
          mocks:
            - {http: 'POST https://crm.example/**', answer: {status: 503}, times: 2}
            - {http: 'POST https://crm.example/**', answer: {body: {name: Ada}}, times: 1}
          expect: {output: {name: Ada}}
        """
    assert await problems(run, text, "shop/customer.test.yaml") == []


async def test_a_server_can_be_out_of_reach(run: Runner) -> None:
    text = """
        - name: a
          input: {id: "7"}
          secrets: {crm_key: k}
          mocks: [{http: 'POST https://crm.example/customers/7', failure: timeout}]
          expect: {error: {}}
        """
    assert await problems(run, text, "shop/customer.test.yaml") == []


async def test_a_request_that_nothing_stands_in_for_leaves_no_machine_and_fails_the_case(run: Runner) -> None:
    text = "[{name: a, input: {id: '7'}, secrets: {crm_key: k}}]"
    _, called = await problems(run, text, "shop/customer.test.yaml")
    assert called == "POST https://crm.example/customers/7?full=yes was called, and no mock answers it"


async def test_an_upstream_that_nothing_stands_in_for_is_not_reached_and_fails_the_case(
    run: Runner, packages: Path
) -> None:
    (packages / "Shop/services/shop/erp.upstream.yaml").write_text(
        "base_url: https://crm.example\noperations:\n  all: {method: GET, path: /all}\n"
    )
    relay = "document: {dsl: '1.0.3', namespace: shop, name: relay, version: '1.0.0'}\ndo: [{ask: {call: 'shop.erp:all'}}]\n"
    (packages / "Shop/services/shop/relay.flow.yaml").write_text(relay)
    _, called = await problems(run, "[{name: a}]", "shop/relay.test.yaml")
    assert called == "the upstream shop.erp was called, and no mock stands in for it"
    mocked = "[{name: a, mocks: [{service: 'shop.erp:all', output: {ok: true}}], expect: {output: {ok: true}}}]"
    assert await problems(run, mocked, "shop/relay.test.yaml") == []


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        ("", "{subject: tester, client: tests, groups: [], kind: user}"),
        ("caller: {subject: ada, client_id: app, groups: [staff]}", "{subject: ada, client: app, groups: [staff], kind: user}"),
        ("caller: {subject: app, client_id: app}", "{subject: app, client: app, groups: [], kind: client}"),
    ],
)  # fmt: skip
async def test_a_case_says_who_calls(run: Runner, caller: str, seen: str) -> None:
    text = f"- name: a\n  service: 'shop:who'\n  {caller}\n  expect: {{output: {seen}}}\n"
    assert await problems(run, text, "shop.test.yaml") == []
