"""The settings' dialog writes the user's config.toml, and the dashboard uses what it says at once."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select, Static

from opencode_tui.cli.common import settings_for
from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.config import load_settings
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.settings import SettingsScreen
from tests.ui.builders import FakeFeed, clock, nano, snapshot
from tests.ui.quiet import quiet
from tests.ui.showing import NARROW, NORMAL, screen_text, showing, toast_texts, until

TEXT = "# mine\n[budget]\nwarning_usd = 0.80  # look\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "config.toml"
    found.write_text(TEXT)
    found.chmod(0o640)
    return found


def arguments_for(file: Path) -> argparse.Namespace:
    return argparse.Namespace(config=str(file), ledger=str(file.with_name("ledger.db")))


def is_untouched(file: Path, feed: FakeFeed) -> bool:
    """Nothing of a refusal is left; a poll may have read the file again once it was put back."""
    return file.read_text() == TEXT and all(used == settings_for(arguments_for(file)) for used in feed.used)


def dashboard(file: Path) -> tuple[OpencodeTui, FakeFeed]:
    feed = FakeFeed(snapshot())
    arguments = arguments_for(file)
    settings = load_settings({"ledger": arguments.ledger}, file=file)
    return OpencodeTui(feed, settings, clock, SettingsFile(arguments)), feed


async def opened(app: OpencodeTui, pilot: Pilot[None]) -> None:
    await pilot.press("comma")
    await until(pilot, lambda: isinstance(app.screen, SettingsScreen))


@pytest.mark.parametrize("size", [NARROW, NORMAL, (32, 20)])
async def test_what_is_typed_is_written_and_used(size: tuple[int, int], file: Path) -> None:
    app, feed = dashboard(file)
    async with showing(app, size) as pilot:
        await opened(app, pilot)
        assert all(len(line.rstrip()) <= size[0] for line in screen_text(app).splitlines())
        await pilot.press(*"1.20", "tab", *"2.50", "ctrl+s")  # a focused field is selected, so typing replaces it
        await until(pilot, lambda: bool(feed.used))
        assert not isinstance(app.screen, SettingsScreen)
    budget = feed.used[0].budget
    assert (budget.warning_nano, budget.cutoff_nano) == (nano("$1.20"), nano("$2.50"))
    assert file.read_text() == "# mine\n[budget]\nwarning_usd = 1.20  # look\ncutoff_usd = 2.50\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert load_settings(file=file).budget == budget


async def test_what_is_refused_is_said_and_the_file_stays(file: Path) -> None:
    number = "is not a number; write one such as 0.80"
    refused = {"abc": number, "9": "lower the warning or raise the cutoff", "-1": number, "1,50": number, "nan": number}
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await opened(app, pilot)
        wrong = app.screen.query_one("#wrong", Static)
        for typed, said in refused.items():
            wrong.update("")
            await pilot.press("ctrl+u", *typed, "enter")
            await until(pilot, lambda said=said: said in str(wrong.render()))  # type: ignore[misc]
            assert isinstance(app.screen, SettingsScreen), typed
            assert is_untouched(file, feed), typed


async def test_a_file_that_is_changed_outside_holds_from_the_next_poll_on(file: Path) -> None:
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        file.write_text("[budget]\nwarning_usd = 0.60\n[poll]\ninterval_s = 9\n")
        await pilot.press("r")
        await until(pilot, lambda: bool(feed.used))
        assert feed.used[0].budget.warning_nano == nano("$0.60")
        await until(pilot, lambda: any("what it says now holds" in text for text in toast_texts(app)))
        await opened(app, pilot)
        assert [app.screen.query_one(f"#{id}", Input).value for id in ("budget-warning_usd", "poll-interval_s")] == [
            "0.60",
            "9",
        ]
        await pilot.press("escape")
        file.write_text("[budget]\nwarning_usd = 9\n")
        await pilot.press("r")
        await until(pilot, lambda: any("the settings from before hold" in text for text in toast_texts(app)))
        assert not any("at the next start" in text for text in toast_texts(app))
        file.write_text('timezone = "Europe/Berlin"\n[ui]\ntheme = "none of these"\n')
        await pilot.press("r")
        await until(pilot, lambda: any("time zone and privacy" in text for text in toast_texts(app)))
        assert any("no theme is called 'none of these'" in text for text in toast_texts(app))
        await opened(app, pilot)
        assert app.screen.query_one("#ui-theme", Select).value == "none of these"
    assert [each.timezone for each in feed.used] == ["", "Europe/Berlin"]


async def test_a_file_that_is_read_only_is_not_written_over(file: Path) -> None:
    app, feed = dashboard(file)
    file.chmod(0o444)
    async with showing(app) as pilot:
        await opened(app, pilot)
        await pilot.press(*"1.20", "enter")
        await until(pilot, lambda: "is read-only" in str(app.screen.query_one("#wrong", Static).render()))
    assert is_untouched(file, feed)


async def test_a_refusal_is_seen_in_a_pane_of_three_rows(file: Path) -> None:
    app, _ = dashboard(file)
    async with showing(app, (36, 3)) as pilot:
        await opened(app, pilot)
        await pilot.press(*"abc", "enter")
        await until(pilot, lambda: "Warning" in screen_text(app) and "abc" in screen_text(app))


async def test_a_theme_is_shown_at_once_and_taken_back_by_escape(file: Path) -> None:
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        before = app.theme
        await opened(app, pilot)
        app.screen.query_one("#ui-theme", Select).value = "nord"
        await until(pilot, lambda: app.theme == "nord")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == before)
        await opened(app, pilot)
        app.screen.query_one("#ui-theme", Select).value = "nord"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(feed.used))
        assert app.theme == "nord"
    assert load_settings(file=file).ui.theme == "nord"


async def test_a_variable_of_the_environment_is_named_and_not_written_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__WARNING_USD", "0.70")
    app, _ = dashboard(file)
    async with showing(app) as pilot:
        await opened(app, pilot)
        assert app.screen.query_one("#budget-warning_usd", Input).disabled
        assert "set by OPENCODE_TUI_BUDGET__WARNING_USD" in screen_text(app)


async def test_without_a_file_one_is_made_with_what_was_changed_alone(file: Path) -> None:
    app, feed = dashboard(file)
    link = file.with_name("linked.toml")
    file.rename(link)
    file.symlink_to(link)
    async with showing(app) as pilot:
        await opened(app, pilot)
        await pilot.press("tab", *"2.50", "ctrl+s")
        await until(pilot, lambda: bool(feed.used))
    assert file.is_symlink() and link.read_text() == f"{TEXT}cutoff_usd = 2.50\n"


async def test_the_demo_has_settings_of_its_own() -> None:
    app = OpencodeTui(FakeFeed(snapshot()), load_settings(), clock)
    async with showing(app) as pilot:
        await pilot.press("comma")
        await until(pilot, lambda: any("start without --demo" in text for text in toast_texts(app)))


async def test_a_channel_that_cannot_deliver_is_not_turned_on(file: Path) -> None:
    reasons = {"command": "channels.command_line names no program", "webhook": "there is no address; set OPENCODE_TUI"}
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await opened(app, pilot)
        wrong = app.screen.query_one("#wrong", Static)
        for channel, said in reasons.items():
            level = app.screen.query_one(f"#channels-{channel}", Select)
            before, level.value = level.value, "warning"
            await pilot.press("ctrl+s")
            await until(pilot, lambda said=said: said in str(wrong.render()))  # type: ignore[misc]
            assert f"the channel {channel} cannot be turned on" in str(wrong.render())
            assert isinstance(app.screen, SettingsScreen)
            assert is_untouched(file, feed), channel
            level.value = before


async def test_a_channel_with_a_program_is_turned_on(file: Path) -> None:
    file.write_text(f'{TEXT}[channels]\ncommand_line = ["true"]\n')
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await opened(app, pilot)
        app.screen.query_one("#channels-command", Select).value = "warning"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(feed.used))
    assert 'command = "warning"' in file.read_text()


async def test_what_a_channel_lacked_before_does_not_hinder_other_changes(file: Path) -> None:
    file.write_text(f'{TEXT}[channels]\ncommand = "warning"\n')
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await opened(app, pilot)
        await pilot.press("tab", *"2.50", "ctrl+s")
        await until(pilot, lambda: bool(feed.used))
    assert "cutoff_usd = 2.50" in file.read_text()


async def choose_theme(pilot: Pilot[None], name: str) -> None:
    for typed in ("theme", name):
        if typed == "theme":
            await pilot.press("ctrl+p")
        await quiet(pilot.app)
        await pilot.press(*typed, "enter")
        await quiet(pilot.app)


async def test_a_theme_of_the_palette_is_saved_as_in_the_dialog_and_said_once(file: Path) -> None:
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await choose_theme(pilot, "nord")
        await until(pilot, lambda: bool(feed.used))
        assert app.theme == "nord"
        assert [text for text in toast_texts(app) if "config.toml" in text] == [f"Saved in {file}"]
        await choose_theme(pilot, "nord")
        assert len(feed.used) == 1, "it is saved already"
    assert file.read_text() == f'{TEXT}\n[ui]\ntheme = "nord"\n'


async def test_a_theme_that_cannot_be_saved_is_used_until_the_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o444)
    app, feed = dashboard(file)
    async with showing(app) as pilot:
        await choose_theme(pilot, "nord")
        await until(pilot, lambda: any("nord until you leave" in text for text in toast_texts(app)))
        monkeypatch.setenv("OPENCODE_TUI_UI__THEME", "calm")
        await choose_theme(pilot, "dracula")
        await until(pilot, lambda: any("OPENCODE_TUI_UI__THEME sets the theme" in text for text in toast_texts(app)))
        assert app.theme == "dracula"
    assert is_untouched(file, feed)
