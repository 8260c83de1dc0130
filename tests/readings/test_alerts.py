"""What is read with the alerts: the sessions that they lead to, by name and with all that they cost."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.clock import calendar_for
from opencode_tui.config.settings import Lines
from opencode_tui.ledger.session_queries import tree_sums
from opencode_tui.readings.alerts import read_alerts
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_title
from opencode_tui.records.alerts import AlertedSession
from opencode_tui.records.requests import AlertsRequest
from tests.support.watched import Watched, only
from tests.ui.builders import nano


def test_a_session_comes_with_its_title_and_what_its_subagents_cost(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(session=Lines(warning_nano=nano("$1"))))
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "look around", parent="ses_1")
    watched.session("ses_3", "another one")
    watched.call("ses_1", "0.80")
    watched.call("ses_2", "0.50")
    watched.call("ses_3", "9.00")
    assert [alert.leads_to for alert in watched.look()].count("ses_1") == 1
    context = Context(watched.ledger.connection, watched.now, watched.settings)
    sessions = {session.id: session for session in read_alerts(AlertsRequest(), context).sessions}
    assert sessions["ses_1"] == AlertedSession("ses_1", "Fix header", nano("$1.30"))


def test_a_session_without_a_title_is_named_by_its_project_and_time() -> None:
    calendar = calendar_for("UTC")
    at = 1_778_682_180_000
    assert session_title("Fix header", "/home/ada/shop", at, calendar) == "Fix header"
    assert session_title("", "/home/ada/shop", at, calendar) == "shop, 13 May 14:23"
    assert session_title("", "", at, calendar) == "untitled, 13 May 14:23"


def test_sessions_whose_parents_form_a_cycle_are_summed_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db")
    watched.session("ses_1", parent="ses_2")
    watched.session("ses_2", parent="ses_1")
    watched.call("ses_1", "0.25")
    watched.call("ses_2", "0.50")
    assert tree_sums(watched.ledger.connection, ["ses_1"]) == {"ses_1": nano("$0.75")}
