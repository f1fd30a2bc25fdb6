"""What a call is counted against: its service's rate, its client's rate and quota."""

from collections.abc import Sequence
from typing import Final

from gatewright.app.parts import Parts
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Service
from gatewright.services.face import Face
from gatewright.services.face import Rate
from gatewright.services.rates import Left
from gatewright.web.http import Request

_MINUTE: Final = 60.0


async def take(
    request: Request, parts: Parts, caller: Caller, service: Service, template: str, face: Face | None
) -> Sequence[Left]:
    """Count a call that was admitted; what its limits leave. Raises TooMany.

    template: by which it came; empty: by the service's own address. Who has no client is told apart by his address.
    """
    left = []
    who = caller.client_id or request.address
    if caller.rate_limit is not None:
        left.append(parts.rates.take("client", (who,), Rate(requests=caller.rate_limit, seconds=_MINUTE)))
    if face is not None and face.rate is not None:
        left.append(parts.rates.take("service", (who, service.name, template), face.rate))
    if caller.daily_quota is not None and caller.client_id is not None:
        await parts.quotas.take(caller.client_id, caller.daily_quota)
    return left
