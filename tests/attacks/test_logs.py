"""What is logged of hostile and failing requests: never a secret, code, token or password (DESIGN, promise 4)."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gatewright.app import refusals as receipts
from gatewright.app.logs import processors
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import make_secret
from gatewright.store import refusals
from gatewright.store.documents import to_json
from gatewright.web import oauth_endpoints
from tests.running import seed
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import basic

GUESSED = "guessed-password-1234"
CHOSEN = "chosen-secret-5678"
MADE_UP = make_secret(ACCESS_TOKEN)


@pytest.fixture(params=["json", "readable"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The log as the server writes it, at its most talkative."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=processors(readable=request.param == "readable"),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    yield written
    structlog.configure(**before)


async def test_no_secret_of_a_hostile_run_reaches_the_log_or_a_receipt(
    site: Site, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "_MOST_WAITING", 10**6)
    monkeypatch.setattr(receipts, "_MOST_OF_PEER", 10**6)
    await site.change_settings(token_parameters_in_url="always", throttle_failures=4)
    tokens = await site.tokens()
    code = await site.code()
    used = await site.code()
    await site.redeem(used)
    device = (await site.post("/oauth/device_authorization", {})).json()
    pushed = (await site.post("/oauth/par", {"response_type": "code", "redirect_uri": seed.CALLBACK})).json()
    waiting = [device["device_code"], device["user_code"], pushed["request_uri"].rpartition(":")[2]]
    secrets = [
        waiting[0], waiting[2], tokens["access_token"], tokens["refresh_token"], code, used, VERIFIER, GUESSED, CHOSEN, MADE_UP,
        seed.PASSWORD, *seed.SECRETS.values(),
    ]  # fmt: skip
    await misuse(site, tokens["access_token"], tokens["refresh_token"], code, used)
    await misuse_what_waits(site, *waiting)
    await site.parts.refusals.flush()
    kept = await site.parts.database.read(refusals.page, limit=10**6)
    assert len(kept) > 100
    text = log.getvalue() + "".join(to_json(each) for each in kept)
    assert "refused" in text
    assert device["user_code"] not in text
    for secret in secrets:
        assert secret not in text
        assert secret[6:30] not in text


async def misuse_what_waits(site: Site, device_code: str, user_code: str, request_uri: str) -> None:
    """Device codes and pushed requests, wrongly used."""
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    for client in (seed.LEDGER, seed.RIVAL):
        for _ in range(2):
            await site.token(client, grant_type=grant, device_code=device_code)
        await site.token(client, grant_type="authorization_code", code=device_code, redirect_uri=user_code)
        await site.post("/oauth/par", {"request_uri": request_uri}, client)
        await site.http.get(authorize_address(client_id=client, request_uri=request_uri))
    await site.http.get("/oauth/device", params={"user_code": user_code + "X"})
    await site.http.post(f"/oauth/device?user_code={user_code}", data={"csrf": user_code})


async def misuse(site: Site, access: str, refresh: str, code: str, used: str) -> None:
    """Everything that could go wrong, with secrets in URL, body and headers, in right and in wrong places."""
    http, right, ledger = site.http, basic(seed.LEDGER), seed.SECRETS[seed.LEDGER]
    swapped = {"authorization": basic("x", seed.LEDGER)["authorization"]}
    fields = [
        {"grant_type": "password", "username": "ada", "password": GUESSED},
        {"grant_type": "password", "username": GUESSED, "password": "x"},
        {"grant_type": "authorization_code", "code": used, "redirect_uri": seed.CALLBACK},
        {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://evil.example/"},
        {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK, "code_verifier": VERIFIER},
        {"grant_type": "refresh_token", "refresh_token": access},
        {"grant_type": refresh},
        {"grant_type": "client_credentials", "scope": refresh},
        {"grant_type": "client_credentials", access: "1"},
        {"client_id": seed.CHOSEN, "client_secret": CHOSEN},
        {"client_id": ledger, "client_secret": seed.LEDGER},
        {"client_id": CHOSEN},
        {"token": access, "client_id": seed.RIVAL},
    ]
    for each in fields:
        for headers in (right, swapped, basic(seed.RIVAL), basic(seed.CHOSEN, CHOSEN), {}):
            for path in ("/oauth/token", "/invoke/pub.oauth/getToken", "/oauth/introspect", "/oauth/revoke"):
                await http.post(path, data=each, headers=headers)
                await http.post(path, params=each, headers=headers)
                await http.post(path, json=each, headers=headers)
    await http.post("/oauth/token", content=f"{ledger}=1&{ledger}=2", headers=right)
    for address in (
        f"/invoke/orders/whoami?access_token={access}",
        f"/invoke/orders/{MADE_UP}",
        f"/{MADE_UP}",
        f"/shop/orders/{MADE_UP}",
        authorize_address(client_id=CHOSEN, state=access),
        authorize_address(redirect_uri=f"https://evil.example/?{access}"),
        authorize_address(scope=access),
    ):
        await http.get(address)
        await http.get(address, headers={"authorization": f"Bearer {MADE_UP}"})
        await http.get(address, headers={"cookie": f"gatewright_session={MADE_UP}"})
    for _ in range(2):
        await http.post("/account/login", data={"username": "ada", "password": GUESSED, "csrf": access})
        await http.post("/invoke/orders/place", data={"access_token": MADE_UP, "item": GUESSED})


async def test_a_failure_of_the_server_is_logged_without_the_variables_of_its_frames(
    site: Site, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """structlog's richer tracebacks print local variables: there stand passwords and tokens."""

    async def fail(parameters: dict[str, str], authorization: str, address: str, server: object) -> None:
        held = parameters["password"]
        raise RuntimeError(f"failed while holding {len(held)} characters and {MADE_UP}")

    monkeypatch.setitem(site.application._handlers, "/oauth/token", oauth_endpoints.endpoint("token", fail))
    answer = await site.token(grant_type="password", username="ada", password=GUESSED)
    assert answer.status_code == 500
    assert answer.json()["error"] == "server_error"
    assert "RuntimeError" in log.getvalue()
    assert "failed while holding" in log.getvalue()
    for secret in (GUESSED, MADE_UP, seed.SECRETS[seed.LEDGER], basic(seed.LEDGER)["authorization"]):
        assert secret not in log.getvalue()
        assert secret not in answer.text


