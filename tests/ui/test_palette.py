"""The palette finds what was typed before what comes first."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.command import CommandInput, CommandList
from textual.fuzzy import Matcher
from textual.widgets import Input

from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Guard
from opencode_tui.records.outcomes import AlertsAcknowledged, AlertsUnacknowledged, Outcome
from opencode_tui.records.requests import AcknowledgeAlerts, LiftGuard, Request, SessionsRequest, UnacknowledgeAlerts
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.palette import Palette, match_score
from opencode_tui.ui.screens.sessions import SessionsScreen
from tests.support.records import replace
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import answer
from tests.ui.builders import session_list, snapshot
from tests.ui.quiet import quiet
from tests.ui.showing import NORMAL, app_over, screen_text, showing, toast_texts, until

GUARDED = snapshot("$0.93", alerts=(alert(2),), guard=Guard("guarded", 1_500_000_000))


def look(request: Request) -> Answer:
    return session_list() if isinstance(request, SessionsRequest) else answer(request)


def offered(app: OpencodeTui) -> list[str]:
    """The names of the commands that are listed."""
    options = app.screen.query_one(CommandList)
    return [str(options.get_option_at_index(i).prompt).splitlines()[0] for i in range(options.option_count)]


def begins_with(app: OpencodeTui, command: str) -> bool:
    return offered(app)[:1] == [command]


FIRST = {
    "lift": "Lift the guard for 30 minutes",
    "raise": "Raise today's cutoff",
    "theme": "Theme",
    "week": "Week: sessions",
    "month": "Month: sessions",
    "all s": "All seen",
    "today": "Today",
    "why": "Why",
    "cost": "Sort by cost",
    "ack": "Acknowledge",
    "snooze": "Snooze",
    "seen": "Seen",
    "cause": "Cause",
    "screen": "Screenshot",
    "guard lift": "Lift the guard for 30 minutes",
    "quit": "Quit",
}
"""What has to be found first, by what is typed."""


async def test_what_was_typed_is_first_on_every_screen() -> None:
    app, feed = app_over(GUARDED)
    feed.on_look = look
    async with showing(app) as pilot:
        for at in "125":
            await pilot.press(at, "ctrl+p")
            await until(pilot, lambda: isinstance(app.screen, Palette))
            for typed, first in FIRST.items():
                app.screen.query_one(CommandInput).value = typed
                await until(pilot, partial(begins_with, app, first))
            await pilot.press("escape")


async def test_install_finds_the_guard_where_there_is_none() -> None:
    app, feed = app_over(replace(GUARDED, guard=Guard("absent", 0)))
    feed.on_look = look
    async with showing(app) as pilot:
        for at in "125":
            await pilot.press(at, "ctrl+p", *"install")
            await quiet(app)
            assert offered(app)[0] == "Install the guard", at
            await pilot.press("escape")


def test_a_name_comes_before_the_help_and_its_beginning_before_scattered_letters() -> None:
    commands = {
        "Install": "",
        "Install the guard": "Refuse calls past the cutoff",
        "End the installation": "",
        "Reinstall": "",
        "Guard": "Install it where OpenCode looks",
        "In stable almost": "",
    }
    scores = [match_score("install", title, help, Matcher("install")) for title, help in commands.items()]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == len(scores) and scores[-1] > 0
    assert match_score("install", "Quit", "Leave", Matcher("install")) == 0


async def test_enter_right_after_a_word_runs_what_was_typed() -> None:
    app, feed = app_over(GUARDED)
    async with showing(app) as pilot:
        for key in ("ctrl+p", *"lift", "enter"):
            app.simulate_key(key)
        await until(pilot, lambda: bool(feed.actions))
        assert isinstance(feed.actions[0], LiftGuard) and feed.actions[0].until_ms


async def test_letters_before_the_palette_is_there_are_in_its_input() -> None:
    app, _ = app_over(GUARDED)
    async with showing(app):
        app.action_command_palette()
        for letter in "raise":
            app.simulate_key(letter)
        await quiet(app)
        assert app.screen.query_one(CommandInput).value == "raise" and offered(app)[0] == "Raise today's cutoff"


async def test_every_command_with_a_key_names_it() -> None:
    app, feed = app_over(GUARDED)
    feed.on_look = lambda request: session_list()
    async with showing(app) as pilot:
        for at, keys in (("1", "125aAzxe?rq[crm*"), ("2", "125aAzxe?rqcdnosSpbtywmY*/")):
            await pilot.press(at)
            await quiet(app)
            help = {command.title: command.help for command in app.get_system_commands(app.screen)}
            named = {text.rpartition(" ")[2] for text in help.values()}
            assert set(keys) <= named, set(keys) - named
            assert {"Screenshot", "Theme", "Lift the guard for 30 minutes", "Raise today's cutoff"} <= help.keys()


async def test_a_period_leads_to_the_sessions_from_every_screen() -> None:
    app, feed = app_over(GUARDED)
    feed.on_look = lambda request: session_list()
    async with showing(app) as pilot:
        for at, period in (("1", "month"), ("5", "year"), ("2", "yesterday")):
            await pilot.press(at, "ctrl+p")
            await until(pilot, lambda: isinstance(app.screen, Palette))
            await pilot.press(*period, "enter")
            await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
            await until(pilot, lambda: SessionsRequest(period) in feed.looks)  # noqa: B023


async def test_an_acknowledgement_is_made_and_undone_from_the_palette() -> None:
    app, feed = app_over(GUARDED)

    def act(action: object) -> Outcome:
        if isinstance(action, AcknowledgeAlerts):
            return AlertsAcknowledged(action.ids, (alert(2, acknowledged_ms=1),))
        return AlertsUnacknowledged((2,), (alert(2),))

    feed.on_act = act
    async with showing(app) as pilot:
        for word in ("acknowledge", "undo"):
            await pilot.press("ctrl+p", *word, "enter")
            await quiet(app)
        await until(pilot, lambda: feed.actions == [AcknowledgeAlerts((2,)), UnacknowledgeAlerts((2,))])


async def test_what_no_command_is_called_is_said_and_enter_leaves_it() -> None:
    app, _ = app_over(GUARDED)
    async with showing(app) as pilot:
        await pilot.press("ctrl+p", *"qqq")
        await quiet(app)
        assert offered(app) == ["No command matches"]
        await pilot.press("enter", "pagedown", "pageup", "down", "up")
        await quiet(app)
        assert isinstance(app.screen, Palette) and app.screen.query_one(Input).value == "qqq"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Palette))


async def test_a_theme_is_found_by_its_name() -> None:
    app, _ = app_over(GUARDED)
    async with showing(app) as pilot:
        await pilot.press("ctrl+p", *"theme", "enter")
        await quiet(app)
        await pilot.press(*"nord", "enter")
        await until(pilot, lambda: app.theme == "nord")


@pytest.mark.parametrize("has_downloads", [True, False])
async def test_a_screenshot_is_saved_where_there_is_a_folder(
    has_downloads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DOWNLOAD_DIR", raising=False)
    folder = tmp_path / "Downloads" if has_downloads else tmp_path
    folder.mkdir(exist_ok=True)
    app, _ = app_over(snapshot())
    async with showing(app, NORMAL) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"screenshot")
        await until(pilot, lambda: "Save the screen as an SVG file" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(list(folder.glob("*.svg"))))
        await until(pilot, lambda: any("Saved screenshot" in text for text in toast_texts(app)))
