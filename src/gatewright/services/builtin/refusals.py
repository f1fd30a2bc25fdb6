"""How built-in services refuse what they are given."""

from gatewright.services.errors import ServiceError

LONGEST_TEXT = 10_000_000
MOST_ITEMS = 100_000


def refusal(detail: str) -> ServiceError:
    """The answer to an input that a built-in service cannot use; the flow that called it may catch it."""
    return ServiceError(400, "The input does not fit the service", detail)


def bounded(text: str) -> str:
    """The text, unless it is longer than a service may make it. Raises ServiceError."""
    if len(text) > LONGEST_TEXT:
        raise refusal(f"the result is longer than {LONGEST_TEXT} characters")
    return text


def few(items: list[object]) -> None:
    """Raise ServiceError when there are more than a service may make."""
    if len(items) > MOST_ITEMS:
        raise refusal(f"the result has more than {MOST_ITEMS} items")
