import re
from html import unescape

from gatewright.admin import keys
from tests.oauth.jws import header_of
from tests.oauth.jws import kids


async def test_list_says_what_signs_and_since_when(console):
    await console.site.change_settings(access_token_format="jwt")
    kid = header_of(await console.site.access_token())["kid"]
    page = await console.text("/oauth/keys")
    for text in (kid, ">In use<", ">ES256<", "http://localhost:5555/oauth/jwks", "After 90 days"):
        assert text in page
    assert 'href="/console/oauth/keys" aria-current="page"' in page


async def test_list_without_keys_says_so(console):
    assert "No signing key yet" in await console.text("/oauth/keys")


async def test_rotating_asks_first_and_then_signs_with_another_key(console):
    await console.site.change_settings(access_token_format="jwt")
    token = await console.site.access_token()
    assert "counts until it expires" in await console.text("/oauth/keys/rotate")
    assert await kids(console.site) == [header_of(token)["kid"]]
    told = await console.flash(await console.submit("/oauth/keys/rotate"))
    fresh = header_of(await console.site.access_token())["kid"]
    assert told == f"Key {fresh} signs from now on."
    assert fresh != header_of(token)["kid"]
    assert await console.site.is_active(token)


async def test_retiring_says_what_stops_and_refuses_what_the_key_signed(console):
    await console.site.change_settings(access_token_format="jwt")
    token = await console.site.access_token()
    page = await console.text("/oauth/keys")
    (link,) = [unescape(found) for found in re.findall(r'href="/console(/oauth/keys/retire\?kid=[^"]+)"', page)]
    assert "Every token it signed is refused" in await console.text(link)
    await console.flash(await console.submit(link))
    assert not await console.site.is_active(token)


async def test_an_unknown_key_is_not_found(console):
    assert (await console.get("/oauth/keys/retire?kid=nope")).status_code == 404


async def test_rotating_needs_the_csrf_token(console):
    answer = await console.http.post("/console/oauth/keys/rotate", data={"csrf": "wrong"})
    assert answer.status_code == 403
    assert await console.site.parts.database.read(keys.page, console.site.clock()) == []
