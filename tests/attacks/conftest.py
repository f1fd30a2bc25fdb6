from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "seeded", "site"]
