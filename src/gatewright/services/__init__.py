"""Services: names, packages, URL templates, the catalogue of what can be called, and calling it.

What people who write Python services import is here: `from gatewright.services import Caller, ServiceError, service`.
"""

from gatewright.services.authoring import service as service
from gatewright.services.caller import Caller as Caller
from gatewright.services.errors import ServiceError as ServiceError
