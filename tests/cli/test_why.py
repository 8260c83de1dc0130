"""why: the insights of a period, and what a person decides about them."""

from __future__ import annotations

import json
import re

import pytest

from opencode_tui.cli import EXIT_USAGE
from tests.stores import V1
from tests.stores.tools import tool
from tests.support.shell import Shell, assert_one_sentence, at

BUTTON = "/home/dev/shop/src/Button.tsx"


@pytest.fixture(autouse=True)
def half_past_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.why.now_ms", lambda: at("14:30"))
    monkeypatch.setattr("opencode_tui.cli.levers.now_ms", lambda: at("14:30"))


@pytest.fixture
def redesign(store: V1) -> str:
    """A session with four rounds of one file, $0.800000004 in all; returns its id."""
    with store.database.connection():
        session = store.session("Redesign [b]header", created=at("13:00"))
        for minute in range(4):
            store.call(session, cost="0.200000001", at=at(f"13:0{minute}"), tools=[tool("edit", BUTTON)])
    return session


def insight_id(shell: Shell) -> str:
    id: str = shell.json("why")["insights"][0]["id"]
    return id


def test_json_has_the_costliest_cause_first_to_the_nano_dollar(shell: Shell, redesign: str) -> None:
    found = shell.json("why")
    assert (found["schema_version"], found["period"]["label"]) == (1, "week")
    insight = found["insights"][0]
    expected = {"rule": "redesign_loop", "cost_usd": 0.800000004, "lever": "context", "sure": "measured", "calls": 4}
    assert expected.items() <= insight.items()
    assert insight.keys() >= {"title", "what", "saves_usd", "how"}
    (session,) = insight["sessions"]
    assert (session["id"], session["title"], session["cost_usd"]) == (redesign, "Redesign [b]header", 0.800000004)
    assert session["turn_id"]
    assert shell.json("why", "--period", "yesterday")["insights"] == []


def test_text_says_what_it_cost_what_to_do_and_where(shell: Shell, redesign: str) -> None:
    text = shell.said("why")
    assert "1. $0.80  Button.tsx edited in 4 turns" in text
    assert "→ describe the whole change of Button.tsx" in text
    assert f'$0.80 in "Redesign [b]header" ({redesign})' in text


