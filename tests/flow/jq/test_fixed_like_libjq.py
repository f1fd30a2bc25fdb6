"""Expressions that make their own data: our compiler must give what libjq gives, or fail where it fails."""

from pathlib import Path

import pytest

from tests.flow.jq.oracle import libjq
from tests.flow.jq.oracle import ours

EXPRESSIONS = (Path(__file__).parent / "expressions.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_gives_what_libjq_gives(expression: str) -> None:
    assert ours(expression, None) == libjq(expression, None)
