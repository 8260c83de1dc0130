"""The headings of the help: the keys of all screens, from their bindings, and the meanings of glyphs and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from opencode_tui.report.glossary import GLYPHS, WORDS
from opencode_tui.ui.alerting import AlertingApp
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.screens.base import SnapshotScreen
from opencode_tui.ui.screens.breakdown import BreakdownScreen
from opencode_tui.ui.screens.history import HistoryScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.team import TEAM, TeamScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.why.alerts import AlertsTab
from opencode_tui.ui.why.insights import InsightsTab
from opencode_tui.ui.widgets.history_chart import HistoryChart
from opencode_tui.ui.widgets.seven_days import SevenDays
from opencode_tui.ui.widgets.subagent_tree import SubagentTree

HelpRow = tuple[str, str]
"""(keys, glyph or word; what it does or means)"""

BETWEEN_PANELS: tuple[HelpRow, ...] = (
    ("tab", "to the next panel or pane; shift+tab to the one before"),
    ("⏎", "open what the cursor is on; the bars and days of Today too"),
)
GUARD_ROWS: tuple[HelpRow, ...] = (
    ("^p lift", "let OpenCode's calls pass for half an hour; ^p end ends it"),
    ("^p raise", "hold a higher cutoff for today"),
)
THIS = " · this screen"


class HelpSection(Struct, frozen=True):
    heading: str
    rows: tuple[HelpRow, ...]


def key_rows(app: App[Any], bindings: Iterable[BindingType]) -> tuple[HelpRow, ...]:
    """(keys, what they do): the keys of one action in one row."""
    keys: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for binding in Binding.make_bindings(bindings):
        if not binding.system and (binding.id != "tab.team" or _has_team(app)):
            keys.setdefault(binding.action.removeprefix("app."), []).append(app.get_key_display(binding))
            texts.setdefault(binding.action.removeprefix("app."), binding.tooltip or binding.description)
    return tuple((" ".join(shown), texts[action]) for action, shown in keys.items())


def _has_team(app: App[Any]) -> bool:
    return app.check_action("show_tab", (TEAM,)) is not False


def help_sections(app: App[Any], screen: Screen[Any]) -> tuple[HelpSection, ...]:
    """The sections, that of the screen first."""
    from opencode_tui.ui.screens.session import SessionScreen

    of_day = [*TodayScreen.BINDINGS, *(key for key in SevenDays.BINDINGS if key not in MOVE_KEYS)]
    of_session = [*SessionScreen.BINDINGS, *(key for key in SubagentTree.BINDINGS if key not in MOVE_KEYS)]
    of_history = [*HistoryScreen.BINDINGS, *(key for key in HistoryChart.BINDINGS if key not in MOVE_KEYS)]
    of_guard = [key for key in AlertingApp.BINDINGS if isinstance(key, Binding) and (key.id or "").startswith("guard.")]
    sections = {
        "Move": (*key_rows(app, MOVE_KEYS), *BETWEEN_PANELS),
        "Day": key_rows(app, of_day),
        "Sessions": key_rows(app, SessionsScreen.BINDINGS),
        "Breakdown": key_rows(app, BreakdownScreen.BINDINGS),
        "Session": key_rows(app, of_session),
        "History": key_rows(app, of_history),
        "Alerts": key_rows(app, (key for key in AlertingApp.BINDINGS if key not in of_guard)),
        "Why": key_rows(app, [*WhyScreen.BINDINGS, *AlertsTab.BINDINGS, *InsightsTab.BINDINGS]),
        **({TEAM: key_rows(app, TeamScreen.BINDINGS)} if _has_team(app) else {}),
        "Guard": (*key_rows(app, of_guard), *GUARD_ROWS),
        "Everywhere": key_rows(app, [*app.BINDINGS, *SnapshotScreen.BINDINGS]),
        "Glyphs": GLYPHS,
        "Words": WORDS,
    }
    homes = {
        TodayScreen: "Day",
        SessionsScreen: "Sessions",
        BreakdownScreen: "Breakdown",
        SessionScreen: "Session",
        HistoryScreen: "History",
        WhyScreen: "Why",
        TeamScreen: TEAM,
    }
    first = next((heading for kind, heading in homes.items() if isinstance(screen, kind)), "")
    shown = [HelpSection(first + THIS, sections.pop(first))] if first else []
    return (*shown, *(HelpSection(heading, rows) for heading, rows in sections.items()))
