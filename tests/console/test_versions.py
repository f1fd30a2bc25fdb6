"""Versions of a flow: every save, what was changed past the console, restoring, and two who edit at once."""

import html
import re

import pytest

from tests.console.test_services import FLOW
from tests.console.test_services import Editor
from tests.console.test_services import greeting

LIST = "/services/versions?name=orders:greet"


@pytest.fixture
async def editor(console):
    return await Editor.open(console)


def notes(page):
    """The names of the versions, the newest first, with a star at the one in force."""
    rows = re.findall(r'<td class="is-name">(.*?)</td>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", row)).strip().replace(" In force", "*") for row in rows]


def ids(page):
    return re.findall(r'<td class="is-name"><a href="[^"]*from=([0-9a-f-]{36})&amp;to=current">', page)


def file_of(console):
    return console.site.parts.packages_folder / "Shop/services/orders/greet.flow.yaml"


async def saved_twice(editor):
    await editor.save(FLOW, note="More polite")
    await editor.save(FLOW.replace("Good day", "Howdy"), note="Less polite")


async def test_each_save_is_a_version_with_its_note(console, editor):
    await saved_twice(editor)
    assert notes(await console.text(LIST)) == ["Less polite*", "More polite", "As it was found"]


async def test_save_without_a_change_is_none(console, editor):
    await editor.save(FLOW)
    await editor.save(FLOW)
    assert notes(await console.text(LIST)) == ["Saved by admin*", "As it was found"]


async def test_service_never_saved_here_shows_what_was_found(console):
    assert notes(await console.text(LIST)) == ["As it was found*"]


async def test_change_on_the_disk_is_shown_and_kept_by_the_next_save(console, editor):
    await editor.save(FLOW, note="Mine")
    file_of(console).write_text(FLOW.replace("Good day", "From the disk"))
    assert notes(await console.text(LIST))[:2] == ["Changed on disk*", "Mine"]
    editor = await Editor.open(console)
    await editor.save(FLOW, note="Mine again")
    page = await console.text(LIST)
    assert notes(page)[:3] == ["Mine again*", "Changed on disk", "Mine"]
    difference = html.unescape(
        await console.text(f"/services/compare?name=orders:greet&from={ids(page)[1]}&to=current")
    )
    assert "From the disk" in difference


async def test_two_versions_stand_side_by_side(console, editor):
    await saved_twice(editor)
    newer, older, _ = ids(await console.text(LIST))
    page = html.unescape(await console.text(f"/services/compare?name=orders:greet&from={older}&to={newer}"))
    assert re.findall(r"<del>(.*?)</del>", page) == ["""      set: {greeting: '${ "Good day, " + .name }'}"""]
    assert re.findall(r"<ins>(.*?)</ins>", page) == ["""      set: {greeting: '${ "Howdy, " + .name }'}"""]


async def test_restored_version_is_in_force_and_the_newest(console, editor):
    await saved_twice(editor)
    older = ids(await console.text(LIST))[1]
    said = await console.flash(await console.submit(f"/services/restore?name=orders:greet&version={older}"))
    assert said == "The former version is in force again."
    assert (await greeting(console)).json() == {"greeting": "Good day, Ada"}
    assert notes(await console.text(LIST))[:2] == ["Restored: More polite*", "Less polite"]


async def test_restoring_over_another_change_is_refused(console, editor):
    await saved_twice(editor)
    older = ids(await console.text(LIST))[1]
    question = await console.text(f"/services/restore?name=orders:greet&version={older}")
    await editor.save(FLOW.replace("Good day", "Newest"))
    assert (await console.send(question)).status_code == 409
    assert (await greeting(console)).json() == {"greeting": "Newest, Ada"}


async def test_version_of_another_service_is_not_found(console, editor):
    await saved_twice(editor)
    version = ids(await console.text(LIST))[0]
    for path in ("restore", "compare"):
        address = f"/services/{path}?name=orders:welcome&version={version}&from={version}&to=current"
        assert (await console.get(address)).status_code == 404


async def test_of_two_texts_mine_can_be_saved_over_the_other(console, editor):
    other = await Editor.open(console)
    await editor.save(FLOW, note="Theirs")
    page = (await other.post("conflict", source=FLOW.replace("Good day", "Mine"), scripts=False)).text
    assert "Good day" in html.unescape(page)
    answer = await console.send(page)
    assert answer.status_code == 200
    assert (await greeting(console)).json() == {"greeting": "Mine, Ada"}
    assert notes(await console.text(LIST))[:2] == ["Saved over another's change*", "Theirs"]


async def test_mine_can_be_edited_on_over_the_other(console, editor):
    other = await Editor.open(console)
    await editor.save(FLOW)
    other.revision = re.findall(
        r'name="revision" value="(.*?)"', (await other.post("conflict", source=FLOW, scripts=False)).text
    )[0]
    page = (await other.post("resume", source=FLOW.replace("Good day", "Mine"), scripts=False)).text
    assert "Mine, " in html.unescape(page)
    resumed = Editor(console, page)
    assert "Saved." in (await resumed.save(FLOW.replace("Good day", "Mine"))).text


async def test_editor_is_told_while_typing_that_another_saved(console, editor):
    other = await Editor.open(console)
    assert (await other.post("check", source=FLOW)).json()["changed"] is False
    await editor.save(FLOW)
    assert (await other.post("check", source=FLOW)).json()["changed"] is True
    assert (await editor.post("check", source=FLOW)).json()["changed"] is False


@pytest.mark.parametrize("path", ["versions", "compare", "restore"])
async def test_service_that_is_not_edited_here_has_no_versions(console, path):
    assert (await console.get(f"/services/{path}?name=orders:place&from=a&to=b&version=c")).status_code == 409


async def test_change_on_the_disk_is_a_version_as_soon_as_it_is_seen(console, editor):
    parts = console.site.parts
    await parts.disk_versions.look()
    file_of(console).write_text(FLOW.replace("Good day", "From the disk"))
    await parts.watcher.refresh()
    await parts.disk_versions.look()
    file_of(console).write_text(FLOW.replace("Good day", "And again"))
    await parts.watcher.refresh()
    await parts.disk_versions.look()
    await parts.disk_versions.look()
    assert notes(await console.text(LIST)) == ["Changed on disk*", "Changed on disk"]
    older = ids(await console.text(LIST))[1]
    page = html.unescape(await console.text(f"/services/compare?name=orders:greet&from={older}&to=current"))
    assert "From the disk" in page


async def test_change_made_while_the_server_was_down_is_kept_when_it_starts(console, editor):
    await editor.save(FLOW, note="Mine")
    file_of(console).write_text(FLOW.replace("Good day", "Overnight"))
    await console.site.parts.watcher.refresh()
    await console.site.parts.disk_versions.look()
    assert notes(await console.text(LIST))[:2] == ["Changed on disk*", "Mine"]
