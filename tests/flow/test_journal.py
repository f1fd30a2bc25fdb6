"""A run's journal keeps small values as they are, and of large ones what people will see."""

import pytest

from gatewright.flow import LimitReached
from gatewright.flow import Limits
from gatewright.flow import Trace
from gatewright.flow.journal import Journal

GROWING = """do:
- begin: {set: {text: '${ "12345678" * 100 }', items: [1]}}
- grow: {set: '${ {text: (.text + .text[:1000]), items: (.items + [range(100)])} }', then: grow}
"""


async def test_a_run_that_grows_does_not_keep_each_of_its_values(run):
    journal = Journal({})
    with pytest.raises(LimitReached):
        await run(GROWING, limits=Limits(steps=400), trace=journal)
    kept = [value for entry in journal.entries() for value in (entry.input, entry.output) if value]
    assert sum(len(value["text"]) + len(value["items"]) for value in kept) < 1_000_000  # whole: 16 million
    last = journal.entries()[-1].output
    items = 1 + 399 * 100
    assert (last["text"][-1], last["items"][-1]) == ("…", f"… {items - 50} more")


async def test_values_of_an_ordinary_run_are_kept_as_they_are(run):
    journal, given = Journal({}), {"rows": [{"id": number} for number in range(500)]}
    await run("do: [{l: {for: {in: '[range(50)]'}, do: [{a: {set: '${ . }'}}]}}]", given, trace=journal)
    assert all(entry.input is given for entry in journal.entries())


async def test_what_is_kept_of_a_large_value_shows_no_secret(run, host):
    host.secrets["key"] = "very-secret-value"
    journal = Journal({})
    flow = """
use: {secrets: [key]}
do:
- begin: {input: {from: '${ {key: $secrets.key} }'}, set: {text: '${ .key + "x" * 30000 }'}}
- loop: {for: {in: '[range(20)]'}, do: [{same: {set: '${ . }'}}]}
"""
    await run(flow, trace=journal)
    shown = journal.trace(Trace())
    assert "very-secret" not in repr([entry.output for entry in journal.entries()][20:])
    assert "very-secret" not in repr(shown.records)
    assert shown.records[-1].output["text"].startswith("***xxx")
