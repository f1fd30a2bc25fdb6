import msgspec
import pytest

from gatewright.admin import settings
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import changes
from gatewright.store import scopes
from gatewright.store.database import Database
from gatewright.store.records import Scope
from tests.admin.support import BY
from tests.admin.support import refused

DEFAULTS = GlobalSettings()


async def test_change_is_in_force_and_audited_by_what_changed(database: Database) -> None:
    await database.write(settings.change, BY, GlobalSettings(require_pkce=True, access_token_lifetime="never"))
    assert await database.read(settings.load) == GlobalSettings(require_pkce=True, access_token_lifetime="never")
    (row,) = await database.read(changes.audit_page)
    assert msgspec.json.decode(row.before or "") == {"require_pkce": False, "access_token_lifetime": 3600}
    assert msgspec.json.decode(row.after or "") == {"require_pkce": True, "access_token_lifetime": "never"}


async def test_unchanged_settings_are_not_audited(database: Database) -> None:
    await database.write(settings.change, BY, DEFAULTS)
    assert await database.read(changes.audit_page) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("access_token_lifetime", 0, "whole number from 1"),
        ("access_token_lifetime", "forever", "never"),
        ("authorization_code_lifetime", 2147483648, "to 2147483647"),
        ("require_https", "no", "always, except_loopback or never"),
        ("require_pkce", "yes", "true or false"),
        ("cors_allowed_origins", "*", "list"),
        ("cors_allowed_origins", ["https://a.example/path"], "no origin"),
        ("client_id_metadata_hosts", ["https://a.example"], "no host"),
        ("client_id_metadata_hosts", ["a.*.example"], "no host"),
        ("page_logo", "https://a.example/logo.png", "data: address"),
        ("page_logo", "data:text/html;base64,PGI+", "data: address"),
        ("page_logo", 'data:image/png;base64,AA=="onload=x', "data: address"),
        ("page_title", "", "text of 1 to 60 characters"),
        ("page_footer", "two\nlines", "one line"),
        ("require_pkc", True, "'require_pkce'"),
    ],
)
def test_wrong_value_says_what_was_expected(name: str, value: object, says: str) -> None:
    with refused(name) as refusal:
        settings.read_settings({name: value}, DEFAULTS)
    assert says in refusal.errors[name]


def test_form_may_send_numbers_as_text() -> None:
    read = settings.read_settings({"access_token_lifetime": "60"}, DEFAULTS, from_form=True)
    assert read.access_token_lifetime == 60


def test_what_is_absent_stays() -> None:
    base = GlobalSettings(require_pkce=True)
    assert settings.read_settings({"access_token_lifetime": 60}, base).require_pkce


@pytest.mark.parametrize("hosts", [["*"], ["*.a.example", "b.example:8443", "localhost"], []])
def test_hosts_of_metadata_documents_are_hosts(hosts: list[str]) -> None:
    changed = settings.read_settings({"client_id_metadata_hosts": hosts}, DEFAULTS)
    assert list(changed.client_id_metadata_hosts) == hosts


async def test_scopes_of_strangers_must_be_scopes(database: Database) -> None:
    wanted = msgspec.structs.replace(DEFAULTS, dynamic_registration_scopes=("orders", "nothing"))
    await database.write(scopes.insert, Scope(name="orders"), 1)
    with refused("dynamic_registration_scopes") as refusal:
        await database.write(settings.change, BY, wanted)
    assert "nothing" in refusal.errors["dynamic_registration_scopes"]
    chosen = msgspec.structs.replace(DEFAULTS, dynamic_registration_scopes=("orders",))
    await database.write(settings.change, BY, chosen)
    await database.write(scopes.delete, "orders", 2)
    await database.write(settings.change, BY, msgspec.structs.replace(chosen, require_pkce=True))
