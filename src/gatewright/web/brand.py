"""What the pages for resource owners carry at top and bottom: ours, or what the settings say."""

from typing import Final

from gatewright.kernel.settings import GlobalSettings

BRAND: Final = {"title": "Gatewright", "logo": "", "footer": ""}
"""For pages of errors, which are shown whatever happens."""


def brand_of(settings: GlobalSettings) -> dict[str, str]:
    """The settings' title, logo and footer."""
    return {"title": settings.page_title, "logo": settings.page_logo, "footer": settings.page_footer}
