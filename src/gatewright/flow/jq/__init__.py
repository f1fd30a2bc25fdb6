"""The expression language of flows: jq, compiled to Python functions, on a budget.

Left out, and refused when compiled: whatever reaches beyond the data (environment, inputs, files, modules, halting), recursive
definitions, `?//`. Different from libjq: numbers are Python's (a literal's spelling is not kept, integers stay exact while
nothing computes with them, no negative zero), regular expressions are RE2's, `%Z` and all times are UTC, and a path through
the state of `reduce` or `foreach` is the path of that state.
"""

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import BudgetExceeded
from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.expression import Expression
from gatewright.flow.jq.expression import Template
from gatewright.flow.jq.expression import compile_expression
from gatewright.flow.jq.expression import compile_template
from gatewright.flow.jq.expression import expression_in
from gatewright.flow.jq.ordering import in_order
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
    "in_order",
]
