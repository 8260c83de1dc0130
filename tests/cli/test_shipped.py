"""What `session` and `report` say of what became of the spend: by OpenCode's records, and with git if it is allowed."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.cli.asking_git import asking_git
from opencode_tui.config.settings import Insights, Settings
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.answers import SessionShipped
from opencode_tui.records.requests import SessionRequest, ShippedRequest
from opencode_tui.records.session import SessionView
from tests.stores import V1, tool
from tests.support.ledgers import lay_out
from tests.support.repositories import Repository, needs_git
from tests.support.shell import GPT, OPUS, Shell, ago, at

WEEK = ["--from", ago(20).isoformat(), "--to", ago(10).isoformat()]


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("asking_git", "session", "report"):
        monkeypatch.setattr(f"opencode_tui.cli.{module}.now_ms", lambda: at("14:23"))


@pytest.fixture
def root(shell: Shell) -> str:
    """A session of $0.60 with a subagent, ten days ago, in a project that may be a repository."""
    lay_out(shell.ledger)
    store = V1(shell.home)
    day, project = ago(15), str(shell.home / "shop")
    with store.database.connection():
        root = store.session("Fix header", created=at("10:00", day), directory=project)
        edits = [tool("edit", "a.py", lines=(30, 5)), tool("edit", "a.py", ok=False), tool("write", "b.py")]
        store.call(root, cost="0.40", model=OPUS, tools=edits, at=at("10:01", day))
        child = store.session("look", parent=root, created=at("10:02", day), directory=project)
        store.call(child, cost="0.20", model=GPT, tools=[tool("edit", "c.py", lines=(5, 0))], at=at("10:20", day))
    return root


@pytest.fixture
def repository(shell: Shell) -> Repository:
    """Two commits in the session's time, of which one line went within a week, and one that nobody asked for."""
    made = Repository(shell.home / "shop")
    day = ago(15)
    made.commit(at("09:00", day), a_py="0\n")
    made.commit(at("10:05", day), a_py="0\n1\n2\n3\n")
    made.commit(at("10:21", day), b_py="1\n")
    made.commit(at("18:00", day), a_py="0\n1\n2\n")
    return made


def turned_on(shell: Shell) -> Path:
    file = shell.home / "config.toml"
    file.write_text("[insights]\ngit = true\n")
    return file


def test_lines_are_known_without_git(shell: Shell, root: str) -> None:
    shipped = shell.json("session", root)["shipped"]
    # $0.60 over 40 lines
    assert shipped == {
        "spend_usd": 0.6,
        "lines_added": 35,
        "lines_removed": 5,
        "usd_per_line": 0.015,
        "edits": 3,
        "edits_without_lines": 1,
        "git": None,
    }
    line = "35 lines added and 5 removed by 2 edits, as OpenCode recorded them, $0.02 a line (of 1 more edit no lines"
    assert line in shell.said("session", root)
    assert json.loads(shell.said("report", *WEEK, "--format", "json"))["shipped"] == shipped
    for format in ("md", "html", "csv"):
        assert "35 lines added and 5 removed" in shell.said("report", *WEEK, "--format", format)


@needs_git
def test_git_says_what_became_of_it(shell: Shell, root: str, repository: Repository) -> None:
    assert shell.json("session", root)["shipped"]["git"] is None
    config = ["--config", str(turned_on(shell))]
    git = shell.json("session", root, *config)["shipped"]["git"]
    assert {key: git[key] for key in ("spend_usd", "commits", "kept", "reverted", "abandoned", "troubles")} == {
        "spend_usd": 0.6,
        "commits": 2,
        "kept": 2,
        "reverted": 0,
        "abandoned": 0,
        "troubles": [],
    }
    assert (git["lines_added"], git["lines_a_week_old"], git["lines_standing"]) == (4, 4, 3)
    assert (git["usd_per_commit"], git["usd_per_standing_line"]) == (0.3, 0.2)
    assert [(each["model"], each["commits"], each["usd_per_standing_line"]) for each in git["models"]] == [
        (OPUS, 1, 0.2),
        (GPT, 1, 0.2),
    ]
    said = shell.said("session", root, *config)
    assert "2 commits made by then, 2 kept, $0.30 for each that was kept" in said
    assert "3 of the 4 lines that they added still stood a week later, $0.20 a line that stands" in said
    assert "gpt-5: $0.20, 1 commit kept, $0.20 each, $0.20 a line that stands" in said
    assert json.loads(shell.said("report", *WEEK, *config, "--format", "json"))["shipped"]["git"] == git
    for format in ("md", "html", "csv"):
        assert "still stood a week later" in shell.said("report", *WEEK, *config, "--format", format)


@needs_git
@pytest.mark.parametrize("is_on", [True, False])
def test_the_dashboard_asks_git_where_it_may(shell: Shell, root: str, repository: Repository, is_on: bool) -> None:
    settings = Settings(data_dirs=(shell.data_dir,), timezone="UTC", insights=Insights(git=is_on))
    made = LedgerFeed(lambda: Ledger(shell.ledger), settings, os.environ, lambda: at("14:23"), ask_git=asking_git)
    with closing(made) as feed:
        while feed.poll(lambda _: None):
            pass
        view = feed.answer(SessionRequest(root))
        found = feed.answer_apart(ShippedRequest(root))
    assert isinstance(view, SessionView) and view.shipped is not None
    assert (view.shipped.added, view.shipped.removed, view.shipped.git) == (35, 5, None)
    assert isinstance(found, SessionShipped)
    git = found.shipped.git
    assert (git is not None) == is_on
    assert git is None or (git.commits, git.kept, git.standing, git.spend_nano) == (2, 2, 3, 600_000_000)


def test_a_place_without_a_repository_is_said(shell: Shell, root: str) -> None:
    said = shell.said("session", root, "--config", str(turned_on(shell)))
    assert "~/shop is not there, so its commits are not known" in said


@needs_git
def test_a_report_with_git_still_holds(shell: Shell, root: str, repository: Repository) -> None:
    file = shell.home / "report.md"
    config = ["--config", str(turned_on(shell))]
    shell.said("report", *WEEK, *config, "-o", str(file))
    assert "the ledger still says so" in shell.said("report", "--verify", str(file))
