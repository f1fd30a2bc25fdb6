import re
from html import unescape

from tests.console.conftest import Console
from tests.running import seed


def revoke_links(page):
    return [unescape(found) for found in re.findall(r'href="/console(/oauth/tokens/revoke\?token=[^"]+)"', page)]


async def test_list_says_whose_token_it_is_for_what_and_how_long(console):
    await console.site.tokens(scope="orders")
    page = await console.text("/oauth/tokens")
    for text in ("Ledger (1.0)", ">ada<", ">orders<", "in 60 minutes", "Yes", "Unlimited", "1 token<"):
        assert text in page


async def test_list_never_shows_a_token(console):
    token = await console.site.access_token()
    assert token[6:] not in await console.text("/oauth/tokens")


async def test_list_without_tokens_says_so(console):
    assert "No live tokens" in await console.text("/oauth/tokens")


async def test_expired_tokens_are_not_listed(console):
    await console.site.access_token()
    console.site.clock.forward(3601)
    await console.site.sign_in("admin", console.http)
    assert "No live tokens" in await console.text("/oauth/tokens")


async def test_one_token_is_revoked_and_the_others_stay(console):
    kept, ended = await console.site.access_token(), await console.site.access_token()
    newest = revoke_links(await console.text("/oauth/tokens"))[0]
    assert "cannot use it from the next request on" in await console.text(newest)
    assert (
        await console.flash(await console.submit(newest)) == "Token revoked. It stops working from the next request on."
    )
    assert [await console.site.is_active(token) for token in (kept, ended)] == [True, False]


async def test_revoking_one_of_an_authorization_ends_its_refresh_token(console):
    tokens = await console.site.tokens(scope="orders")
    (link,) = revoke_links(await console.text("/oauth/tokens"))
    assert "the refresh token too" in await console.text(link)
    await console.flash(await console.submit(link))
    assert (await console.site.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_all_tokens_of_a_client_are_revoked(console):
    mine, other = await console.site.access_token(), await console.site.access_token(seed.RIVAL)
    path = f"/oauth/tokens/revoke?client={seed.LEDGER}"
    assert "It has 1 live access token" in await console.text(path)
    await console.flash(await console.submit(path))
    assert [await console.site.is_active(token) for token in (mine, other)] == [False, True]


async def test_all_tokens_of_a_user_are_revoked(console):
    own = await console.site.access_token()
    tokens = await console.site.tokens(scope="orders")
    await console.flash(await console.submit("/oauth/tokens/revoke?user=ada"))
    assert [await console.site.is_active(each) for each in (own, tokens["access_token"])] == [True, False]


async def test_token_that_is_gone_is_not_found(console):
    await console.site.access_token()
    (link,) = revoke_links(await console.text("/oauth/tokens"))
    page = await console.text(link)
    await console.flash(await console.send(page))
    assert (await console.send(page)).status_code == 404
    assert (await console.get(link)).status_code == 404


async def test_list_is_narrowed_to_a_client_a_user_and_a_text(console):
    await console.site.access_token()
    await console.site.access_token(seed.RIVAL)
    await console.site.tokens(scope="customers")
    narrowed = {
        f"client={seed.RIVAL}": "1 token<",
        "user=ada": "1 token<",
        "q=ledger": "2 tokens<",
        "q=nobody": "0 tokens<",
    }
    for query, count in narrowed.items():
        assert count in await console.text(f"/oauth/tokens?{query}")


async def test_pages_follow_each_other_without_a_gap(console: Console):
    for _ in range(55):
        await console.site.access_token()
    first = await console.text("/oauth/tokens")
    following = re.search(r'rel="next" href="/console([^"]+)"', first)
    assert following
    second = await console.text(unescape(following[1]))
    assert (len(revoke_links(first)), len(revoke_links(second))) == (50, 5)
    assert not set(revoke_links(first)) & set(revoke_links(second))
