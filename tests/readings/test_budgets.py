"""What is spent of each budget: to the nano-dollar what its calls cost, by every scope and period."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, Calendar, calendar_for
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Settings
from opencode_tui.config.team import Team
from opencode_tui.ledger.environments import environments_beside
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.readings.budgets import budget_states
from opencode_tui.records.budgets import BudgetState
from tests.support.watched import FAR, NOON, Watched

UTC: Calendar = calendar_for("UTC")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Three agents' calls in two projects and a subfolder, today, this week and this month."""
    seen = Watched(tmp_path / "ledger.db")
    shop, docs = seen.session("shop"), seen.session("docs", project="/home/dev/docs")
    seen.call(shop, "0.300000001", agent="build")
    seen.call(shop, "0.02", agent="explore", model="anthropic/claude")
    seen.call(docs, "0.004", agent="build", directory="/home/dev/docs")
    seen.call(shop, "1", at=NOON - 2 * DAY_MS)
    seen.call(shop, "10", at=NOON - 10 * DAY_MS)
    return seen


def spent(watched: Watched, budget: NamedBudget, **more: object) -> int:
    return state(watched, budget, **more).spent_nano


def state(watched: Watched, budget: NamedBudget, **more: object) -> BudgetState:
    settings = Settings(timezone="UTC", budgets={"b": budget}, **more)  # type: ignore[arg-type]
    return budget_states(watched.ledger.connection, settings, UTC, NOON)["b"]


@pytest.mark.parametrize(
    ("budget", "usd"),
    [
        (NamedBudget(), "0.324000001"),
        (NamedBudget(period="week"), "1.324000001"),
        (NamedBudget(period="month"), "11.324000001"),
        (NamedBudget("agent", "build"), "0.304000001"),
        (NamedBudget("agent", "buil"), "0"),
        (NamedBudget("provider", "anthropic"), "0.02"),
        (NamedBudget("project", "/home/dev/shop"), "0.320000001"),
        (NamedBudget("project", "/home/dev"), "0.324000001"),
        (NamedBudget("project", "/home/dev/sho"), "0"),
        (NamedBudget("tag", "site"), "0.004"),
        (NamedBudget("tag", "none"), "0"),
        (NamedBudget("environment", "ci"), "0"),
    ],
)
def test_a_budget_is_the_sum_of_the_calls_in_its_scope(watched: Watched, budget: NamedBudget, usd: str) -> None:
    assert spent(watched, budget, tags={"site": ("/home/*/docs",)}) == nano_from_usd(usd)


def test_an_environments_sessions_are_those_that_the_guard_has_noted(watched: Watched) -> None:
    environments_beside(watched.path).write_text("shop\tstaging\ndocs\tci\nshop\tci\nbroken\n")
    assert spent(watched, NamedBudget("environment", "ci")) == nano_from_usd("0.324000001")
    environments_beside(watched.path).write_text("docs\tci\n")
    assert spent(watched, NamedBudget("environment", "ci")) == nano_from_usd("0.004")


def test_a_project_is_known_by_all_its_names(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "old").symlink_to("new")
    linked = watched.session("linked", project=str(tmp_path / "old" / "web"))
    watched.call(linked, "0.5", directory=str(tmp_path / "old" / "web"))
    assert spent(watched, NamedBudget("project", str(tmp_path / "new"))) == NANO // 2


def test_what_is_left_and_where_it_stands(watched: Watched) -> None:
    cent = NANO // 100
    found = state(watched, NamedBudget(warning_nano=32 * cent, cutoff_nano=40 * cent, ci_nano=cent, owner="Anna"))
    assert (found.left_nano, found.status, found.owner) == (40 * cent - nano_from_usd("0.324000001"), "warning", "Anna")
    assert found.stricter == (("ci", cent),)
    assert state(watched, NamedBudget(cutoff_nano=nano_from_usd("0.324000001"))).status == "cutoff"
    assert state(watched, NamedBudget(warning_nano=33 * cent)).status == "calm"


# Alerts


def alerts(watched: Watched, **more: object) -> list[str]:
    watched.settings = Settings(timezone="UTC", budget=FAR, **more)  # type: ignore[arg-type]
    return [alert.text for alert in watched.look()]


def test_an_alert_fires_per_budget_and_line_and_names_the_owner(watched: Watched) -> None:
    budgets = {
        "web": NamedBudget("project", "/home/dev/shop", "week", "Anna", NANO, 2 * NANO),
        "docs": NamedBudget("project", "/home/dev/docs", cutoff_nano=4_000_000),
        "calm": NamedBudget("agent", "explore", cutoff_nano=NANO),
    }
    texts = [text for text in alerts(watched, budgets=budgets) if "budget" in text]
    assert len(texts) == 2
    assert texts[0].startswith("$1.32 of the budget “web” of Anna this week is past the warning $1.00")
    assert texts[1].startswith("$0.0040 of the budget “docs” today is past the cutoff $0.0040")
    assert not [text for text in alerts(watched, budgets=budgets) if "budget" in text]


def test_the_teams_budgets_alert_as_ones_own(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text('[budgets.web]\nscope = "agent"\nonly = "build"\nowner = "Anna"\nwarning_usd = 0.30\n')
    (text,) = [text for text in alerts(watched, team=Team(file)) if "budget" in text]
    assert text.startswith("$0.30 of the team's budget “web” of Anna today is past the warning $0.30")
