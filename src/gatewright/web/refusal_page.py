"""A refused call as a small page, for those who open an API's address in a browser."""

from gatewright.services.guard import Refused
from gatewright.web.brand import BRAND


def refusal_page(error: Refused, reference: str) -> bytes:
    """The page that says which check refused and what would do."""
    from gatewright.console.templating import render  # few servers ever need it

    details = [("error", error.error or "no token")]
    if error.scope:
        details.append(("scope that would do", error.scope))
    title = "Sign-in needed" if error.status == 401 else "Not allowed"
    return render(
        "error.html",
        brand=BRAND,
        title=title,
        sentence=error.description,
        details=details,
        reference=reference,
        links=[],
    ).encode()
