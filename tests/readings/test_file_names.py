"""A file that a model names by its whole path once and from the session's directory the next time is one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.config.settings import Settings
from opencode_tui.ledger.tool_files import FILE
from opencode_tui.paths import in_folder
from opencode_tui.readings.context import Context
from opencode_tui.readings.families import child_works
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.session import read_turns_of
from opencode_tui.readings.session_works import session_works
from opencode_tui.records.insights import Insight
from opencode_tui.records.requests import InsightsRequest
from tests.support.watched import NOON, Limits, Watched, only

WHOLE, SHORT = "/home/dev/shop/src/Nav.tsx", "src/Nav.tsx"
TWO_NAMES = [WHOLE, SHORT, WHOLE, f"./{SHORT}", WHOLE, SHORT]
UTC = Settings(timezone="UTC")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db", only(same_file=6))
    watched.session("ses_1", "Paths")
    yield watched
    watched.ledger.close()


def insights(watched: Watched) -> dict[str, Insight]:
    settle_findings(watched.ledger, {}, Limits())
    found = read_insights(InsightsRequest("all"), Context(watched.ledger.connection, NOON + 3_600_000, UTC))
    return {each.rule: each for each in found.insights}


def test_six_turns_on_it_are_one_redesign_loop_and_one_alert_with_its_cause(watched: Watched) -> None:
    for name in TWO_NAMES:
        watched.call(cost="0.031500000", tools=[("edit", name)])
    found = insights(watched)["redesign_loop"]
    assert (found.title, found.cost_nano, found.saves_nano) == ("Nav.tsx edited in 6 turns", 189_000_000, 157_500_000)
    (alert,) = watched.look()
    assert (alert.crossing.subject, alert.crossing.value) == (f"ses_1:{WHOLE}", 6)
    assert alert.cause.cost_nano == 189_000_000


def test_an_edit_after_a_failure_is_a_retry_under_either_name(watched: Watched) -> None:
    for number, name in enumerate(TWO_NAMES):
        watched.call(cost="0.02", turn="turn_1", tools=[("edit", name)])
        if number < 5:
            watched.call(cost="0.01", turn="turn_1", tools=[("bash", "npm test")], ok=False)
    found = insights(watched)["retried_edits"]
    assert (found.cost_nano, found.saves_nano) == (150_000_000, 100_000_000)
    kept = watched.ledger.connection.execute("SELECT retries FROM turn").fetchall()
    (shown,) = read_turns_of("ses_1", Context(watched.ledger.connection, NOON, UTC))
    assert kept == [(5,)]
    assert shown.edit_retries == 5


def test_a_read_after_an_edit_under_the_other_name_is_no_repetition(watched: Watched) -> None:
    for _ in range(3):
        watched.call(turn="turn_1", tools=[("read", WHOLE)])
        watched.call(turn="turn_1", tools=[("read", WHOLE)])
        watched.call(turn="turn_1", tools=[("edit", SHORT)])
    assert "repeated_reads" not in insights(watched)


def test_subagents_that_name_it_differently_have_read_the_same_file(watched: Watched) -> None:
    for id, name in (("ses_2", WHOLE), ("ses_3", SHORT)):
        watched.call(watched.session(id, parent="ses_1"), tools=[("read", name)])
    children = child_works(watched.ledger.connection, ["ses_1"])["ses_1"]
    assert [child.reads for child in children] == [(WHOLE,), (WHOLE,)]


def test_a_search_keeps_its_folder_and_a_session_without_a_directory_its_names(watched: Watched) -> None:
    watched.session("ses_2", project="")
    watched.call("ses_2", tools=[("edit", SHORT)], directory="")
    watched.call("ses_2", tools=[("grep", "src")], directory="")
    watched.call("ses_1", tools=[("grep", "src"), ("bash", "npm test")])
    (work, _), (other, _) = session_works(watched.ledger.connection, ["ses_1", "ses_2"])
    assert [use.target for use in work.tools] == ["src", "npm test"]
    assert [use.target for use in other.tools] == [SHORT, "src"]


@pytest.mark.parametrize("folder", ["", "/", "/home/dev/shop", "/home/dev/shop/", "C:\\shop\\"])
@pytest.mark.parametrize("path", ["a.ts", "./a.ts", ".env", "/a.ts", "\\\\host\\a.ts", "C:/a.ts", "C:\\a.ts", "."])
def test_sql_makes_the_same_of_a_path_as_python(watched: Watched, path: str, folder: str) -> None:
    sql = f"SELECT {FILE} FROM (SELECT ? AS target) t, (SELECT ? AS directory, '' AS project) k"
    assert watched.ledger.connection.execute(sql, (path, folder)).fetchone()[0] == in_folder(path, folder)
