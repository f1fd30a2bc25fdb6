import json
from collections.abc import Mapping

import pytest

from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.flow import Signature
from gatewright.flow import load_flow
from gatewright.flow import standard_error

NOW = 1_767_225_600.25  # 2026-01-01T00:00:00.250Z

HEAD = """
document: {dsl: '1.0.3', namespace: test, name: flow, version: '1.0.0'}
"""


class FakeHost:
    """A host whose answers a test sets, and which remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.services: dict[str, object] = {}
        self.secrets: dict[str, str] = {}
        self.requests: list[HttpRequest] = []
        self.through: list[str] = []
        self.calls: list[tuple[str, dict]] = []
        self.events: list[dict] = []

    async def call(self, name, arguments):
        self.calls.append((name, arguments))
        service = self.services.get(name)
        if service is None:
            raise standard_error("configuration", f"no {name}")
        output = service(arguments) if callable(service) else service
        return await output if hasattr(output, "__await__") else output

    async def request(self, request):
        self.requests.append(request)
        answer = self.answers.get(request.uri.split("?")[0], HttpFailure("unreachable", "no such host"))
        if callable(answer):
            answer = answer(request)
            if hasattr(answer, "__await__"):
                answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def request_through(self, connection, request):
        self.through.append(connection)
        return await self.request(request)

    def secret(self, name):
        return self.secrets.get(name)

    def now(self):
        return NOW

    async def publish(self, event):
        self.events.append(event)


class FakeRegistry:
    """Services by name, with their input schemas; the names of connections, None: not known; documents beside the flow."""

    def __init__(
        self,
        services: Mapping[str, dict | None],
        connections: list[str] | None = None,
        documents: Mapping[str, bytes] | None = None,
    ) -> None:
        self._services, self._connections = dict(services), connections
        self._documents = dict(documents or {})

    def signature(self, name):
        return Signature(name, self._services[name]) if name in self._services else None

    def names(self):
        return list(self._services)

    def connections(self):
        return self._connections

    def document(self, name):
        return self._documents.get(name)


def answer(value=None, status=200, *, headers=None, body=None, reason=""):
    content = body if body is not None else json.dumps(value).encode()
    return HttpResponse(status, {"content-type": "application/json", **(headers or {})}, content, reason)


@pytest.fixture
def host():
    return FakeHost()


@pytest.fixture
def run(host):
    """Run a flow given by what stands below its head; returns the output, or raises."""

    async def runner(text, given=None, *, registry=None, **options):
        flow = load_flow(text if text.startswith("\ndocument:") else HEAD + text, registry)
        return await flow.run({} if given is None else given, host, **options)

    return runner
