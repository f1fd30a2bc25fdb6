import pytest

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow.http import HttpxHost
from gatewright.flow.run import clock
from tests.flow.stand_ins import StandIn


async def test_a_request_goes_out_as_it_is_and_its_answer_comes_back():
    async with StandIn() as server, HttpxHost() as host:
        response = await host.request(HttpRequest("POST", f"{server.address}/v2/pet/1?a=1", {"X-Own": "v"}, b"body"))
        method, target, headers, body = server.requests[0]
    assert (response.status, response.headers["content-type"], response.reason) == (200, "application/json", "OK")
    assert response.body == b'{"id": 1, "name": "Rex", "status": "available"}'
    assert (method, target, headers["x-own"], body) == ("POST", "/v2/pet/1?a=1", "v", b"body")


async def test_an_answer_of_any_status_is_an_answer_and_no_redirection_is_followed():
    async with StandIn() as server, HttpxHost() as host:
        assert (await host.request(HttpRequest("GET", f"{server.address}/none"))).status == 404
        assert (await host.request(HttpRequest("GET", f"{server.address}/moved"))).status == 302
        assert len(server.requests) == 2


async def test_a_host_that_hangs_is_given_up():
    began = clock()
    async with StandIn() as server, HttpxHost(seconds=0.2) as host:
        with pytest.raises(HttpFailure) as caught:
            await host.request(HttpRequest("GET", f"{server.address}/hang"))
    assert (caught.value.kind, clock() - began < 3) == ("timeout", True)


async def test_an_answer_that_does_not_end_is_cut_off():
    async with StandIn() as server, HttpxHost(most_bytes=1_000_000) as host:
        with pytest.raises(HttpFailure) as caught:
            await host.request(HttpRequest("GET", f"{server.address}/endless"))
    assert caught.value.kind == "too large"


async def test_a_server_that_is_not_there_is_unreachable():
    async with StandIn() as server:
        address = server.address
    async with HttpxHost() as host:
        with pytest.raises(HttpFailure) as caught:
            await host.request(HttpRequest("GET", address))
    assert caught.value.kind == "unreachable"


@pytest.mark.parametrize("uri", ["http://[::1", "http://h\x00.test/", "http://t.test:99999/"])
async def test_an_address_that_cannot_be_is_a_failure_and_no_crash(uri):
    async with HttpxHost() as host:
        with pytest.raises(HttpFailure):
            await host.request(HttpRequest("GET", uri))


async def test_only_allowed_hosts_are_called():
    async with StandIn() as server, HttpxHost(allowed_hosts=frozenset(["127.0.0.1"])) as host:
        assert (await host.request(HttpRequest("GET", f"{server.address}/v2/pet/1"))).status == 200
    async with StandIn() as server, HttpxHost(allowed_hosts=frozenset([server.host])) as host:
        assert (await host.request(HttpRequest("GET", f"{server.address}/v2/pet/1"))).status == 200
    for allowed in (frozenset(), frozenset(["t.test"]), frozenset(["127.0.0.1:1"])):
        async with StandIn() as server, HttpxHost(allowed_hosts=allowed) as host:
            for address in (server.address, f"http://t.test@{server.host}"):
                with pytest.raises(HttpFailure) as caught:
                    await host.request(HttpRequest("GET", f"{address}/v2/pet/1"))
                assert caught.value.kind == "refused"
            assert server.requests == []


async def test_secrets_come_from_what_was_given_or_from_the_environment(monkeypatch):
    monkeypatch.setenv("GATEWRIGHT_SECRET_API_KEY", "from outside")
    host = HttpxHost(secrets={"own": "given"})
    assert (host.secret("own"), host.secret("api-key"), host.secret("none")) == ("given", "from outside", None)


async def test_a_service_cannot_be_called_without_a_server():
    with pytest.raises(FlowError, match="needs a running server"):
        await HttpxHost().call("orders:get", {})
