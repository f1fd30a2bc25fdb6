"""What can go wrong with an expression: when it is compiled, when it runs, and when it runs too long."""


class ExpressionProblem(Exception):
    """The text is no expression we accept: `offset` is the 0-based character in it, `pointer` the place in a template."""

    def __init__(self, message: str, offset: int = 0, pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.pointer = pointer


class ExpressionError(Exception):
    """An expression failed on the data it was given; `str()` says how."""


class BudgetExceeded(ExpressionError):
    """The run has used up its iterations, its size, its depth or its time. No expression can catch it."""


class Raised(ExpressionError):
    """An error that `try` can catch; `value` is what the handler sees (any JSON value, mostly a message)."""

    def __init__(self, value: object, text: str | None = None) -> None:
        super().__init__(text if text is not None else value)
        self.value = value


class Break(Exception):
    """Leaves the `label` whose token it carries."""

    def __init__(self, token: object) -> None:
        super().__init__("break outside its label")
        self.token = token
