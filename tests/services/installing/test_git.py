"""Packages from git repositories: fetched by address and reference; nothing of either is an option, a program or a hook."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gatewright.services.installing import CannotInstall
from gatewright.services.installing import git
from gatewright.services.installing import source_of
from gatewright.services.scaffold import new_package

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def run(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of a package: `main` has 0.1.0, the tag v2 has 0.2.0."""
    new_package(tmp_path, "Orders")
    folder = tmp_path / "Orders"
    run(folder, "init", "--quiet", "--initial-branch=main")
    run(folder, "add", ".")
    run(folder, "commit", "--quiet", "-m", "One")
    run(folder, "checkout", "--quiet", "-b", "next")
    manifest = folder / "package.yaml"
    manifest.write_text(manifest.read_text().replace("0.1.0", "0.2.0"))
    run(folder, "commit", "--quiet", "-am", "Two")
    run(folder, "tag", "v2")
    run(folder, "checkout", "--quiet", "main")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming" / "target"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("reference", "version"), [("", "0.1.0"), ("v2", "0.2.0"), ("next", "0.2.0")])
def test_a_branch_or_tag_comes_in_without_its_history(
    repository: Path, target: Path, reference: str, version: str
) -> None:
    source_of(f"file://{repository}", reference=reference)(target)
    assert f"version: {version}" in (target / "package.yaml").read_text()
    assert not (target / ".git").exists()
    assert [path.name for path in target.parent.iterdir()] == ["target"]


@pytest.mark.parametrize(
    "address",
    [
        "--upload-pack=touch /tmp/evil",
        "ext::sh -c touch% evil",
        "http://a.example/x.git",
        "git://a.example/x.git",
        "ftp://a.example/x.git",
        "https://-oProxyCommand=evil/x",
        "ssh://-oProxyCommand=evil/x",
        "ssh://u@-oProxyCommand=evil/x",
        "git@host:-evil",
        "-u@host:x",
        "https://a.example/x y",
        "https://",
        "file::/x",
    ],
)
def test_an_address_that_is_none_runs_nothing(address: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("git was run"))
    with pytest.raises(CannotInstall):
        source_of(address)(target)


@pytest.mark.parametrize("reference", ["--upload-pack=evil", "-b", "a..b", "a b", "x" * 300])
def test_a_reference_that_is_none_runs_nothing(reference: str, repository: Path) -> None:
    with pytest.raises(CannotInstall, match="no branch or tag"):
        source_of(f"file://{repository}", reference=reference)


def test_a_repository_that_is_not_there_is_told_in_gits_words(tmp_path: Path, target: Path) -> None:
    with pytest.raises(CannotInstall, match="git could not fetch it: "):
        source_of(f"file://{tmp_path}/gone")(target)


def test_no_hook_runs_when_a_repository_is_fetched(
    repository: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    hooks = tmp_path / "home/hooks"
    hooks.mkdir(parents=True)
    for hook in (hooks / "post-checkout", repository / ".git/hooks/post-checkout"):
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)
    (tmp_path / "home/.gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source_of(f"file://{repository}")(target)
    assert not ran.exists()


def test_a_link_in_a_repository_comes_in_as_no_link(repository: Path, target: Path) -> None:
    (repository / "services/orders/passwd.py").symlink_to("/etc/passwd")
    run(repository, "add", ".")
    run(repository, "commit", "--quiet", "-m", "Link")
    source_of(f"file://{repository}")(target)
    assert not [path for path in target.rglob("*") if path.is_symlink()]
    assert (target / "services/orders/passwd.py").read_text() == "/etc/passwd"


def test_a_repository_that_is_too_large_is_given_up(
    repository: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_LARGEST_CLONE", -1)
    monkeypatch.setattr(git, "_LOOK_EVERY", 0.0)
    with pytest.raises(CannotInstall, match="larger than"):
        source_of(f"file://{repository}")(target)
