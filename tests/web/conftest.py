from tests.running.remote import remote
from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "remote", "seeded", "site"]
