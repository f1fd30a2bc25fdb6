"""An example workspace that people have worked in for a while: something to see on every page and in every form.

Its people, clients and the rest stand in `lived_in.yaml`; what no file can say, such as sessions, versions, receipts and
a day of traffic, is made here: first in the store, then by requests to the running server.
"""

import asyncio
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import httpx
import msgspec

from gatewright.admin import apply as applying
from gatewright.admin import clients
from gatewright.admin import keys
from gatewright.admin import packages
from gatewright.admin import service_versions
from gatewright.admin.configuration import read_configuration
from gatewright.cli.workspace import Shell
from gatewright.cli.workspace import opened
from gatewright.flow.trace import Record
from gatewright.identity import recovery_codes
from gatewright.identity import second_factor
from gatewright.identity import sessions
from gatewright.identity.sessions import Browser
from gatewright.identity.webauthn_json import base64url
from gatewright.kernel.ids import row_id
from gatewright.kernel.telemetry import Activity
from gatewright.store import activity
from gatewright.store import factors
from gatewright.store import failing_runs
from gatewright.store import passkeys
from gatewright.store import service_versions as versions
from gatewright.store import settings
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.failing_runs import FailingRun
from gatewright.store.records import Consent
from gatewright.store.records import Passkey
from gatewright.store.records import Totp
from gatewright.web.sessions import PENDING_COOKIE
from gatewright.web.sessions import SESSION_COOKIE