async def test_what_the_client_sends_cannot_forge_a_line_of_the_log(site: Site, log: io.StringIO) -> None:
    """Log injection: one event stays one line of JSON."""
    forged = 'x\n{"event": "forged", "level": "error"}'
    await site.token(grant_type="client_credentials", scope=forged)
    await site.http.get("/invoke/orders/x%0a%7b%22event%22%3a%22forged%22%7d")
    lines = log.getvalue().splitlines()
    if lines and lines[0].startswith("{"):
        assert all(json.loads(line)["event"] != "forged" for line in lines)
    assert not any(line.startswith('{"event": "forged"') for line in lines)


async def test_a_refusal_can_be_found_in_the_log_by_its_request_id(site: Site, log: io.StringIO) -> None:
    answer = await site.token(grant_type="nonsense")
    assert answer.headers["x-request-id"] in log.getvalue()
    page = await site.ask(client_id="nobody")
    assert page.headers["x-request-id"] in log.getvalue()
    assert page.headers["x-request-id"] in page.text


async def test_what_the_client_sends_makes_no_metric_of_its_own(site: Site) -> None:
    """Neither a line, nor a label, nor one more of them for each new thing that is sent."""
    await site.http.get("/metrics")
    forged = 'x"} 1\n# HELP gatewright_forged x\ngatewright_forged{a="b'
    sizes = []
    for number in range(3):
        for text in (f"{forged}{number}", f"hostile{number}"):
            await site.token(grant_type=text, scope=text)
            await site.token("nobody" + text, grant_type="client_credentials")
            await site.ask(client_id=text, response_type=text, scope=text, prompt=text)
            await site.raw("POST", b"/oauth/" + text.encode().replace(b" ", b"%20").replace(b"\n", b"%0a"))
            await site.call("/invoke/orders/" + text.replace("\n", "%0a"), text.partition("\n")[0])
            await site.raw("GET", b"/shop/orders/7", headers=[(b"user-agent", text.encode()), (b"host", text.encode())])
        page = (await site.http.get("/metrics")).text
        assert "forged" not in page
        assert "hostile" not in page
        sizes.append(len(page.splitlines()))
    assert sizes[0] == sizes[1] == sizes[2]
