import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs

import pytest

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from tests.flow.conftest import NOW
from tests.flow.conftest import answer

URI = "https://t.test/x?a=1"
PLACE = "https://t.test/x"
AUTHORITY = "https://as.test"


def call(authentication, use=""):
    endpoint = f"{{uri: '{URI}', authentication: {authentication}}}"
    return f"{use}\ndo: [{{a: {{call: http, with: {{method: get, endpoint: {endpoint}}}}}}}]"


@pytest.fixture
def sent(host):
    host.answers[PLACE] = answer({"ok": True})
    return host.requests


async def test_a_policy_of_use_is_named_with_or_without_use(run, sent):
    use = "use: {authentications: {door: {bearer: {token: t1}}}}"
    await run(call("{use: door}", use))
    await run(call("door", use))
    assert [request.headers["Authorization"] for request in sent] == ["Bearer t1", "Bearer t1"]


async def test_a_name_that_the_document_does_not_declare_is_a_connection_of_the_server(run, host, sent):
    use = "use: {authentications: {door: {bearer: {token: t1}}}}"
    await run(call("{use: crm}", use))
    await run(call("crm", use))
    await run(call("door", use))
    assert (host.through, len(sent)) == (["crm", "crm"], 3)
    assert [request.headers.get("Authorization") for request in sent] == [None, None, "Bearer t1"]


async def test_an_openapi_call_and_the_fetch_of_its_document_each_use_their_own_connection(run, host):
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://t.test"}],
        "paths": {"/x": {"get": {"operationId": "get", "responses": {}}}},
    }
    host.answers["https://docs.test/api.json"] = answer(document)
    host.answers[PLACE] = answer({"ok": True})
    where = "{endpoint: {uri: 'https://docs.test/api.json', authentication: {use: docs}}}"
    await run(
        f"do: [{{a: {{call: openapi, with: {{document: {where}, operationId: get, authentication: {{use: crm}}}}}}}}]"
    )
    assert host.through == ["docs", "crm"]


async def test_a_connection_needs_a_server():
    from gatewright.flow import load_flow
    from gatewright.flow.http import HttpxHost
    from tests.flow.conftest import HEAD

    async with HttpxHost() as alone:
        with pytest.raises(FlowError) as caught:
            await load_flow(HEAD + call("{use: crm}")).run({}, alone)
    assert "needs a running server" in caught.value.detail


async def test_credentials_come_from_the_data_or_from_a_secret(run, host, sent):
    host.secrets["login"] = '{"username": "ada", "password": "pä"}'
    await run(call("{bearer: {token: '${ .t }'}}"), {"t": "t2"})
    await run(call("{basic: {use: login}}", "use: {secrets: [login]}"))
    assert sent[0].headers["Authorization"] == "Bearer t2"
    assert base64.b64decode(sent[1].headers["Authorization"].removeprefix("Basic ")).decode() == "ada:pä"


@pytest.mark.parametrize("value", [None, "", 5, {"a": 1}])
async def test_a_credential_that_is_no_text_is_an_authentication_error_and_nothing_is_sent(run, sent, value):
    with pytest.raises(FlowError) as caught:
        await run(call("{bearer: {token: '${ .t }'}}"), {"t": value})
    assert (caught.value.status, caught.value.http_status, sent) == (401, 502, [])


async def test_a_token_cannot_smuggle_a_header(run, sent):
    with pytest.raises(FlowError) as caught:
        await run(call("{bearer: {token: '${ .t }'}}"), {"t": "x\r\nX-Evil: 1"})
    assert ("x\r\n" in str(caught.value.problem()), sent) == (False, [])


async def test_a_secret_that_is_no_object_cannot_hold_credentials(run, host, sent):
    host.secrets["login"] = "just text"
    with pytest.raises(FlowError) as caught:
        await run(call("{basic: {use: login}}", "use: {secrets: [login]}"))
    assert "just text" not in str(caught.value.problem())
    assert caught.value.type.endswith("/errors/configuration")


# RFC 7616 §3.9.1: both answers to one challenge.
CHALLENGE = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
async def test_digest_answers_the_challenge_as_the_rfcs_example_does(run, host, monkeypatch, algorithm, expected):
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr("gatewright.flow.authentication.digest.secrets.token_hex", lambda size: nonce)
    uri = "http://www.example.org/dir/index.html"

    def reply(request):
        if "Authorization" in request.headers:
            return answer({"ok": True})
        return answer(None, 401, headers={"www-authenticate": CHALLENGE.format(algorithm)})

    host.answers[uri] = reply
    credentials = "{digest: {username: Mufasa, password: Circle of Life}}"
    assert await run(call(credentials).replace(URI, uri)) == {"ok": True}
    header = host.requests[1].headers["Authorization"]
    assert f'response="{expected}"' in header
    assert 'uri="/dir/index.html"' in header
    assert "Circle" not in header


