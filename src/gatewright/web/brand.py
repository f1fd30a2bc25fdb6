"""What the pages for resource owners carry at top and bottom."""

from typing import Final

BRAND: Final = {"title": "Gatewright", "logo": "", "footer": ""}
