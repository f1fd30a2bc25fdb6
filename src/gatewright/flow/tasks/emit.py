"""emit: an event (CloudEvents 1.0) goes to the host's publisher and is the task's output."""

import re
from collections.abc import Mapping
from typing import Any

from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.jq import bounded
from gatewright.flow.kind import Kind
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.run import moment
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.kernel.ids import row_id

_TEXTS = ("id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "specversion")
_ATTRIBUTE = re.compile(r"[a-z0-9]+\Z")


def _extension(value: Any, at: str, problems: Collector) -> bool:
    """CloudEvents §3.1: attribute names are lower-case letters and digits."""
    if _ATTRIBUTE.match(at.rpartition("/")[2]):
        return True
    problems.key(at, "the name of an event's attribute is lower-case letters and digits")
    return False


_WITH = fields(dict.fromkeys(_TEXTS, text) | {"data": any_value}, ("source", "type"), more=_extension)


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    attributes = scope.template(task["emit"]["event"]["with"], join(at, "emit", "event", "with"))

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        given = attributes.of(data, variables, frame.run.budget)
        bounded(frame.run.budget, given)
        host = frame.run.host
        event = {"specversion": "1.0", "id": row_id(), "time": moment(host.now())["iso8601"], **given}
        for name in _TEXTS:
            if name in event and (not isinstance(event[name], str) or not event[name]):
                raise standard_error("expression", f"the event's {name!r} must be a text")
        try:
            await host.publish(event)
        except FlowError:
            raise
        except Exception as error:
            raise standard_error("communication", "the event could not be published", origin="call") from error
        return event, None

    return Body(True, run)


KIND = Kind("emit", {"emit": fields({"event": fields({"with": _WITH}, ("with",))}, ("event",))}, _compile)