async def test_digest_without_qop_and_with_a_session_algorithm(run, host, monkeypatch):
    monkeypatch.setattr("gatewright.flow.authentication.digest.secrets.token_hex", lambda size: "cn")

    def digest(text):
        return hashlib.md5(text.encode()).hexdigest()

    def reply(challenge):
        return lambda request: (
            answer({"ok": True})
            if "Authorization" in request.headers
            else answer(None, 401, headers={"www-authenticate": challenge})
        )

    host.answers[PLACE] = reply('Digest realm="r", nonce="n"')
    await run(call("{digest: {username: u, password: p}}"))
    expected = digest(f"{digest('u:r:p')}:n:{digest('GET:/x?a=1')}")
    assert f'response="{expected}"' in host.requests[-1].headers["Authorization"]
    host.answers[PLACE] = reply('Basic realm="x", Digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess')
    await run(call("{digest: {username: u, password: p}}"))
    first = digest(f"{digest('u:r:p')}:n:cn")
    expected = digest(f"{first}:n:00000001:cn:auth:{digest('GET:/x?a=1')}")
    assert f'response="{expected}"' in host.requests[-1].headers["Authorization"]


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Digest realm="r", nonce="n", qop="auth-int"',
    ],
)
async def test_a_challenge_that_digest_cannot_answer_leaves_the_401(run, host, challenge):
    host.answers[PLACE] = answer(None, 401, headers={"www-authenticate": challenge} if challenge else {})
    with pytest.raises(FlowError) as caught:
        await run(call("{digest: {username: u, password: p}}"))
    assert (caught.value.status, len(host.requests)) == (401, 1)


def oauth2(rest, scheme="oauth2", authority=AUTHORITY):
    return f"{{{scheme}: {{authority: '{authority}', {rest}}}}}"


@pytest.fixture
def token_requests(host, sent):
    asked = []

    def issue(request):
        kind = request.headers["Content-Type"]
        form = (
            json.loads(request.body)
            if "json" in kind
            else {k: v[0] for k, v in parse_qs(request.body.decode()).items()}
        )
        asked.append((request, form))
        return answer({"access_token": f"token{len(asked)}", "token_type": "Bearer"})

    host.answers |= {f"{AUTHORITY}/oauth2/token": issue, f"{AUTHORITY}/own/token": issue}
    return asked


async def test_client_credentials_get_a_token_that_is_sent(run, sent, token_requests):
    rest = "grant: client_credentials, client: {id: c, secret: s}, scopes: [a, b], audiences: [x]"
    assert await run(call(oauth2(rest))) == {"ok": True}
    request, form = token_requests[0]
    assert (request.method, request.uri) == ("POST", f"{AUTHORITY}/oauth2/token")
    assert form == {
        "grant_type": "client_credentials",
        "scope": "a b",
        "audience": "x",
        "client_id": "c",
        "client_secret": "s",
    }
    assert sent[-1].headers["Authorization"] == "Bearer token1"


async def test_a_token_is_got_once_in_a_run_for_each_set_of_credentials(run, sent, token_requests):
    rest = "grant: client_credentials, client: {id: '${ $item }', secret: s}"
    one = call(oauth2(rest)).strip().removeprefix("do: [").removesuffix("]")
    await run(f'do: [{{l: {{for: {{in: \'["c", "c", "d"]\'}}, do: [{one}]}}}}]')
    assert [form["client_id"] for _, form in token_requests] == ["c", "d"]
    await run(call(oauth2("grant: client_credentials, client: {id: c}")))
    assert len(token_requests) == 3


async def test_the_password_grant_and_the_token_endpoint(run, token_requests):
    rest = "grant: password, username: ada, password: pw, client: {id: c}, endpoints: {token: /own/token}"
    await run(call(oauth2(rest)))
    request, form = token_requests[0]
    assert request.uri == f"{AUTHORITY}/own/token"
    assert form == {"grant_type": "password", "username": "ada", "password": "pw", "client_id": "c"}


async def test_a_token_exchange_sends_subject_and_actor(run, token_requests):
    grant = "urn:ietf:params:oauth:grant-type:token-exchange"
    rest = (
        f"grant: '{grant}', client: {{id: c}}, subject: {{token: '${{ .t }}', type: st}}, actor: {{token: a, type: at}}"
    )
    await run(call(oauth2(rest)), {"t": "s1"})
    assert token_requests[0][1] == {
        "grant_type": grant,
        "client_id": "c",
        "subject_token": "s1",
        "subject_token_type": "st",
        "actor_token": "a",
        "actor_token_type": "at",
    }


