"""Random and hostile input everywhere: a 4xx with a sentence that helps, never a 500."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.services.catalogue import Catalogue
from tests.running import seed
from tests.running.site import Answer
from tests.running.site import Site
from tests.running.site import basic
from tests.running.site import open_site

FORM = b"application/x-www-form-urlencoded"
POSTED = [
    b"/oauth/token", b"/oauth/introspect", b"/oauth/revoke", b"/invoke/pub.oauth/getToken",
    b"/invoke/pub.oauth:refreshAccessToken", b"/invoke/orders/place", b"/shop/orders",
    b"/oauth/authorize", b"/invoke/wm.server.oauth/approve", b"/account/login", b"/account/password", b"/account/logout",
    b"/oauth/par", b"/oauth/device_authorization", b"/oauth/device",
]  # fmt: skip
NAMES = [
    "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
    "username", "password", "token", "token_type_hint", "state", "response_type", "code_challenge", "decision",
    "code_challenge_method", "prompt", "csrf", "next", "access_token", "item", "amount", "approved", "token_label",
    "resource", "response_mode", "request_uri", "device_code", "user_code", "dpop_jkt", "assertion", "client_assertion",
    "client_assertion_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type", "audience",
    "requested_token_type",
]  # fmt: skip
PLAUSIBLE = [
    "authorization_code", "client_credentials", "password", "refresh_token", "code", "token", seed.LEDGER, seed.SPA,
    seed.CALLBACK, "http://127.0.0.1:1/callback", "orders", "S256", "plain", "gw_rt_x", "gw_ac_x", "approve", "ada",
    "http://localhost:5555/shop", "form_post", "urn:ietf:params:oauth:request_uri:x", "gw_dc_x", "WDJB-MJHT",
    "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "eyJhbGciOiJub25lIn0.e30.",
]  # fmt: skip

values = st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=50), st.just("x" * 9000))
fields = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), values, max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
content_types = st.sampled_from([
    FORM, b"application/json", b"multipart/form-data; boundary=b", b"multipart/form-data", b"text/plain", b"",
    b"application/json; charset=utf-16", b"multipart/form-data; boundary=\xff", b"multipart/form-data; boundary*0=b",
])  # fmt: skip
header_names = st.sampled_from([
    b"authorization", b"cookie", b"host", b"origin", b"accept", b"content-length", b"x-forwarded-for", b"content-type",
    b"x-forwarded-proto", b"forwarded", b"transfer-encoding", b"expect", b"range", b"referer", b"x-request-id",
])  # fmt: skip
header_values = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"Basic ", b"Bearer ", b"gatewright_session=gw_se_x", b"-1", b"9" * 30, b"text/html", b"x" * 20000]
    ),
)
headers_given = st.lists(st.tuples(header_names, header_values), max_size=5)
multipart_lines = st.one_of(
    st.sampled_from([
        b"--b", b"--b--", b"", b'Content-Disposition: form-data; name="grant_type"', b"client_credentials",
        b'Content-Disposition: form-data; name="item"; filename="x"', b"Content-Disposition: form-data",
        b'Content-Disposition: form-data; name*=utf-8\'\'x', b"Content-Transfer-Encoding: base64", b"\xff", b"%%%",
        b"Content-Transfer-Encoding: made-up", b"Content-Transfer-Encoding: quoted-printable", b"=ZZ", b"Content-Type",
    ]),
    st.binary(max_size=20),
)  # fmt: skip
queries = st.one_of(
    st.binary(max_size=80), st.builds(lambda given: urlencode(given, errors="surrogatepass").encode(), fields)
)
ASKED = [
    b"/oauth/authorize", b"/invoke/pub.oauth/getToken", b"/invoke/orders/get", b"/shop/orders/7", b"/invoke/open/ping",
    b"/account/login", b"/account/password", b"/.well-known/oauth-authorization-server", b"/health/ready", b"/",
    b"/oauth/device",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "x"]
JSON = (b"content-type", b"application/json")
few = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest_asyncio.fixture
async def hostile(seeded: Path, catalogue: Catalogue, tmp_path: Path) -> AsyncIterator[Site]:
    """A site that trusts its peer as a proxy, so that forwarding headers are read, and slows nobody down."""
    opened = await open_site(seeded, catalogue, tmp_path, trusted_proxies=("127.0.0.1",))
    await opened.change_settings(require_https="never", throttle_failures=1000, token_parameters_in_url="always")
    yield opened
    await opened.parts.stop()


def check(answer: Answer) -> None:
    """An answer, not a failure; a refusal says something."""
    assert 200 <= answer.status < 500, answer
    if answer.status >= 400:
        assert len(answer.body.split()) > 3, answer


AUTHENTICATED = (b"authorization", basic(seed.LEDGER)["authorization"].encode())


async def send(site: Site, path: bytes, body: bytes, content_type: bytes, authenticated: bool) -> None:
    """As a client with credentials, or as one without."""
    headers = [(b"content-type", content_type), *([AUTHENTICATED] if authenticated else [])]
    check(await site.raw("POST", path, headers=headers, body=body))


@few
@given(path=st.sampled_from(POSTED), given_fields=fields, authenticated=st.booleans())
async def test_random_fields_in_a_form(
    hostile: Site, path: bytes, given_fields: dict[str, str], authenticated: bool
) -> None:
    await send(hostile, path, urlencode(given_fields, errors="surrogatepass").encode(), FORM, authenticated)


@few
@given(
    path=st.sampled_from(POSTED),
    value=st.one_of(fields, json_values, st.dictionaries(st.sampled_from(NAMES), json_values, max_size=5)),
    authenticated=st.booleans(),
)
async def test_random_values_in_json(hostile: Site, path: bytes, value: object, authenticated: bool) -> None:
    await send(hostile, path, json.dumps(value).encode(), b"application/json", authenticated)


@few
@given(path=st.sampled_from(POSTED), body=st.binary(max_size=300), kind=content_types, authenticated=st.booleans())
async def test_random_bytes_as_a_body(
    hostile: Site, path: bytes, body: bytes, kind: bytes, authenticated: bool
) -> None:
    await send(hostile, path, body, kind, authenticated)


@few
@given(path=st.sampled_from(POSTED), lines=st.lists(multipart_lines, max_size=10), authenticated=st.booleans())
async def test_random_lines_of_multipart(hostile: Site, path: bytes, lines: list[bytes], authenticated: bool) -> None:
    await send(hostile, path, b"\r\n".join(lines), b"multipart/form-data; boundary=b", authenticated)


@few
@given(path=st.sampled_from(ASKED), query=queries, accept=st.sampled_from([b"text/html", b"*/*", b"application/json"]))
async def test_random_queries(hostile: Site, path: bytes, query: bytes, accept: bytes) -> None:
    check(await hostile.raw("GET", path, query=query, headers=[(b"accept", accept), AUTHENTICATED]))


@few
@given(path=st.sampled_from(POSTED + ASKED), method=st.sampled_from(METHODS), given_headers=headers_given)
async def test_random_headers(
    hostile: Site, path: bytes, method: str, given_headers: list[tuple[bytes, bytes]]
) -> None:
    answer = await hostile.raw(method, path, headers=given_headers, body=b"grant_type=client_credentials")
    assert 200 <= answer.status < 500, answer


@few
@given(path=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)), method=st.sampled_from(METHODS))
async def test_random_paths(hostile: Site, path: bytes, method: str) -> None:
    answer = await hostile.raw(method, b"/" + path, headers=[AUTHENTICATED])
    assert 200 <= answer.status < 500, answer


@few
@given(query=queries, given_fields=fields)
async def test_random_authorization_requests_of_someone_signed_in(
    hostile: Site, query: bytes, given_fields: dict[str, str]
) -> None:
    await hostile.sign_in()
    cookie = f"gatewright_session={hostile.http.cookies['gatewright_session']}".encode()
    known = urlencode({"client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK, **given_fields}).encode()
    for asked in (known, known + b"&" + query):
        answer = await hostile.raw("GET", b"/oauth/authorize", query=asked, headers=[(b"cookie", cookie)])
        check(answer)
        if given_fields.get("redirect_uri", seed.CALLBACK) == seed.CALLBACK and "location" in answer.headers:
            assert answer.headers["location"].startswith((seed.CALLBACK, "/account/"))


@few
@given(typed=st.text(max_size=60), given_fields=fields, method=st.sampled_from(["GET", "POST"]))
async def test_random_user_codes_of_someone_signed_in(
    hostile: Site, typed: str, given_fields: dict[str, str], method: str
) -> None:
    await hostile.sign_in()
    query = urlencode({"user_code": typed, **given_fields}, errors="surrogatepass").encode()
    headers = [(b"cookie", f"gatewright_session={hostile.http.cookies['gatewright_session']}".encode())]
    body = query if method == "POST" else b""
    check(
        await hostile.raw(method, b"/oauth/device", query=query, headers=[*headers, (b"content-type", FORM)], body=body)
    )


DEEP = [b"[" * 20_000, b'{"a":' * 10_000, b"[" * 5_000 + b"]" * 5_000, b'{"scope":' + b"[" * 900 + b"]" * 900 + b"}"]


@pytest.mark.parametrize("body", DEEP, ids=len)
async def test_deep_json_at_each_address(hostile: Site, body: bytes) -> None:
    await hostile.change_settings(dynamic_registration="open")
    for path in [*POSTED, b"/oauth/register"]:
        await send(hostile, path, body, b"application/json", True)


async def test_deep_and_huge_tokens_and_assertions(hostile: Site) -> None:
    """JWTs whose parts are deep, wide, or almost nothing else."""
    for part in (b"[" * 9_000, b'{"a":' * 3_000, b'{"alg":"ES256","kid":"' + b"x" * 40_000 + b'"}', b"{}", b""):
        text = b".".join([urlsafe_b64encode(part).rstrip(b"=")] * 3).decode()
        for name in ("assertion", "client_assertion", "subject_token", "actor_token", "token", "access_token"):
            for grant in (value for value in PLAUSIBLE if value.startswith("urn:ietf:params:oauth:grant-type")):
                body = urlencode({"grant_type": grant, name: text}).encode()
                for path in (b"/oauth/token", b"/oauth/introspect", b"/oauth/revoke", b"/invoke/orders/place"):
                    await send(hostile, path, body, FORM, True)
        answer = await hostile.raw(
            "GET", b"/invoke/orders/whoami", headers=[(b"authorization", f"Bearer {text}".encode())]
        )
        check(answer)


@pytest.mark.parametrize("size", [8_000, 64_000])
async def test_a_huge_value_of_any_parameter(hostile: Site, size: int) -> None:
    await in_each_parameter(hostile, "x" * size)


ODD = [
    "\x00",
    "\u202e",
    "\U0001f600",
    "%",
    "%%",
    "%zz",
    "\r\n",
    "'; DROP TABLE clients;--",
    "${7*7}",
    "{{7*7}}",
    "\ud800",
]


@pytest.mark.parametrize("text", ODD, ids=ascii)
async def test_an_odd_value_of_any_parameter(hostile: Site, text: str) -> None:
    await in_each_parameter(hostile, text)


async def in_each_parameter(site: Site, text: str) -> None:
    """`text` as the value of each parameter in turn, in each endpoint's body and in an authorization request."""
    for name in NAMES:
        body = urlencode({"grant_type": "client_credentials", name: text}, errors="surrogatepass").encode()
        for path in POSTED:
            await send(site, path, body, FORM, True)
        check(await site.raw("GET", b"/oauth/authorize", query=body))


@few
@given(text=st.text(min_size=1, max_size=40))
async def test_a_description_never_reflects_characters_the_rfc_forbids(hostile: Site, text: str) -> None:
    """RFC 6749 §5.2, in every place a value of the client's might come back."""
    for name in ("scope", "grant_type", "client_id", text):
        body = json.dumps({"grant_type": "client_credentials", name: text}).encode()
        answer = await hostile.raw("POST", b"/oauth/token", headers=[JSON, AUTHENTICATED], body=body)
        found = json.loads(answer.body).get("error_description", "")
        assert all(" " <= letter <= "~" and letter not in '"\\' for letter in found)
