"""All built-in services: described, named in one place, and reached from outside only by their own names."""

import pytest

from gatewright.admin.scopes import problems
from gatewright.services.builtin.table import FOLDERS
from gatewright.services.builtin.table import builtin_services
from gatewright.services.caller import Caller
from gatewright.services.coverage import Openings
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.names import BUILTIN_FOLDERS
from gatewright.services.names import is_service
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.records import Scope
from tests.running import seed
from tests.running.site import Site
from tests.services.builtin.conftest import CATALOGUE

SERVICES = builtin_services()


def test_the_folders_that_scopes_treat_apart_are_those_there_are() -> None:
    assert set(FOLDERS) == BUILTIN_FOLDERS


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_each_has_a_sentence_and_a_closed_input(service) -> None:
    assert is_service(service.name)
    assert service.title
    assert service.input_schema["additionalProperties"] is False
    assert service.enabled


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_no_folder_opens_one(service) -> None:
    folders = Scope(name="wide", folders=("pub", service.folder))
    named = Scope(name="named", services=(service.name,))
    assert Openings([folders, named]).scopes_for(service.name) == {"named"}


def test_a_scope_cannot_list_a_folder_of_built_in_services() -> None:
    (error,) = problems(Scope(name="wide", folders=("pub.sql",)), CATALOGUE)
    assert "list them under services" in error.message


def test_an_acl_of_a_folder_above_does_not_open_one_to_everybody() -> None:
    assert nearest_acl({"pub": ("Anonymous",)}, "pub.sql:query") is None
    assert not may_execute(nearest_acl({"pub": ("Anonymous",)}, "pub.sql:query"), Caller())
    assert nearest_acl({"pub": ("a",), "pub.sql": ("b",)}, "pub.sql:query") == ("b",)
    assert nearest_acl({"pub": ("a",)}, "pub.shop:get") == ("a",)


async def test_over_http_one_answers_to_a_token_whose_scope_lists_it_and_to_no_other(site: Site) -> None:
    await site.parts.database.write(scopes.insert, Scope(name="tools", services=("pub.json:parse",)), site.clock())
    await site.parts.database.write(clients.set_scopes, seed.LEDGER, ["tools", "orders"], site.clock())
    body = {"method": "POST", "json": {"text": "[1]"}}
    token = await site.access_token(scope="tools")
    answer = await site.call("/invoke/pub.json/parse", token, **body)
    assert (answer.status_code, answer.json()) == (200, [1])
    refused = await site.call("/invoke/pub.json/serialise", token, **body)
    assert (refused.status_code, "or its folder" in refused.text) == (403, False)
    assert (
        await site.call("/invoke/pub.json/parse", await site.access_token(scope="orders"), **body)
    ).status_code == 403
    assert (await site.call("/invoke/pub.json/parse", **body)).status_code == 401
