"""Installing packages from a folder, a zip file or a git repository: received, checked, then put in place at once."""

from gatewright.services.installing.place import Incoming
from gatewright.services.installing.place import put_in_place
from gatewright.services.installing.place import receive
from gatewright.services.installing.place import take_away
from gatewright.services.installing.place import undo
from gatewright.services.installing.sources import Source
from gatewright.services.installing.sources import source_of
from gatewright.services.installing.sources import zip_source
from gatewright.services.package_bounds import CannotInstall

__all__ = [
    "CannotInstall",
    "Incoming",
    "Source",
    "put_in_place",
    "receive",
    "source_of",
    "take_away",
    "undo",
    "zip_source",
]