async def test_the_ways_in_which_a_client_authenticates(run, token_requests):
    def rest(client):
        return oauth2(f"grant: client_credentials, client: {client}")

    await run(call(rest("{id: 'c d', secret: 's/é', authentication: client_secret_basic}")))
    request, form = token_requests[-1]
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"c+d:s%2F%C3%A9"
    assert "client_secret" not in form
    await run(call(rest("{id: c, authentication: none}")))
    assert token_requests[-1][1] == {"grant_type": "client_credentials", "client_id": "c"}
    await run(call(rest("{assertion: a.b.c, authentication: private_key_jwt}")))
    assert token_requests[-1][1]["client_assertion"] == "a.b.c"
    assert token_requests[-1][1]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def test_client_secret_jwt_signs_an_assertion_with_the_secret(run, token_requests):
    client = "{id: c, secret: s, authentication: client_secret_jwt}"
    await run(call(oauth2(f"grant: client_credentials, client: {client}")))
    head, claims, signature = token_requests[0][1]["client_assertion"].split(".")

    def decoded(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert decoded(signature) == hmac.new(b"s", f"{head}.{claims}".encode(), "sha256").digest()
    given = json.loads(decoded(claims))
    assert (given["iss"], given["sub"], given["aud"]) == ("c", "c", f"{AUTHORITY}/oauth2/token")
    assert (given["iat"], given["exp"]) == (int(NOW), int(NOW) + 60)
    assert json.loads(decoded(head)) == {"alg": "HS256", "typ": "JWT"}


async def test_a_token_request_can_be_json(run, token_requests):
    await run(call(oauth2("grant: client_credentials, client: {id: c}, request: {encoding: application/json}")))
    assert token_requests[0][1] == {"grant_type": "client_credentials", "client_id": "c"}


async def test_all_of_a_policy_may_be_held_by_a_secret(run, host, token_requests):
    secret = {"authority": AUTHORITY, "grant": "client_credentials", "client": {"id": "c", "secret": "s"}}
    host.secrets["as"] = json.dumps(secret)
    assert await run(call("{oauth2: {use: as}}", "use: {secrets: [as]}")) == {"ok": True}
    assert token_requests[0][1]["client_secret"] == "s"


METADATA = {"issuer": AUTHORITY, "token_endpoint": f"{AUTHORITY}/own/token"}


@pytest.mark.parametrize("authority", [AUTHORITY, AUTHORITY + "/", AUTHORITY + "/.well-known/openid-configuration"])
async def test_oidc_finds_the_token_endpoint_in_the_providers_metadata(run, host, token_requests, authority):
    host.answers[f"{AUTHORITY}/.well-known/openid-configuration"] = answer(METADATA)
    rest = "grant: client_credentials, client: {id: c, secret: s}"
    assert await run(call(oauth2(rest, "oidc", authority))) == {"ok": True}
    assert token_requests[0][0].uri == f"{AUTHORITY}/own/token"


@pytest.mark.parametrize(
    "metadata",
    [
        {**METADATA, "issuer": "https://evil.test"},
        {"issuer": AUTHORITY},
        {**METADATA, "token_endpoint": "file:///etc/passwd"},
        {},
        [],
    ],
)
async def test_metadata_of_another_issuer_or_without_endpoint_are_refused(run, host, token_requests, metadata):
    host.answers[f"{AUTHORITY}/.well-known/openid-configuration"] = answer(metadata)
    with pytest.raises(FlowError):
        await run(call(oauth2("grant: client_credentials, client: {id: c}", "oidc")))
    assert token_requests == []


async def test_issuers_may_name_another(run, host, token_requests):
    host.answers[f"{AUTHORITY}/.well-known/openid-configuration"] = answer({**METADATA, "issuer": "https://real.test"})
    rest = "grant: client_credentials, client: {id: c}, issuers: ['https://real.test']"
    assert await run(call(oauth2(rest, "oidc"))) == {"ok": True}


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (answer({"error": "invalid_client", "error_description": "hunter2 is wrong"}, 401), 401),
        (answer({}), 401),
        (answer({"access_token": 5}), 401),
        (answer(body=b"<html>"), 401),
        (HttpFailure("unreachable", "no such host"), 500),
    ],
)
async def test_an_authority_that_gives_no_token_is_an_error_without_secrets(run, host, sent, reply, status):
    host.answers[f"{AUTHORITY}/oauth2/token"] = reply
    with pytest.raises(FlowError) as caught:
        await run(call(oauth2("grant: client_credentials, client: {id: c, secret: hunter2}")))
    assert (caught.value.status, caught.value.http_status) == (status, 502)
    assert "hunter2" not in str(caught.value.problem())
    assert [request.uri for request in sent] == [f"{AUTHORITY}/oauth2/token"]
