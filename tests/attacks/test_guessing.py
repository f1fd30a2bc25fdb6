"""What a stranger learns by trying: whether a client or a user exists, from words, work or headers of the answer.

Work is counted, not timed: queries, writes and password hashes.
"""

import re
from collections import Counter
from typing import Any

import pytest

from gatewright.identity import users as identity
from gatewright.kernel.secrets import CLIENT_SECRET
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import client_authentication
from tests.running import seed
from tests.running.site import Answer
from tests.running.site import Site
from tests.running.site import basic
from tests.running.site import value


@pytest.fixture
def work(site: Site, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the server does, by kind."""
    done: Counter[str] = Counter()
    database = site.parts.database
    read, write = database.read, database.write

    async def counted_read(verb: Any, *given: Any, **named: Any) -> Any:
        done[f"read {verb.__name__}"] += 1
        return await read(verb, *given, **named)

    async def counted_write(verb: Any, *given: Any, **named: Any) -> Any:
        done[f"write {verb.__name__}"] += 1
        return await write(verb, *given, **named)

    verify = identity.passwords.verify_password

    async def counted_verify(*given: Any) -> bool:
        done["hash"] += 1
        return await verify(*given)

    monkeypatch.setattr(database, "read", counted_read)
    monkeypatch.setattr(database, "write", counted_write)
    monkeypatch.setattr(identity.passwords, "verify_password", counted_verify)
    monkeypatch.setattr(client_authentication, "verify_password", counted_verify)
    return done


async def try_client(site: Site, work: Counter[str], client_id: str, secret: str) -> tuple[Answer, Counter[str]]:
    work.clear()
    header = (b"authorization", basic(client_id, secret)["authorization"].encode())
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    answer = await site.raw("POST", b"/oauth/token", headers=[header, kind], body=b"grant_type=client_credentials")
    return answer, Counter(work)


def told(status: int, text: str, headers: Any, *names: str) -> tuple[int, str, list[str]]:
    """All of an answer but its reference, and what else is new in each: `names`, and tokens against forgery."""
    for name in (headers["x-request-id"], *names):
        text = text.replace(name, "")
    lines = sorted(f"{name}: {value}" for name, value in headers.items() if name not in ("x-request-id", "set-cookie"))
    return status, re.sub(r"[\w.-]{40,}", "", text), lines


@pytest.mark.parametrize(
    "secret", [make_secret(CLIENT_SECRET), "guessed", "gw_cs_" + "0" * 50], ids=["made", "guessed", "forged"]
)
async def test_an_unknown_client_and_a_wrong_secret_look_and_cost_the_same(
    site: Site, work: Counter[str], secret: str
) -> None:
    """Of secrets that the server made. One that somebody chose is compared by argon2: see docs/attacks.md."""
    for client_id in (seed.LEDGER, "nobody"):  # what is remembered of clients is remembered
        await try_client(site, work, client_id, secret)
    known, done = await try_client(site, work, seed.LEDGER, secret)
    unknown, done_for_nobody = await try_client(site, work, "nobody", secret)
    assert told(known.status, known.body.decode(), known.headers) == told(
        unknown.status, unknown.body.decode(), unknown.headers
    )
    done_for_nobody.pop("read registered")  # what is not there is looked up each time
    assert done == done_for_nobody
    assert done["hash"] == 0


@pytest.mark.parametrize("way", ["page", "grant"])
async def test_an_unknown_user_and_a_wrong_password_look_and_cost_the_same(
    site: Site, work: Counter[str], way: str
) -> None:
    seen = []
    for name in ("ada", "eve"):  # of one length, for it is shown again
        for _ in range(2):
            form, address = {"grant_type": "password"}, "/oauth/token"
            if way == "page":
                page = await site.http.get("/account/login")
                form, address = {"csrf": value(page.text, "csrf"), "next": ""}, "/account/login"
            work.clear()
            answer = await site.post(address, {**form, "username": name, "password": "wrong"})
            seen.append((told(answer.status_code, answer.text, answer.headers, name), Counter(work)))
    assert seen[1] == seen[3]
    assert seen[1][1]["hash"] == 1


async def test_a_code_or_token_that_never_was_looks_like_one_of_somebody_else(site: Site) -> None:
    await site.sign_in()
    code, tokens = await site.code(), await site.tokens()
    for form, real in (("code", code), ("refresh_token", tokens["refresh_token"])):
        grant = "authorization_code" if form == "code" else "refresh_token"
        given = {"grant_type": grant, "redirect_uri": seed.CALLBACK}
        real_answer = await site.token(seed.RIVAL, **given, **{form: real})
        made_up = await site.token(seed.RIVAL, **given, **{form: real[:10] + "x" * 40})
        assert real_answer.status_code == made_up.status_code == 400
        assert real_answer.json()["error_description"] == made_up.json()["error_description"]
