"""The expression language of flows: jq, compiled to Python, on a budget. See `docs/expressions.md` for what differs."""

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import BudgetExceeded
from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.expression import Expression
from gatewright.flow.jq.expression import Template
from gatewright.flow.jq.expression import compile_expression
from gatewright.flow.jq.expression import compile_template
from gatewright.flow.jq.expression import expression_in
from gatewright.flow.jq.sizes import bounded

__all__ = [
    "Budget",
    "BudgetExceeded",
    "Expression",
    "ExpressionError",
    "ExpressionProblem",
    "Template",
    "bounded",
    "compile_expression",
    "compile_template",
    "expression_in",
]
