"""Text can be read in every theme that the palette offers: each state of the screens is composed in each theme."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.color import Color as RichColor
from textual.color import Color
from textual.command import CommandList
from textual.geometry import Region
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Guard
from opencode_tui.records.requests import HistoryRequest, Request, SessionsRequest
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.legibility import LEAST_CONTRAST, contrast, legible
from opencode_tui.ui.palette import Palette
from opencode_tui.ui.screens.confirm import ConfirmScreen
from opencode_tui.ui.screens.cutoff import CutoffScreen
from opencode_tui.ui.screens.help import HelpScreen
from opencode_tui.ui.screens.history import HistoryScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.settings import SettingsScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.theme import CALM
from opencode_tui.ui.toasts import Severity
from tests.support.textual_internals import screen_segments
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import answer
from tests.ui.builders import FakeFeed, clock, session_list, snapshot
from tests.ui.history_builders import history
from tests.ui.quiet import quiet
from tests.ui.showing import THEME, showing

ANSI = ("ansi-dark", "ansi-light")
"""Their colours are the terminal's; what they look like here is Rich's guess."""
ALERTS = (alert(1, level="cutoff"), alert(2, level="warning"), alert(3, level="notice"))
PARTS = 3
"""The themes are shared among so many tests, which may run beside each other."""
STATES = {
    "banner": ("1",),
    "today": ("tab",),
    "palette": ("ctrl+p",),
    "install": ("escape", "i"),
    "cutoff": ("escape", "f9"),
    "help": ("escape", "question_mark"),
    "sessions": ("escape", "2", "down"),
    "filter": ("slash", "k"),
    "history": ("escape", "4", "h"),
    "why": ("escape", "5", "down"),
}
"""The keys that lead to each state from the one before it."""


SCREENS: dict[str, type[Screen[Any]]] = {
    "banner": TodayScreen,
    "today": TodayScreen,
    "palette": Palette,
    "install": ConfirmScreen,
    "cutoff": CutoffScreen,
    "help": HelpScreen,
    "sessions": SessionsScreen,
    "filter": SessionsScreen,
    "history": HistoryScreen,
    "why": WhyScreen,
}


def answer_all(request: Request) -> Answer:
    if isinstance(request, HistoryRequest):
        return history()
    return session_list() if isinstance(request, SessionsRequest) else answer(request)


def dashboard(config: Path) -> OpencodeTui:
    """The app over alerts and sessions, without a guard, and with a file of settings. f9 opens the cutoff's dialog."""
    feed = FakeFeed(snapshot("$0.93", alerts=ALERTS, guard=Guard("absent", 1)))
    feed.on_look = answer_all
    app = OpencodeTui(feed, THEME, clock, SettingsFile(Namespace(config=str(config), ledger=str(config))))
    app.bind("f9", "ask_for_cutoff")
    return app


def too_faint(app: OpencodeTui) -> Iterator[str]:
    """The texts on the screen whose contrast is too low; of the palette, those in it."""
    lists = app.screen.query(CommandList)
    region: Region | None = lists.first().region if lists else None
    for segment in screen_segments(app, region):
        text = "".join(letter for letter in segment.text if letter.isalnum() or letter in "$%≥<>")
        style = segment.style
        if not text or style is None or style.color is None or style.bgcolor is None:
            continue
        front, back = _opaque(style.color), _opaque(style.bgcolor)
        if style.dim:
            front = back.blend(front, 0.5)
        found = contrast(front, back)
        if found < LEAST_CONTRAST:
            yield f"{found:.1f}: {segment.text.strip()!r} is {front.hex} on {back.hex} in {app.theme}"


def _opaque(color: RichColor) -> Color:
    return Color(*color.get_truecolor())


@pytest.mark.parametrize("part", range(PARTS))
async def test_all_text_can_be_read_in_every_theme(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.ui.quiet.draw_deferred", lambda app: False)  # `too_faint` composes each state itself
    app = dashboard(tmp_path / "config.toml")
    async with showing(app, (80, 34)) as pilot:
        faint: list[str] = []
        themes = sorted(app.available_themes.keys() - set(ANSI))
        assert len(themes) >= 20
        for theme in themes[part::PARTS]:
            app.theme = theme
            for state, keys in STATES.items():
                await pilot.press(*keys)
                await quiet(app)
                assert isinstance(app.screen, SCREENS[state]), state
                faint += too_faint(app)
            for severity in get_args(Severity):
                app.notify("a toast", severity=severity, markup=False)
            await quiet(app)
            faint += too_faint(app)
            app.clear_notifications()
        await pilot.press("1", "comma")
        for theme in themes[part::PARTS]:
            app.theme = theme  # it takes twice as long to open this screen as to change its theme
            await quiet(app)
            assert isinstance(app.screen, SettingsScreen)
            faint += too_faint(app)
        assert faint == []


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), CALM], ids=lambda theme: theme.name)
def test_levels_differ_from_each_other_and_from_text(theme: object) -> None:
    from textual.theme import Theme

    assert isinstance(theme, Theme)
    if theme.name in ANSI:
        return
    variables = legible(theme.to_color_system().generate() | theme.variables)
    colors = [variables[name] for name in ("foreground", "warning", "error", "success")]
    assert len(set(colors)) == 4


def test_a_theme_of_the_terminals_own_colours_stays_as_it_is() -> None:
    theme = BUILTIN_THEMES["ansi-dark"]
    variables = theme.to_color_system().generate() | theme.variables
    assert legible(variables) == variables
