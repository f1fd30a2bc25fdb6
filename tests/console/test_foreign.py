"""External Authorization Servers, Trusted Issuers, and clients that sign, in the console."""

import json

import pytest

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from gatewright.oauth.introspection_request import seal_context
from gatewright.store import clients
from gatewright.store import external_servers
from gatewright.store import trusted_issuers
from tests.console.conftest import errors
from tests.console.conftest import summary
from tests.running import seed
from tests.running.signing import TestKey
from tests.running.site import NOW
from tests.running.site import ORIGIN

KEY = TestKey("ES256")
SERVERS, ISSUERS = "/oauth/external", "/oauth/issuers"
SERVER = {
    "name": "Corporate login",
    "issuer": "https://login.example/",
    "introspection_endpoint": "https://login.example/introspect",
    "client_id": "gatewright",
    "client_secret": "s3cret",
    "user": "ada",
    "default_scope": "orders customers",
    "scope_mapping": "api.read = orders\napi.all = orders customers",
}
EDIT = f"{SERVERS}/edit?name=Corporate%20login"
ISSUER = {"issuer": "https://issuer.example/a?b=c&d", "jwks": json.dumps(KEY.jwks()), "scopes": "orders"}
EDIT_ISSUER = f"{ISSUERS}/edit?issuer=https%3A%2F%2Fissuer.example%2Fa%3Fb%3Dc%26d"


async def server_of(console):
    return await console.site.parts.database.read(external_servers.find, "Corporate login")


class TestExternalServers:
    async def test_added_server_is_kept_as_the_form_says(self, console):
        said = await console.flash(await console.submit(f"{SERVERS}/new", **SERVER))
        assert said == "Corporate login added. Its tokens count from the next call on."
        kept = await server_of(console)
        assert (kept.issuer, kept.user_id, kept.default_scope) == (
            "https://login.example/",
            "id-of-ada",
            ("orders", "customers"),
        )
        assert kept.scope_mapping == {"api.read": ("orders",), "api.all": ("orders", "customers")}
        assert console.site.parts.sealer.open(kept.sealed_secret, seal_context("Corporate login")) == b"s3cret"

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("name", {"name": ""}),
            ("issuer", {"issuer": ""}),
            ("user", {"user": "nobody"}),
            ("default_scope", {"default_scope": "ordres"}),
            ("scope_mapping", {"scope_mapping": "api.read"}),
            ("introspection_endpoint", {"introspection_endpoint": "ftp://x"}),
            ("introspection_cache", {"introspection_cache": "soon"}),
            ("jwks", {"jwks": "{"}),
        ],
    )
    async def test_refused_server_says_why_beside_the_field_and_never_shows_the_secret(self, console, field, changes):
        answer = await console.submit(f"{SERVERS}/new", **{**SERVER, **changes})
        assert answer.status_code == 422
        assert field in errors(answer.text)
        assert "s3cret" not in answer.text
        assert await console.site.parts.database.read(external_servers.all_servers) == ()

    async def test_an_empty_secret_keeps_the_one_there_is(self, console):
        await console.flash(await console.submit(f"{SERVERS}/new", **SERVER))
        before = await server_of(console)
        page = await console.text(EDIT)
        assert "s3cret" not in page
        await console.flash(await console.send(page, default_scope="", enabled="false"))
        after = await server_of(console)
        assert (after.sealed_secret, after.default_scope, after.enabled) == (before.sealed_secret, (), False)

    async def test_second_editor_is_told_instead_of_undoing_the_first(self, console):
        await console.flash(await console.submit(f"{SERVERS}/new", **SERVER))
        page = await console.text(EDIT)
        await console.flash(await console.send(page, audience="first"))
        second = await console.send(page, audience="second")
        assert second.status_code == 409
        assert "changed meanwhile" in summary(second.text)

    async def test_deleting_asks_first(self, console):
        await console.flash(await console.submit(f"{SERVERS}/new", **SERVER))
        path = f"{SERVERS}/delete?name=Corporate%20login"
        assert "open nothing here" in await console.text(path)
        await console.flash(await console.submit(path))
        assert await server_of(console) is None

    async def test_lists_and_the_overview_name_it(self, console):
        assert "No external authorization server" in await console.text(SERVERS)
        await console.flash(await console.submit(f"{SERVERS}/new", **SERVER))
        page = await console.text(SERVERS)
        assert "https://login.example/" in page
        assert "Introspection" in page
        assert "name=Corporate%20login" in await console.text("/oauth")


class TestTrustedIssuers:
    async def test_added_issuer_is_kept_edited_and_deleted(self, console):
        await console.flash(await console.submit(f"{ISSUERS}/new", **ISSUER))
        await console.flash(await console.submit(EDIT_ISSUER, user_claim="email"))
        kept = await console.site.parts.database.read(trusted_issuers.find, ISSUER["issuer"])
        assert (kept.jwks, kept.scopes, kept.user_claim) == (KEY.jwks(), ("orders",), "email")
        assert "issuer.example" in await console.text(ISSUERS)
        await console.flash(await console.submit(EDIT_ISSUER.replace("edit", "delete")))
        assert await console.site.parts.database.read(trusted_issuers.all_issuers) == ()

    async def test_refused_issuer_says_why_beside_the_field(self, console):
        answer = await console.submit(f"{ISSUERS}/new", **{**ISSUER, "jwks": "", "scopes": "ordres"})
        assert answer.status_code == 422
        assert set(errors(answer.text)) == {"jwks_uri"}
        answer = await console.submit(f"{ISSUERS}/new", **{**ISSUER, "scopes": "ordres"})
        assert set(errors(answer.text)) == {"scopes"}


class TestClientsThatSign:
    async def test_a_client_registered_in_the_form_authenticates_with_its_key(self, console):
        path = f"/oauth/clients/edit?client_id={seed.LEDGER}"
        changes = {"client_authentication": ["private_key_jwt"], "jwks": json.dumps(KEY.jwks())}
        await console.flash(await console.submit(path, **changes))
        claims = {"iss": seed.LEDGER, "sub": seed.LEDGER, "aud": ORIGIN, "exp": NOW + 60, "jti": "x"}
        fields = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": KEY.sign(claims)}
        answer = await console.site.http.post("/oauth/token", data={"grant_type": "client_credentials", **fields})
        assert answer.status_code == 200
        assert '"private_key_jwt" checked' in await console.text(path)

    async def test_a_secret_that_signs_is_shown_once(self, console):
        path = f"/oauth/clients/edit?client_id={seed.LEDGER}"
        answer = await console.submit(path, client_authentication=["client_secret_jwt"])
        assert answer.status_code == 200
        assert "gw_cs_" in answer.text
        assert "gw_cs_" not in await console.text(path)

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("jwks_uri", {"client_authentication": ["private_key_jwt"]}),
            ("jwks", {"jwks": '{"keys": [{"kty": "oct", "k": "AA"}]}'}),
            ("token_endpoint_auth_signing_alg", {"token_endpoint_auth_signing_alg": "none"}),
        ],
    )
    async def test_what_will_not_do_is_told_beside_the_field(self, console, field, changes):
        answer = await console.submit(f"/oauth/clients/edit?client_id={seed.LEDGER}", **changes)
        assert answer.status_code == 422
        assert field in errors(answer.text)

    async def test_a_public_client_is_saved_whatever_is_ticked(self, console):
        path = f"/oauth/clients/edit?client_id={seed.SPA}"
        await console.flash(await console.submit(path, client_authentication=["client_secret_basic"]))
        kept = await console.site.parts.database.read(clients.find, seed.SPA)
        assert "client_secret_basic" not in kept.client_authentication
