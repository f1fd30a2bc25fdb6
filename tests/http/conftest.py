from tests.running.process import own_server
from tests.running.process import server
from tests.running.site import seeded

__all__ = ["own_server", "seeded", "server"]
