"""The flow language: the synchronous profile of the CNCF Open Workflow (Serverless Workflow) DSL 1.0.3."""

from gatewright.flow.errors import FlowError
from gatewright.flow.errors import LimitReached
from gatewright.flow.errors import standard_error
from gatewright.flow.flow import Flow
from gatewright.flow.http import HttpFailure
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.load import check_flow
from gatewright.flow.load import load_flow
from gatewright.flow.model import Host
from gatewright.flow.model import Limits
from gatewright.flow.model import Registry
from gatewright.flow.model import Signature
from gatewright.flow.openapi.kept import Documents
from gatewright.flow.problems import FlowProblems
from gatewright.flow.problems import Problem
from gatewright.flow.trace import Trace

__all__ = [
    "Documents",
    "Flow",
    "FlowError",
    "FlowProblems",
    "Host",
    "HttpFailure",
    "HttpRequest",
    "HttpResponse",
    "LimitReached",
    "Limits",
    "Problem",
    "Registry",
    "Signature",
    "Trace",
    "check_flow",
    "load_flow",
    "standard_error",
]