CLIENT: Final = "postman"
SECRET: Final = "gw_cs_for_pages_only_0000000000000000000"
RECOVERY: Final = "abcd-efgh-jkmn-pqrs"
"""A recovery code of the administrator's."""
_FILE: Final = Path(__file__).with_name("lived_in.yaml")
_EXAMPLES: Final = Path(__file__).parents[3] / "examples"
_PACKAGES: Final = ("Orders", "Partners", "Warehouse")
_HOUR: Final = 3600
_DAY: Final = 86_400
_LAPTOP: Final = Browser("127.0.0.1", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
_PHONE: Final = Browser(
    "192.0.2.7", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1 Version/18.0 Safari/604.1"
)
_PASSKEY: Final = b"passkey of the pages"
_PLAN: Final = "routes:plan"
_QUICKER: Final = ('"short", cruise: 750, overhead: 30', '"short", cruise: 780, overhead: 25')


class LivedIn(msgspec.Struct, frozen=True):
    """What was made. cookies: of an administrator, who has also begun to sign in a second time.

    names: what the addresses of pages name, such as a key's id, for `str.format`.
    """

    cookies: Mapping[str, str]
    names: Mapping[str, str]


def live_in(workspace: Path) -> LivedIn:
    """Fill an example workspace whose server does not run."""
    for name in _PACKAGES:
        shutil.copytree(_EXAMPLES / name, workspace / "packages" / name)
    with ThreadPoolExecutor(1) as aside:  # Playwright has an event loop on this thread
        return aside.submit(asyncio.run, _live_in(workspace)).result()


async def _live_in(workspace: Path) -> LivedIn:
    async with opened(workspace) as shell:
        configuration = read_configuration(_FILE.read_text(), _FILE.name)
        await applying.apply(shell.database, shell.by, configuration, shell.catalogue(), {"SECRET": SECRET})
        assert shell.by.sealer is not None
        await keys.rotate(shell.database, shell.by, shell.by.sealer())
        await keys.rotate(shell.database, shell.by, shell.by.sealer())
        cookies = await shell.database.write(_people, shell)
        names = await shell.database.write(_things, shell)
        await shell.database.write(_day, shell.by.now)
        return LivedIn(await _signed_in(shell, cookies), names)


def _people(transaction: Transaction, shell: Shell) -> str:
    """The administrator's second factors, consents and password; gives the administrator's id."""
    by, admin = shell.by, users.find_named(transaction, "admin")
    assert admin is not None
    users.update(transaction, msgspec.structs.replace(admin, must_change_password=False), by.now)
    kept = Passkey(
        credential_id=_PASSKEY, user_id=admin.id, name="Laptop", public_key=b"key", sign_count=3,
        transports=("internal",), backed_up=True, created_at=by.now - 40 * _DAY, used_at=by.now - _DAY,
    )  # fmt: skip
    passkeys.insert(transaction, kept)
    factors.save_totp(transaction, Totp(user_id=admin.id, sealed=b"sealed", last_step=1, created_at=by.now - _DAY))
    grace = users.find_named(transaction, "grace")
    assert grace is not None
    factors.save_totp(transaction, Totp(user_id=grace.id, sealed=b"sealed", last_step=1, created_at=by.now))
    codes = [recovery_codes.digest(admin.id, code) for code in (*recovery_codes.make()[:6], RECOVERY)]
    factors.set_recovery_codes(transaction, admin.id, codes)
    for client_id, scope in ((CLIENT, ("airports", "routes")), ("field-app", ("routes",))):
        consent = Consent(user_id=admin.id, client_id=client_id, scope=scope, created_at=by.now - 3 * _DAY)
        users.remember_consent(transaction, consent)
    return admin.id


def _things(transaction: Transaction, shell: Shell) -> dict[str, str]:
    """A client and a package that are switched off, versions of a flow, a run that failed; the ids that addresses name."""
    by, catalogue = shell.by, shell.catalogue()
    clients.set_enabled(transaction, by, "archive", False)
    packages.disable(transaction, by, "Orders", catalogue)
    packages.disable(transaction, by, "airports:nearest", catalogue)
    plan = catalogue.services[_PLAN]
    file = shell.workspace / "packages" / plan.file
    found = file.read_text()
    text = found.replace(*_QUICKER)
    file.write_text(text)
    service_versions.save(transaction, by, _PLAN, plan.file, text=text, found=found, note="Quicker on short hauls")
    service_versions.save_example(transaction, _PLAN, "Over the Atlantic", '{"from": "JFK", "to": "LHR"}')
    run = _failed(by.now - 600)
    failing_runs.add(transaction, [run])
    former = versions.page(transaction, _PLAN, before="", limit=10)[-1]
    key = next(line for line in keys.page(transaction, by.now) if line.state != "in use")
    return {"version": former.id, "key": key.id, "run": run.id, "passkey": base64url(_PASSKEY)}


def _failed(at: int) -> FailingRun:
    asked, problem = {"from": "JFK", "to": "XXX"}, {"status": 404, "title": "A route needs two known airports"}
    found = {"iata": "JFK", "name": "John F Kennedy International Airport", "latitude": 40.63, "longitude": -73.77}
    steps = [
        Record("/do/0/lookUp/try/0/origin", "origin", "call", 0.0, (), asked, 0.0009, asked | {"origin": found}),
        Record("/do/0/lookUp/try/1/destination", "destination", "call", 0.0009, (), asked, 0.0007, error=problem),
        Record("/do/0/lookUp/catch/do/0/unknownAirport", "unknownAirport", "raise", 0.0016, (), asked, error=problem),
    ]
    return FailingRun(
        id=row_id(), at=at, service=_PLAN, request="example", client_id=CLIENT, subject="ada", seconds=0.0017,
        status=404, title=problem["title"], detail="There is no airport XXX.", input=asked,
        steps=msgspec.to_builtins(steps),
    )  # fmt: skip


def _day(transaction: Transaction, now: int) -> None:
    """A day's traffic, with its quiet night."""
    for ago in range(1, 24):
        counted, many = Activity(), 40 + 25 * (12 - abs(12 - ago))
        counted.add_many("service", _PLAN, many, many // 30, many * 0.004)
        counted.add_many("service", "airports:get", 2 * many, 0, many * 0.001)
        counted.add_many("endpoint", "/oauth/token", many // 4, many // 60, many * 0.002)
        counted.add_many("grant", "client_credentials", many // 4, 0, many * 0.001)
        counted.add_many("grant", "authorization_code", many // 9 + 1, 0, many * 0.001)
        activity.add(transaction, counted.take(), now - ago * _HOUR)


async def _signed_in(shell: Shell, user_id: str) -> dict[str, str]:
    """The administrator's browser, with a second sign-in that waits; another browser of the same person."""
    in_force = await shell.database.read(settings.load)
    earlier = shell.by.now - 2 * _HOUR
    await sessions.start_session(shell.database, in_force, user_id, earlier, method="passkey", browser=_PHONE)
    here = await sessions.start_session(shell.database, in_force, user_id, shell.by.now, browser=_LAPTOP)
    waiting = await second_factor.wait_for_factor(shell.database, user_id, shell.by.now)
    return {SESSION_COOKIE: here.cookie, PENDING_COOKIE: waiting}


def work_in(url: str, cookies: Mapping[str, str]) -> dict[str, str]:
    """Use the running server: tokens, refusals, a device that waits. What further addresses name."""
    with httpx.Client(base_url=url, auth=(CLIENT, SECRET)) as client:
        form = {"grant_type": "client_credentials", "scope": "routes"}
        token = client.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
        client.post("/oauth/token", data=form | {"scope": "airports distances"}).raise_for_status()
        client.post("/oauth/token", data=form | {"scope": "everything"})
        client.post("/oauth/token", data={"grant_type": "password"})
        waiting = client.post("/oauth/device_authorization", data={"scope": "airports routes"}).raise_for_status()
        _let_in(client, cookies)
        bearer = {"authorization": f"Bearer {token}"}
        client.get("/invoke/routes/plan?from=JFK&to=LHR", headers=bearer, auth=None).raise_for_status()
        refused = client.get("/invoke/airports/get?iata=JFK", headers=bearer, auth=None)
        assert refused.status_code == 403, refused.text
        return {"receipt": refused.headers["x-request-id"], "user_code": waiting.json()["user_code"]}


def _let_in(client: httpx.Client, cookies: Mapping[str, str]) -> None:
    """The administrator uses the client, as was allowed it for good."""
    asked = {"response_type": "code", "client_id": CLIENT, "scope": "airports routes"}
    browser = httpx.Client(base_url=client.base_url, cookies=dict(cookies))
    answer = browser.get("/oauth/authorize", params=asked)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    client.post("/oauth/token", data={"grant_type": "authorization_code", "code": code}).raise_for_status()
