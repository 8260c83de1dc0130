"""What git says about commits: read only, whatever the repository holds, and never by running what it names."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from opencode_tui.cli.git import GitProgram
from opencode_tui.cli.git_history import WEEK_MS, GitHistories
from opencode_tui.records.shipped import Commit, GitHistory
from tests.support.repositories import Repository, needs_git

pytestmark = needs_git
START = 1_778_666_400_000
NOW = START + 4 * WEEK_MS
MINUTE = 60_000


def history(folder: Path, start_ms: int = START, end_ms: int = NOW, now_ms: int = NOW) -> GitHistory:
    return GitHistories(GitProgram(os.environ["PATH"]), now_ms)(str(folder), start_ms, end_ms)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def by_id(found: GitHistory) -> dict[str, Commit]:
    assert found.trouble == ""
    return {commit.id: commit for commit in found.commits}


def test_lines_that_stand_a_week_later(repository: Repository) -> None:
    first = repository.commit(START, a_py="1\n2\n3\n", b_py="x\n")
    second = repository.commit(START + MINUTE, a_py="1\n2\nnew\n")
    repository.git("mv", "b.py", "c d é.py")
    moved = repository.commit(START + 2 * MINUTE)
    # Later than a week after, so it takes nothing from the others.
    late = repository.commit(START + 2 * WEEK_MS, a_py="")
    found = by_id(history(repository.folder))
    assert (found[first].added, found[first].removed, found[first].standing) == (4, 0, 3)
    assert (found[second].added, found[second].removed, found[second].standing) == (1, 1, 1)
    assert (found[moved].added, found[moved].standing) == (0, 0)
    assert (found[late].removed, found[late].standing) == (3, 0)
    assert [commit.id for commit in history(repository.folder).commits] == [first, second, moved, late]


def test_a_commit_of_this_week_or_of_a_branch_is_not_looked_at_yet(repository: Repository) -> None:
    repository.commit(START - WEEK_MS, a_py="1\n")
    repository.git("checkout", "-q", "-b", "side")
    side = repository.commit(START, b_py="1\n")
    repository.git("checkout", "-q", "main")
    young = repository.commit(NOW - MINUTE, c_py="1\n")
    found = by_id(history(repository.folder, end_ms=NOW + 1))
    assert found.keys() == {side, young}
    assert (found[side].state, found[side].standing) == ("kept", None)
    assert found[young].standing is None


def test_reverted_and_abandoned_commits(repository: Repository) -> None:
    reverted = repository.commit(START, a_py="1\n")
    repository.git("revert", "--no-edit", reverted, at_ms=START + MINUTE)
    back = repository.commit(START + 2 * MINUTE, b_py="1\n")
    undone = repository.git("revert", "--no-edit", back, at_ms=START + 3 * MINUTE)
    repository.git("revert", "--no-edit", "HEAD", at_ms=START + 4 * MINUTE)
    gone = repository.commit(START + 5 * MINUTE, c_py="1\n")
    repository.git("reset", "-q", "--hard", "HEAD~1")
    amended = repository.commit(START + 6 * MINUTE, d_py="1\n")
    last = repository.commit(START + 7 * MINUTE, "--amend", "--no-edit", d_py="1\n2\n")
    (repository.folder / "d.py").write_text("not yet\n")
    repository.git("stash", at_ms=START + 8 * MINUTE)
    found = by_id(history(repository.folder))
    assert found[reverted].state == "reverted"
    assert found[back].state == "kept", undone
    assert found[gone].state == "abandoned"
    assert amended not in found
    assert found[last].state == "kept"
    assert not [commit for commit in found.values() if commit.at_ms >= START + 8 * MINUTE]


def test_only_commits_of_the_span_are_told(repository: Repository) -> None:
    repository.commit(START - 1000, a_py="1\n")
    inside = repository.commit(START, a_py="2\n")
    repository.commit(START + MINUTE, a_py="3\n")
    assert by_id(history(repository.folder, end_ms=START + MINUTE)).keys() == {inside}


def test_nothing_that_a_repository_names_is_run(repository: Repository, tmp_path: Path) -> None:
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\necho run >> {sprung}\nexit 0\n")
    trap.chmod(0o755)
    repository.commit(START, a_py="1\n2\n")
    (repository.folder / ".gitattributes").write_text("*.py diff=evil filter=evil\n")
    repository.commit(START + MINUTE, a_py="1\n3\n")
    for key in (
        *("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "gpg.program"),
        *("diff.external", "diff.evil.command", "diff.evil.textconv", "pager.log", "pager.blame"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "alias.log", "alias.blame"),
    ):
        repository.git("config", key, f"!{trap}" if key.startswith("alias") else str(trap))
    with suppress(CalledProcessError):  # the trap is no real filter
        repository.git("log", "-p", "--ext-diff")
    assert sprung.exists(), "the trap works"
    hooks = repository.folder / ".git" / "hooks"
    for name in ("post-index-change", "reference-transaction", "post-checkout"):
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    for key, value in (
        *(("log.showSignature", "true"), ("diff.submodule", "log"), ("blame.ignoreRevsFile", os.devnull)),
        *(("remote.origin.url", f"ext::{trap}"), ("remote.origin.promisor", "true"), ("protocol.ext.allow", "always")),
        *(("extensions.partialClone", "origin"), ("core.repositoryFormatVersion", "1"), ("diff.relative", "true")),
    ):
        repository.git("config", key, value)
    sprung.unlink()
    before = {file: file.stat().st_mtime_ns for file in (repository.folder / ".git").rglob("*")}
    found = history(repository.folder)
    assert [(commit.added, commit.standing) for commit in found.commits] == [(2, 1), (2, 2)]
    assert not sprung.exists()
    assert {file: file.stat().st_mtime_ns for file in (repository.folder / ".git").rglob("*")} == before


def test_a_missing_object_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    repository.commit(START, a_py="1\n")
    blob = repository.git("rev-parse", "HEAD:a.py")
    for key, value in (
        *(("remote.origin.url", f"ext::sh -c touch% {sprung}"), ("remote.origin.promisor", "true")),
        *(("protocol.ext.allow", "always"), ("extensions.partialClone", "origin")),
        ("core.repositoryFormatVersion", "1"),
    ):
        repository.git("config", key, value)
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert "git does not read" in history(repository.folder).trouble
    assert not sprung.exists()


@pytest.mark.parametrize("message", ["\x01\x02\x1e", "é\n\n\ttab\t1\t2", "-" * 40, "a" * 40, "This reverts commit x"])
def test_any_message_and_path_is_read(repository: Repository, message: str) -> None:
    (repository.folder / ("b" * 40)).write_text("1\n")
    (repository.folder / "tab\tand\nline").write_text("1\n2\n")
    (repository.folder / ":(top)*").write_text("1\n")
    repository.commit(START, "-m", message)
    (commit,) = history(repository.folder).commits
    assert (commit.added, commit.standing) == (4, 4)


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert "git does not read" in history(tmp_path / "plain").trouble
    assert "is not there" in history(tmp_path / "gone").trouble
    assert history(Repository(tmp_path / "empty").folder) == GitHistory()


def test_git_is_taken_from_no_folder_that_depends_on_where_we_are(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = repository.folder / "git"
    own.write_text("#!/bin/sh\nexit 0\n")
    own.chmod(0o755)
    monkeypatch.chdir(repository.folder)
    found = GitHistories(GitProgram(f".{os.pathsep}"), NOW)(str(repository.folder), START, NOW)
    assert found.trouble == "git is not on the PATH"


def test_git_that_takes_too_long_is_stopped(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.git.ALL_RUNS_S", 0.0)
    assert "was not asked more" in history(repository.folder).trouble
