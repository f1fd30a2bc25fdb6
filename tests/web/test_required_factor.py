"""A second factor that the settings require of somebody: set up right after signing in, before anything else."""

import pytest

from gatewright.store import access
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import returned
from tests.running.site import value
from tests.web.test_second_factor import App
from tests.web.test_second_factor import begin
from tests.web.test_second_factor import key_of
from tests.web.test_second_factor import set_up

LOCKED = ["/account", "/account/access", "/account/sessions", "/account/password", "/account/proof"]


@pytest.mark.parametrize("path", [*LOCKED, authorize_address(), "/oauth/device?user_code=BCDF-GHJK"])
async def test_whoever_must_have_one_and_has_none_gets_no_further(site: Site, path: str) -> None:
    await site.sign_in()
    await site.change_settings(second_factor_required="everybody")
    answer = await site.http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/factors")
    assert "before you go on" in (await site.http.get("/account/factors")).text


async def test_setting_one_up_leads_on_to_where_one_was_going(site: Site) -> None:
    await site.change_settings(second_factor_required="everybody")
    await site.sign_in()
    await site.ask(state="on my way")
    page = await begin(site)
    code = App(site, key_of(page)).code()
    fields = {"csrf": value(page.text, "csrf"), "enrolment": value(page.text, "enrolment"), "code": code}
    done = await site.http.post("/account/factors/app", data=fields)
    assert 'href="/oauth/authorize?' in done.text
    assert "before you go on" not in (await site.http.get("/account/factors")).text
    assert "decision" in (await site.ask()).text


async def test_a_planted_target_leads_nowhere_else(site: Site) -> None:
    """Open redirect."""
    await site.change_settings(second_factor_required="everybody")
    await site.sign_in()
    site.http.cookies.set("gatewright_target", "https%3A%2F%2Fevil.example", domain="localhost.local")
    page = await begin(site)
    code = App(site, key_of(page)).code()
    fields = {"csrf": value(page.text, "csrf"), "enrolment": value(page.text, "enrolment"), "code": code}
    assert "evil.example" not in (await site.http.post("/account/factors/app", data=fields)).text


@pytest.mark.parametrize(
    ("required", "groups", "locked"),
    [
        ("nobody", ("Administrators",), False),
        ("administrators", ("Administrators",), True),
        ("administrators", ("Read-only Administrators", "staff"), True),
        ("administrators", ("staff",), False),
        ("everybody", (), True),
    ],
)
async def test_it_is_required_of_those_the_setting_names(
    site: Site, required: str, groups: tuple[str, ...], locked: bool
) -> None:
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", groups, NOW)
    await site.change_settings(second_factor_required=required)
    await site.sign_in()
    assert ((await site.http.get("/account/sessions")).status_code == 303) is locked
    assert ((await site.http.get("/console/oauth/clients")).status_code == 303) is locked


async def test_the_console_takes_no_post_before_there_is_one(site: Site) -> None:
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", ("Administrators",), NOW)
    await site.sign_in()
    csrf = value((await site.http.get("/account/sessions")).text, "csrf")
    await site.change_settings(second_factor_required="administrators")
    answer = await site.http.post("/console/groups/new", data={"csrf": csrf, "name": "made"})
    assert answer.headers["location"] == "/account/factors"
    assert "made" not in [group.name for group in await site.parts.database.read(access.all_groups)]


async def test_prompt_none_tells_the_client(site: Site) -> None:
    await site.change_settings(second_factor_required="everybody")
    await site.sign_in()
    assert returned(await site.ask(prompt="none"))["error"] == "login_required"


async def test_the_password_grant_is_refused_to_whoever_must_have_one(site: Site) -> None:
    await site.change_settings(second_factor_required="administrators")
    assert (await site.token(grant_type="password", username="ada", password=seed.PASSWORD)).status_code == 200
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", ("Client Administrators",), NOW)
    refused = await site.token(grant_type="password", username="ada", password=seed.PASSWORD)
    assert refused.json()["error"] == "invalid_grant"


async def test_removing_the_last_one_asks_for_another(site: Site) -> None:
    await site.sign_in()
    await set_up(site)
    await site.change_settings(second_factor_required="everybody")
    page = await site.http.get("/account/factors/app/remove")
    await site.http.post("/account/factors/app/remove", data={"csrf": value(page.text, "csrf")})
    assert (await site.http.get("/account/sessions")).headers["location"] == "/account/factors"
