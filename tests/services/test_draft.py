import pytest

from gatewright.flow import FlowProblems
from gatewright.services.catalogue import Catalogue
from gatewright.services.draft import check_source
from gatewright.services.draft import with_draft
from gatewright.services.loader import Loader
from tests.services.conftest import ADA

HEAD = "document: {dsl: '1.0.3', namespace: a, name: b, version: '1.0.0'}\ndo:\n"


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    (tmp_path / "P/services/a").mkdir(parents=True)
    (tmp_path / "P/package.yaml").write_text("name: P\nversion: 1.0.0\n")
    (tmp_path / "P/services/a/b.flow.yaml").write_text(HEAD + "  - x: {set: {saved: true}}\n")
    (tmp_path / "P/services/a/c.flow.yaml").write_text(HEAD + "  - x: {call: 'a:b', with: {}}\n")
    return Loader(tmp_path).load()


async def test_draft_runs_where_the_saved_flow_was_and_changes_nothing(catalogue, runtime) -> None:
    tried = with_draft(catalogue, catalogue.services["a:b"], HEAD + "  - x: {set: {saved: false}}\n")
    assert await runtime.invoke(tried, "a:b", {}, ADA) == {"saved": False}
    assert await runtime.invoke(tried, "a:c", {}, ADA) == {"saved": False}
    assert await runtime.invoke(catalogue, "a:b", {}, ADA) == {"saved": True}


def test_draft_with_problems_is_refused_with_all_of_them(catalogue) -> None:
    text = HEAD + "  - x: {call: 'a:nothing', with: {}}\n  - y: {sett: {}}\n"
    with pytest.raises(FlowProblems) as caught:
        with_draft(catalogue, catalogue.services["a:b"], text)
    assert {problem.line for problem in caught.value.problems} == {3, 4}
    assert [problem.line for problem in check_source(catalogue, text)] == [3, 4]


def test_good_draft_has_no_problems(catalogue) -> None:
    assert check_source(catalogue, HEAD + "  - x: {call: 'a:b', with: {}}\n") == []
