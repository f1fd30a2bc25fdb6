"""The kinds of task, one module each."""

from gatewright.flow.kind import Kind
from gatewright.flow.tasks import call
from gatewright.flow.tasks import do
from gatewright.flow.tasks import emit
from gatewright.flow.tasks import for_
from gatewright.flow.tasks import fork
from gatewright.flow.tasks import raise_
from gatewright.flow.tasks import run
from gatewright.flow.tasks import set_
from gatewright.flow.tasks import switch
from gatewright.flow.tasks import try_
from gatewright.flow.tasks import wait

KINDS: dict[str, Kind] = {
    module.KIND.keyword: module.KIND for module in (call, do, emit, for_, fork, raise_, run, set_, switch, try_, wait)
}