@pytest.mark.parametrize("columns", [32, 80, 120])
def test_text_fits_a_terminal(shell: Shell, redesign: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.why.table_width", lambda *, is_wide: columns)
    lines = shell.said("why").splitlines()
    assert max(map(len, lines)) <= columns < 1 + max(map(len, lines)) * 1.4
    assert any(line.strip().startswith("→ describe the whole") for line in lines)


def test_an_insight_is_dismissed_for_a_week_or_for_ever_and_restored(shell: Shell, redesign: str) -> None:
    id = insight_id(shell)
    assert shell.said("why", "dismiss", id[:4]) == "dismissed until Wed 20 May 14:30: Button.tsx edited in 4 turns\n"
    found = shell.json("why")
    assert (found["insights"], [each["id"] for each in found["dismissed"]]) == ([], [id])
    assert "1 dismissed" in shell.said("why")
    assert f"{id}  Button.tsx edited in 4 turns: dismissed until" in shell.said("why", "--dismissed")
    assert shell.said("why", "dismiss", id, "--for-ever") == "dismissed for ever: Button.tsx edited in 4 turns\n"
    assert shell.said("why", "restore", id) == "new again: Button.tsx edited in 4 turns\n"
    assert insight_id(shell) == id


def test_what_was_decided_is_said_as_json(shell: Shell, redesign: str) -> None:
    id = insight_id(shell)
    expected = {"id": id, "rule": "redesign_loop", "key": BUTTON, "title": "Button.tsx edited in 4 turns"}
    until = "2026-05-20T14:30:00.000+00:00"
    for argv, state, until_at in (
        (("dismiss", id), "dismissed", until),
        (("dismiss", id, "--for-ever"), "dismissed", None),
        (("restore", id), "new", None),
        (("done", id), "done", None),
    ):
        said = shell.json("why", *argv)
        assert said["schema_version"] == 1
        assert said["insights"] == [{**expected, "state": state, "until_at": until_at}]


def test_a_saving_that_is_not_known_is_null(shell: Shell, store: V1) -> None:
    with store.database.connection():
        session = store.session("Stopped", created=at("13:00"))
        store.call(session, cost="0.30", at=at("13:01"), tools=[tool("edit", BUTTON)], error="MessageAbortedError")
    (insight,) = shell.json("why")["insights"]
    assert (insight["rule"], insight["cost_usd"], insight["saves_usd"]) == ("aborted_turns", 0.3, None)
    (context, *_) = shell.json("levers")["levers"]
    assert (context["saves_usd"], context["insights"][0]["saves_usd"]) == (None, None)
    days = ("report", "--from", "2026-05-13", "--to", "2026-05-13", "--format", "json")
    assert json.loads(shell.said(*days))["insights"][0]["saves_usd"] is None


def test_a_week_later_a_dismissed_insight_is_back(shell: Shell, redesign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.said("why", "dismiss", insight_id(shell))
    monkeypatch.setattr("opencode_tui.cli.why.now_ms", lambda: at("14:31") + 7 * 86_400_000)
    assert len(shell.json("why", "--period", "2026-05-13")["insights"]) == 1


def test_what_was_acted_on_is_followed(shell: Shell, redesign: str, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    id = insight_id(shell)
    assert shell.said("why", "done", id).startswith("done: Button.tsx edited in 4 turns; ")
    found = shell.json("why")
    assert found["insights"][0]["state"] == "done"
    (followed,) = found["followed"]
    assert (followed["id"], followed["after_usd_week"], followed["saved_usd_week"]) == (id, None, None)
    assert "too early to say before Sat 16 May 14:30" in shell.said("why")
    monkeypatch.setattr("opencode_tui.cli.why.now_ms", lambda: at("14:30") + 4 * 86_400_000)
    (followed,) = shell.json("why")["followed"]
    assert followed["before_usd_week"] == pytest.approx(0.800000004 * 7 / 3.19, rel=0.1)
    assert followed["after_usd_week"] == 0
    assert re.search(
        r"\$0\.00 a week since .*: \$[0-9.]+ a week is saved, \$[0-9.]+ a week was estimated", shell.said("why")
    )


def test_an_id_that_is_none_is_one_sentence(shell: Shell, redesign: str) -> None:
    for argv in (("dismiss", "nothing"), ("done", "ddd"), ("restore", "abcdef"), ("restore", "\x1b[31m")):
        code, out, err = shell.run("why", *argv)
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, "there is no insight")
    for action in ("dismiss", "done", "restore"):
        code, out, err = shell.run("why", action, insight_id(shell)[:2])
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, "is too short", "at least the first 3 characters", "why --dismissed")
    code, _, err = shell.run("why", "--period", "never")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "'never' is no period")


def test_an_empty_ledger_has_no_insight(shell: Shell, store: V1) -> None:
    assert "Nothing was spent" in shell.said("why", "--period", "2026-01")
    assert "No insight: nothing stands out" in shell.said("why", "--period", "today")


def test_reports_have_the_insights_of_their_days(shell: Shell, redesign: str) -> None:
    days = ("report", "--from", "2026-05-13", "--to", "2026-05-13", "--format")
    (insight,) = json.loads(shell.said(*days, "json"))["insights"]
    assert (insight["rule"], insight["cost_usd"]) == ("redesign_loop", 0.800000004)
    shell.said("why", "dismiss", insight_id(shell), "--for-ever")
    for format in ("md", "html", "csv"):
        assert "Button.tsx edited in 4 turns" in shell.said(*days, format), "a report is the same for everybody"
