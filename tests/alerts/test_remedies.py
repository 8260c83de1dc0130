"""Each cause comes with what to do about it: the action, then its reason after a colon."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Fills, Settings
from opencode_tui.report.words import remedy_text
from opencode_tui.ui.widgets.blocks import in_lines, width_of
from tests.support.watched import MINUTE, NOON, QUIET, Watched, only

BUTTON = "/home/dev/shop/src/Button.tsx"


@pytest.fixture
def day(tmp_path: Path) -> Watched:
    """With no rule but the day's warning at $0.80 and its cutoff at $1.50, and with the session `ses_1`."""
    watched = Watched(tmp_path / "ledger.db", Settings(timezone="UTC", alerts=QUIET))
    watched.session("ses_1", "Fix header")
    return watched


def remedy(watched: Watched) -> str:
    (alert,) = watched.look()
    assert watched.restarted().ledger.connection.execute("SELECT remedy FROM alert").fetchall() == [
        (alert.cause.remedy,)
    ]
    return alert.cause.remedy


def test_of_one_file_edited_again_and_again(day: Watched) -> None:
    for turn in range(4):
        day.call("ses_1", "0.21", turn=f"turn_{turn}", tools=[("edit", BUTTON)])
    assert remedy(day) == ("say all you want of Button.tsx in one message, or /undo: that was round 4, at $0.21 each")


def test_of_a_loop(day: Watched) -> None:
    for _ in range(9):
        day.call("ses_1", "0.10", turn="turn_1", tools=[("bash", "npm test")])
    assert remedy(day) == "esc in OpenCode, then say what to try instead: each further call costs about $0.10"


def test_of_a_context_that_grew(day: Watched) -> None:
    for tokens, cost in ((12_000, "0.05"), (50_000, "0.10"), (90_000, "0.20"), (120_000, "0.30"), (140_000, "0.20")):
        day.call("ses_1", cost, context=tokens)
    assert remedy(day) == "esc in OpenCode, then /compact: each call reads 140k tokens, and costs 4× the first"


def test_of_a_context_that_was_freed_since(day: Watched) -> None:
    sizes = (
        (12_000, "0.05"),
        (50_000, "0.10"),
        (90_000, "0.20"),
        (120_000, "0.30"),
        (140_000, "0.20"),
        (9_000, "0.01"),
    )
    for tokens, cost in sizes:
        day.call("ses_1", cost, context=tokens)
    assert remedy(day) == "/compact sooner, or /new for a new subject: the context had grown to 140k tokens"


def test_of_a_model_that_costs_more(day: Watched) -> None:
    for _ in range(4):
        day.call("ses_1", "0.04")
    for minute in (2, 5, 9, 20):
        day.call("ses_1", "0.20", at=NOON + (120 + minute) * MINUTE, model="anthropic/claude-opus")
    assert remedy(day) == "/models in OpenCode, back to kimi-k2.6: each call now costs 5× as much"


def test_of_a_model_that_was_left_again_there_is_nothing_to_do(day: Watched) -> None:
    for model, cost in (*[("a/kimi", "0.02")] * 3, *[("a/opus", "0.40")] * 2, ("a/kimi", "0.02")):
        day.call("ses_1", cost, model=model)
    assert remedy(day) == ""


def test_of_subagents(day: Watched) -> None:
    for child in ("ses_2", "ses_3"):
        day.call(day.session(child, "dig", parent="ses_1"), "0.45")
    assert (
        remedy(day) == "esc in OpenCode, or a cheaper model for its subagents in opencode.json: each cost about $0.45"
    )


def test_of_failed_calls_and_of_a_day_without_a_cause(day: Watched) -> None:
    for _ in range(3):
        day.call("ses_1", "0.30", error="APIError")
    assert remedy(day).startswith("read the error in OpenCode, or change the provider with /models: ")


def test_where_nothing_stands_out_it_is_about_the_largest_session(day: Watched) -> None:
    day.call("ses_1", "0.50")
    day.call("ses_1", "0.40")
    assert remedy(day) == (
        'esc in OpenCode stops "Fix header" if it can wait, /models chooses a cheaper model: 2 calls at about $0.45'
    )


def test_of_a_full_context_that_cost_nothing_more(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(context=Fills(notice=80)))
    watched.session("ses_1", "Fix header")
    watched.call("ses_1", "0.05", context=85_000)
    assert remedy(watched) == "esc in OpenCode, then /compact: each call reads 85k tokens"


def test_of_nested_subagents(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(subagent_depth=1))
    for child, parent in (("ses_1", None), ("ses_2", "ses_1"), ("ses_3", "ses_2")):
        watched.call(watched.session(child, child, parent=parent), "0.01")
    assert remedy(watched) == "esc in OpenCode, and ask for the work without subagents of subagents"


@pytest.mark.parametrize("width", [30, 34, 60, 200])
def test_a_narrow_pane_shows_the_action_and_a_wide_one_its_reason(width: int) -> None:
    action = "say all you want of Button.tsx in one message, or /undo"
    lines = in_lines(remedy_text(f"{action}: that was round 4, at $0.21 each"), width, 2)
    assert len(lines) <= 2 and all(width_of(line) <= width for line in lines)
    assert ("round 4" in " ".join(lines)) == (width > 34)
    assert lines[0].startswith("→ say all you want")
    assert remedy_text("") == () and in_lines((), width, 2) == []
