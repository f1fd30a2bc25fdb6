from tests.running import seed


async def inspected(console, token):
    answer = await console.submit("/inspector", token=token)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_live_token_is_told_with_whom_and_what_it_opens(console):
    page = await inspected(console, await console.site.access_token(scope="orders"))
    for text in (">Active<", "An opaque access token", f"client_id={seed.LEDGER}", ">orders<", "Revoke…"):
        assert text in page


async def test_the_token_is_not_on_the_page_again(console):
    token = await console.site.access_token()
    assert token not in await inspected(console, token)


async def test_a_jwt_is_decoded_and_verified(console):
    await console.site.change_settings(access_token_format="jwt")
    token = await console.site.access_token()
    page = await inspected(console, token)
    for text in (">Active<", "A JWT", "&#34;alg&#34;: &#34;ES256&#34;", "&#34;iss&#34;"):
        assert text in page
    head, claims, signature = token.split(".")
    forged = f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    assert ">Not active<" in await inspected(console, forged)


async def test_why_a_token_is_not_active_is_told(console):
    token = await console.site.access_token()
    console.site.clock.forward(3601)
    await console.site.sign_in("admin", console.http)
    page = await inspected(console, token)
    assert ">Not active<" in page
    assert "expired" in page


async def test_a_jwt_of_another_issuer_is_named_as_such(console):
    page = await inspected(console, "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2Vsc2V3aGVyZS5leGFtcGxlIn0.")
    assert "it was issued by https://elsewhere.example" in page


async def test_what_is_no_token_at_all_is_said_to_be_none(console):
    for text in ("hello", "a.b.c", "eyJ9.eyJ9.x", "gw_at_nonsense"):
        assert ">Not active<" in await inspected(console, text)


async def test_nothing_or_too_much_is_refused_beside_the_field(console):
    for text in ("", "x" * 20_000, "ü"):
        assert (await console.submit("/inspector", token=text)).status_code == 422
