"""Client authentication (RFC 6749 §2.3)."""

import base64

import msgspec
import pytest

from gatewright.kernel.passwords import hash_password_now
from gatewright.kernel.passwords import verify_password
from gatewright.kernel.secrets import CLIENT_SECRET
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.store import clients
from gatewright.store.records import ClientSecret
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site
from tests.running.site import basic

GRANT = {"grant_type": "client_credentials"}


async def send(site: Site, header: str | None = None, **parameters: str) -> tuple[int, dict[str, str]]:
    headers = {} if header is None else {"authorization": header}
    answer = await site.http.post("/oauth/token", data={**GRANT, **parameters}, headers=headers)
    return answer.status_code, answer.json()


def header_of(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_the_secret_may_come_by_http_basic_or_in_the_body(site: Site) -> None:
    secret = seed.SECRETS[seed.LEDGER]
    assert (await send(site, header_of(f"{seed.LEDGER}:{secret}")))[0] == 200
    assert (await send(site, client_id=seed.LEDGER, client_secret=secret))[0] == 200


async def test_a_matching_client_id_beside_basic_is_fine(site: Site) -> None:
    assert (await send(site, basic(seed.LEDGER)["authorization"], client_id=seed.LEDGER))[0] == 200


async def test_another_client_id_beside_basic_is_refused(site: Site) -> None:
    status, answer = await send(site, basic(seed.LEDGER)["authorization"], client_id=seed.RIVAL)
    assert (status, answer["error"]) == (400, "invalid_request")


async def test_two_credentials_at_once_are_refused_even_when_both_are_right(site: Site) -> None:
    """RFC 6749 §2.3: one method in each request."""
    secret = seed.SECRETS[seed.LEDGER]
    status, answer = await send(site, header_of(f"{seed.LEDGER}:{secret}"), client_secret=secret)
    assert (status, answer["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("quoted", [True, False])
async def test_a_chosen_secret_may_be_form_encoded_in_basic_or_not(site: Site, quoted: bool) -> None:
    """RFC 6749 §2.3.1 wants it encoded; many clients do not."""
    header = basic(seed.CHOSEN)["authorization"] if quoted else header_of(f"{seed.CHOSEN}:{seed.CHOSEN_SECRET}")
    assert (await send(site, header))[0] == 200


@pytest.mark.parametrize("client_id", [seed.LEDGER, seed.CHOSEN, "nobody"])
async def test_a_wrong_secret_and_an_unknown_client_get_the_same_answer(site: Site, client_id: str) -> None:
    wrong = await send(site, header_of(f"{client_id}:wrong"))
    assert wrong[0] == 401
    assert set(wrong[1]) == {"error", "error_description", "reference"}
    assert wrong[1]["error"] == "invalid_client"
    assert wrong[1]["error_description"] == "Client authentication failed: unknown client, or wrong secret."


async def test_a_refusal_of_basic_carries_a_challenge(site: Site) -> None:
    """RFC 6749 §5.2."""
    answer = await site.http.post("/oauth/token", data=GRANT, headers=basic(seed.LEDGER, "wrong"))
    assert answer.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic /w==",
        "Basic Og==",
        "Bearer gw_at_x",
        "Digest username=x",
        "",
        "Basic " + "A" * 9999,
    ],
)
async def test_a_malformed_authorization_header_is_invalid_client(site: Site, header: str) -> None:
    status, answer = await send(site, header)
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_no_credentials_at_all_are_invalid_client_and_say_what_to_send(site: Site) -> None:
    status, answer = await send(site)
    assert (status, answer["error"]) == (401, "invalid_client")
    assert "Basic" in answer["error_description"]


async def test_a_confidential_client_cannot_go_without_its_secret(site: Site) -> None:
    for parameters in ({"client_id": seed.LEDGER}, {"client_id": seed.LEDGER, "client_secret": ""}):
        status, answer = await send(site, **parameters)
        assert (status, answer["error"]) == (401, "invalid_client")
    assert (await send(site, header_of(f"{seed.LEDGER}:")))[0] == 401


async def test_a_public_client_has_no_secret_to_send(site: Site) -> None:
    for parameters in ({"header": header_of(f"{seed.SPA}:x")}, {"client_id": seed.SPA, "client_secret": "x"}):
        status, answer = await send(site, **parameters)
        assert (status, answer["error"]) == (401, "invalid_client")
        assert "public" in answer["error_description"]


async def test_a_client_uses_one_of_its_registered_methods(site: Site) -> None:
    await site.change_client(client_authentication=("client_secret_basic",))
    status, answer = await send(site, client_id=seed.LEDGER, client_secret=seed.SECRETS[seed.LEDGER])
    assert (status, answer["error"]) == (401, "invalid_client")
    assert "client_secret_basic" in answer["error_description"]
    assert (await send(site, basic(seed.LEDGER)["authorization"]))[0] == 200


async def test_a_disabled_client_is_refused_from_the_next_request_on(site: Site) -> None:
    assert (await send(site, basic(seed.LEDGER)["authorization"]))[0] == 200
    await site.change_client(enabled=False)
    status, answer = await send(site, basic(seed.LEDGER)["authorization"])
    assert (status, answer["error"]) == (401, "invalid_client")
    assert "disabled" in answer["error_description"]


async def test_the_old_secret_works_beside_a_new_one_until_its_time(site: Site) -> None:
    fresh = make_secret(CLIENT_SECRET)
    kept = ClientSecret(id="second", client_id=seed.LEDGER, digest=digest(fresh), hash=None, created_at=NOW)
    await site.parts.database.write(clients.add_secret, kept, NOW + 60, NOW)
    old, new = basic(seed.LEDGER)["authorization"], basic(seed.LEDGER, fresh)["authorization"]
    assert [(await send(site, header))[0] for header in (old, new)] == [200, 200]
    site.clock.forward(60)
    assert [(await send(site, header))[0] for header in (old, new)] == [401, 200]


async def test_a_verified_chosen_secret_stops_working_when_it_is_replaced(site: Site) -> None:
    """What the process remembers of a verified secret is bound to that secret's row."""
    header = basic(seed.CHOSEN)["authorization"]
    assert (await send(site, header))[0] == 200
    await site.parts.database.write(clients.remove_secrets, seed.CHOSEN, NOW)
    assert (await send(site, header))[0] == 401


async def test_guessing_secrets_is_slowed_down(site: Site) -> None:
    await site.change_settings(throttle_failures=3, throttle_window=50)
    for _ in range(3):
        assert (await send(site, header_of(f"{seed.CHOSEN}:wrong")))[0] == 401
    answer = await site.http.post("/oauth/token", data=GRANT, headers=basic(seed.CHOSEN, "wrong"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "50")


async def test_guessing_at_unknown_clients_is_slowed_down_alike(site: Site) -> None:
    await site.change_settings(throttle_failures=3)
    assert [(await send(site, header_of("nobody:wrong")))[0] for _ in range(4)] == [401, 401, 401, 429]


async def test_nobody_shuts_out_a_client_whose_secret_we_made(site: Site) -> None:
    await site.change_settings(throttle_failures=2)
    for _ in range(5):
        await send(site, header_of(f"{seed.LEDGER}:wrong"))
    assert (await send(site, header_of(f"{seed.LEDGER}:wrong")))[0] == 429
    assert (await send(site, basic(seed.LEDGER)["authorization"]))[0] == 200


async def test_successes_are_never_slowed_down(site: Site) -> None:
    await site.change_settings(throttle_failures=1)
    for client_id in (seed.LEDGER, seed.CHOSEN):
        statuses = {(await send(site, basic(client_id)["authorization"]))[0] for _ in range(10)}
        assert statuses == {200}


async def test_a_chosen_secret_is_verified_by_argon2_once_per_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verified secret is remembered as a keyed digest, so the hash is asked once."""
    asked = []

    async def counting(password: str, hashed: str | None) -> bool:
        asked.append(hashed)
        return await verify_password(password, hashed)

    monkeypatch.setattr("gatewright.oauth.client_authentication.verify_password", counting)
    found = await site.parts.database.read(clients.secrets, seed.CHOSEN)
    await site.parts.database.write(clients.remove_secrets, seed.CHOSEN, NOW)
    hashed = hash_password_now("a-secret-of-this-test-alone")
    fresh = msgspec.structs.replace(found[0], id="fresh", hash=hashed)
    await site.parts.database.write(clients.add_secret, fresh, NOW, NOW)
    header = basic(seed.CHOSEN, "a-secret-of-this-test-alone")["authorization"]
    for _ in range(5):
        assert (await send(site, header))[0] == 200
    assert asked == [hashed]


async def test_a_header_that_counted_before_counts_no_longer_than_its_secret(site: Site) -> None:
    header = basic(seed.LEDGER)["authorization"]
    new = make_secret(CLIENT_SECRET)
    kept = ClientSecret(id="new", client_id=seed.LEDGER, digest=digest(new), hash=None, created_at=site.clock())
    await site.parts.database.write(clients.add_secret, kept, site.clock() + 60, site.clock())
    site.clock.forward(59)
    for _ in range(2):
        assert (await send(site, header))[0] == 200
    site.clock.forward(1)
    assert (await send(site, header))[0] == 401
    assert (await send(site, header_of(f"{seed.LEDGER}:{new}")))[0] == 200


async def test_a_header_that_counted_before_does_not_cover_other_credentials(site: Site) -> None:
    header = basic(seed.LEDGER)["authorization"]
    assert (await send(site, header))[0] == 200
    for parameters in ({"client_secret": "x"}, {"client_id": seed.RIVAL}, {"client_assertion": "x"}):
        status, body = await send(site, header, **parameters)
        assert (status, body["error"]) == (400, "invalid_request")
    await site.change_client(enabled=False)
    assert (await send(site, header))[0] == 401
