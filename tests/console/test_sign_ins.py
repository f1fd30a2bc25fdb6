"""A user's sign-ins in the console: seen and ended."""

import re

from gatewright.store import factors
from gatewright.store.records import Totp
from gatewright.web.sessions import SESSION_COOKIE
from tests.console.conftest import Console
from tests.console.conftest import Form
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site

PAGE = "/users/sign-ins?user=ada"


async def press(console: Console, path: str, **fields: str) -> str:
    """Send a form of the page of ada's sign-ins; what is said then."""
    csrf = dict(Form(await console.text("/users/edit?user=ada")).fields)["csrf"]
    return await console.flash(await console.http.post(f"/console{path}", data={"csrf": csrf, **fields}))


async def test_the_page_tells_sessions_factors_and_applications(console: Console, site: Site) -> None:
    tokens = await site.tokens(scope="orders")
    await site.parts.database.write(
        factors.save_totp, Totp(user_id="id-of-ada", sealed=b"", last_step=0, created_at=NOW - 90)
    )
    page = await console.text(PAGE)
    for text in ("Ledger (1.0)", "orders", "Authenticator app", "with password"):
        assert text in page
    assert tokens["access_token"] not in page
    assert site.http.cookies[SESSION_COOKIE] not in page


async def test_the_list_of_users_tells_who_has_a_second_factor(console: Console, site: Site) -> None:
    await site.parts.database.write(
        factors.save_totp, Totp(user_id="id-of-ada", sealed=b"", last_step=0, created_at=NOW)
    )
    page = await console.text("/users")
    cells = re.findall(r'user=(\w+)">\1</a>.*?data-label="Second factor">(.*?)</td>', page, re.DOTALL)
    assert {name: "Yes" in cell for name, cell in cells}["ada"]
    assert not {name: "Yes" in cell for name, cell in cells}["bob"]


async def test_one_session_or_all_are_ended(console: Console, site: Site) -> None:
    first, second = site.client(), site.client()
    for http in (first, second):
        await site.sign_in("ada", http)
    (one, _) = re.findall(r'name="session" value="([0-9a-f]{60,})"', await console.text(PAGE))
    assert await press(console, "/users/sessions/end?user=ada", session=one) == "Session of ada ended."
    answers = [(await http.get("/account/sessions")).status_code for http in (first, second)]
    assert sorted(answers) == [200, 303]
    assert await press(console, "/users/sessions/end?user=ada", session="all") == "1 session of ada ended."
    assert [(await http.get("/account/sessions")).status_code for http in (first, second)] == [303, 303]


async def test_a_session_that_is_none_is_told(console: Console) -> None:
    csrf = dict(Form(await console.text("/users/edit?user=ada")).fields)["csrf"]
    for wanted in ("", "zz", "00" * 39):
        answer = await console.http.post("/console/users/sessions/end?user=ada", data={"csrf": csrf, "session": wanted})
        assert answer.status_code == 404


async def test_ended_access_ends_the_applications_tokens(console: Console, site: Site) -> None:
    tokens = await site.tokens()
    said = await press(console, "/users/access/end?user=ada", client_id=seed.LEDGER)
    assert said == "Ledger (1.0) does not act for ada any more."
    assert not await site.is_active(tokens["access_token"])


async def test_factors_are_reset_after_asking_and_proof(console: Console, site: Site) -> None:
    await site.parts.database.write(
        factors.save_totp, Totp(user_id="id-of-ada", sealed=b"", last_step=0, created_at=NOW)
    )
    question = await console.text("/users/factors/reset?user=ada")
    assert "all sessions end" in question
    site.clock.forward(601)
    asked = await console.send(question)
    assert "Is it you, admin?" in asked.text
    assert await site.parts.database.read(factors.find_totp, "id-of-ada") is not None
    done = await console.send(asked.text, proof_password=seed.PASSWORD)
    assert await console.flash(done) == "Second factors of ada removed."
    assert await site.parts.database.read(factors.find_totp, "id-of-ada") is None
