"""What the screen shows of alerts: the banner, toasts and the bell, the guard, and the Why screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from opencode_tui.alert_records import Alert, Cause, Kind, Told
from opencode_tui.clock import HOUR_MS
from opencode_tui.report.alert_words import measured, watching
from opencode_tui.settings import Alerts, Channels, Fills, Lines, SpendRule
from opencode_tui.snapshot import Snapshot
from opencode_tui.ui.announcer import Announcer
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.cutoff import CutoffScreen, amount_above
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.widgets.banner import Banner, laid_out
from opencode_tui.ui.widgets.row_table import RowTable
from opencode_tui.ui.widgets.session_table import SessionTable
from opencode_tui.ui.widgets.turn_table import TurnsPanel
from opencode_tui.views import (
    AcknowledgeAlerts,
    Action,
    AlertsQuery,
    LiftGuard,
    Query,
    RaiseCutoff,
    SeeAlerts,
    SessionQuery,
    SnoozeAlerts,
    View,
)
from tests.ui.alert_builders import DAY_CROSSING, FIRED, RATE, alert, fired
from tests.ui.builders import DAY, FakeFeed, at, nano, session_list, snapshot
from tests.ui.session_builders import SESSION, turn_view, view
from tests.ui.showing import THEME, app_over, screen_text, settled, showing, until
from tests.ui.test_snapshots import NARROW, NORMAL, WIDE, SnapCompare

NOTHING_STANDS_OUT = Cause("nothing stands out", found=False)
BAND_LINE = "▲ $0.93 is past the warning $0.80"


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    yield


def answer(query: Query) -> View:
    """What a feed with alerts, a session and its turns says."""
    if isinstance(query, AlertsQuery):
        return fired(*FIRED)
    if isinstance(query, SessionQuery) and query.session_id == SESSION:
        return view()
    if hasattr(query, "turn_id"):
        return turn_view(query.turn_id)
    raise LookupError("There is no such session.")


def over(*alerts: Alert, spent: str = "$0.93", channels: Channels | None = None) -> tuple[OpencodeTui, FakeFeed]:
    settings = replace(THEME, channels=channels) if channels else THEME
    app, feed = app_over(snapshot(spent, alerts=alerts), settings=settings)
    feed.on_look = answer
    return app, feed


async def poll(pilot: Pilot[Any], feed: FakeFeed, picture: Snapshot) -> None:
    """Let the feed give another picture, and the app take it."""
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    feed.answers.append(picture)
    app.poller.refresh()
    await until(pilot, lambda: app.snapshot is picture)


def toasts(app: OpencodeTui) -> list[str]:
    return [each.message for each in app._notifications]


# The banner


async def test_the_newest_alert_stands_on_the_banner_with_its_time_and_its_cause() -> None:
    app, _ = over(alert(2), alert(1))
    async with showing(app, (160, 50)):
        text = screen_text(app)
    assert "▲ 14:22  $0.83 is past the warning $0.80: 4× edits of Button.tsx" in text
    assert "+1 more  ⏎ open  a seen" in text
    assert BAND_LINE not in text, "the same is not said twice"


async def test_a_says_it_is_seen_and_the_line_of_the_day_remains() -> None:
    app, feed = over(alert(2), alert(1))

    def see(action: Action) -> str:
        feed.answers.append(snapshot("$0.93", taken_ms=at("14:24")))
        return "Seen."

    feed.on_act = see
    async with showing(app, WIDE) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: app.snapshot is not None and not app.snapshot.alerts)
        assert feed.actions == [SeeAlerts((2,))]
        text = screen_text(app)
        assert "14:22" not in text and BAND_LINE in text
        assert not toasts(app), "the banner that goes says enough"


async def test_capital_a_sees_all_and_z_snoozes_the_shown_one_for_an_hour() -> None:
    app, feed = over(alert(2), alert(1))
    async with showing(app) as pilot:
        await pilot.press("z")
        await until(pilot, lambda: len(feed.actions) == 1)
        await pilot.press("A")
        await until(pilot, lambda: len(feed.actions) == 2)
    assert feed.actions == [SnoozeAlerts((2,), 60), SeeAlerts((2, 1))]


async def test_without_an_alert_its_keys_do_nothing() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await pilot.press("a", "A", "z", "e")
        await until(pilot, lambda: True)
        assert app.screen is app.get_screen("Today")
        assert all(binding.id != "alert.seen" for _, binding, _, _ in app.screen.active_bindings.values())
    assert feed.actions == []


async def test_an_alert_of_something_else_leaves_the_line_of_the_day() -> None:
    app, _ = over(alert(2, "$4.10 in the last hour is past the cutoff $4.00", "cutoff", crossing=RATE))
    async with showing(app, WIDE):
        assert BAND_LINE in screen_text(app)
    yesterday = replace(DAY_CROSSING, period="2026-05-12")
    app, _ = over(alert(2, "$2.00 is past the warning", crossing=yesterday))
    async with showing(app, WIDE):
        assert BAND_LINE in screen_text(app)


@pytest.mark.parametrize("key", ["e", "enter"])
async def test_its_cause_is_the_session_with_the_cursor_on_the_turn_and_so_it_is_seen(key: str) -> None:
    app, feed = over(alert(2))
    async with showing(app, WIDE) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, SessionScreen) and app.screen.session is not None)
        table = app.screen.query_one(TurnsPanel).table
        await until(pilot, lambda: table.cursor_key == "msg_turn_4")
        assert "▲ 14:22" in screen_text(app), "until the ledger has it as seen, it stands on every screen"
        assert feed.actions == [SeeAlerts((2,))]


async def test_what_else_stands_about_the_opened_session_is_seen_with_it() -> None:
    other = alert(3, cause=Cause("of another", "ses_other", None))
    app, feed = over(alert(2), other, alert(1))
    async with showing(app, WIDE) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: feed.actions == [SeeAlerts((2, 1))])


async def test_a_new_alert_takes_the_focus_and_gives_it_back_when_it_is_seen() -> None:
    app, feed = over()
    async with showing(app, WIDE) as pilot:
        before = app.focused
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2),)))
        banner = app.screen.query_one(Banner)
        await until(pilot, lambda: banner.has_focus)
        assert "⏎ open  a seen" in screen_text(app)
        await poll(pilot, feed, snapshot("$0.94"))
        await until(pilot, lambda: app.focused is before)


async def test_who_is_typing_keeps_the_focus_and_the_banner_names_the_key_that_opens() -> None:
    app, feed = over()
    async with showing(app, WIDE) as pilot:
        before = app.focused
        await pilot.press("down")
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2),)))
        await until(pilot, lambda: "e open  a seen" in screen_text(app))
        assert app.focused is before


async def test_the_arrows_lead_from_the_banner_back_to_the_rows() -> None:
    app, _ = over(alert(2))
    async with showing(app, WIDE) as pilot:
        banner = app.screen.query_one(Banner)
        await until(pilot, lambda: banner.has_focus)
        await pilot.press("down")
        await until(pilot, lambda: isinstance(app.focused, SessionTable))


async def test_k_acknowledges_the_alert() -> None:
    app, feed = over(alert(2), alert(1))
    async with showing(app, WIDE) as pilot:
        await pilot.press("k")
        await until(pilot, lambda: feed.actions == [AcknowledgeAlerts((2,))])


async def test_in_its_own_session_the_cursor_goes_to_the_turn() -> None:
    app, _ = over(alert(2))
    async with showing(app, WIDE) as pilot:
        app.action_open_session(SESSION)
        await until(pilot, lambda: isinstance(app.screen, SessionScreen) and app.screen.session is not None)
        depth, table = len(app.screen_stack), app.screen.query_one(TurnsPanel).table
        assert table.cursor_key == "msg_turn_7"
        await pilot.press("e")
        await until(pilot, lambda: table.cursor_key == "msg_turn_4")
        assert len(app.screen_stack) == depth


async def test_where_no_session_stands_out_the_alert_is_opened_itself() -> None:
    app, _ = over(alert(1, "$4.10 in the last hour", "cutoff", NOTHING_STANDS_OUT, crossing=RATE))
    async with showing(app, WIDE) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        table = app.screen.query_one(RowTable)
        await until(pilot, lambda: table.cursor_key == "1")


async def test_a_click_on_the_banner_opens_the_cause() -> None:
    app, _ = over(alert(2))
    async with showing(app, WIDE) as pilot:
        await pilot.click(Banner, offset=(20, 0))
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))


async def test_markup_in_an_alert_is_text() -> None:
    app, feed = over(alert(1, 'edits in "[/x] [b]Fix[/b]"'))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settled(pilot)
        assert 'edits in "[/x] [b]Fix[/b]"' in screen_text(app)
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2, "and [/y] [red]more"),)))
        assert toasts(app) == ["and [/y] [red]more"]
        await until(pilot, lambda: screen_text(app).count("and [/y] [red]more") == 2)


def test_a_narrow_pane_wraps_the_sentence_to_four_lines_and_names_keys_below_them() -> None:
    hints = ("+2 more  e open  a seen", "a seen")
    assert laid_out("short", hints, 34) == (["short"], "+2 more  e open  a seen")
    assert laid_out("a sentence of twenty five", hints, 34) == (["a sentence of twenty five"], "a seen")
    lines, hint = laid_out("word " * 40, hints, 34)
    assert len(lines) == 5 and lines[3].endswith("…") and (lines[4], hint) == ("", hints[0])
    assert all(len(line) <= 34 for line in lines)
    full = " ".join(["eleven char"] * 3)
    assert laid_out(full, hints, len(full)) == ([full, ""], "+2 more  e open  a seen")


async def test_a_failed_action_is_said_and_the_screen_goes_on() -> None:
    app, feed = over(alert(1))

    def refuse(action: Action) -> str:
        raise ValueError("the ledger is [locked] by another")

    feed.on_act = refuse
    async with showing(app) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: bool(toasts(app)))
        assert toasts(app) == ["the ledger is [locked] by another."]
        await poll(pilot, feed, snapshot("$1.11"))
        assert "$1.11" in screen_text(app) and app.failure is None


async def test_after_an_action_a_poll_follows_at_once() -> None:
    app, feed = over(alert(1))
    async with showing(app) as pilot:
        polls = feed.polls
        await pilot.press("z")
        await until(pilot, lambda: feed.polls > polls)
        assert feed.actions and toasts(app) == ["Done."]


async def test_the_palette_offers_what_the_keys_do() -> None:
    app, feed = over(alert(4))
    async with showing(app, WIDE) as pilot:
        below = app.screen
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen is not below)
        offered = {command.title: command.callback for command in app.get_system_commands(below)}
        assert {"Seen", "All seen", "Snooze", "Acknowledge", "Cause"} <= offered.keys()
        await pilot.press("escape")
        await offered["Snooze"]()
        await until(pilot, lambda: feed.actions == [SnoozeAlerts((4,), 60)])


async def test_when_the_focused_banner_loses_its_alert_the_focus_goes_on() -> None:
    app, feed = over(alert(1))
    async with showing(app, WIDE) as pilot:
        banner = app.screen.query_one(Banner)
        banner.focus()
        await until(pilot, lambda: banner.has_focus)
        await poll(pilot, feed, snapshot("$0.2"))
        assert not banner.has_focus and app.focused is not None


async def test_in_the_filter_the_letters_are_typed() -> None:
    app, feed = over(alert(1))
    feed.on_look = lambda query: session_list()
    async with showing(app, WIDE) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: app.view is not None)
        await pilot.press("slash", *"aze")
        await until(pilot, lambda: app.screen.query_one(Input).value == "aze")
    assert feed.actions == []


async def test_an_alert_does_not_take_the_focus_from_who_pauses_in_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    app, feed = over()
    feed.on_look = lambda query: session_list()
    monkeypatch.setattr(OpencodeTui, "is_quiet", True)
    async with showing(app, WIDE) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: app.view is not None)
        await pilot.press("slash", "h")
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2),)))
        await pilot.press(*"az")
        await until(pilot, lambda: app.screen.query_one(Input).value == "haz")
    assert feed.actions == []


# Toasts and the bell


async def test_a_new_alert_is_toasted_once_however_often_it_is_in_a_snapshot() -> None:
    app, feed = over(alert(1))
    async with showing(app) as pilot:
        assert toasts(app) == [], "what stood before is on the banner"
        new = alert(2, "new")
        await poll(pilot, feed, snapshot(alerts=(new, alert(1))))
        await poll(pilot, feed, snapshot("$0.94", alerts=(new, alert(1))))
        await poll(pilot, feed, snapshot("$0.95"))
        await poll(pilot, feed, snapshot("$0.96", alerts=(new,)))
        assert toasts(app) == ["new"]


async def test_fifty_alerts_at_once_make_four_toasts() -> None:
    app, feed = over(channels=Channels(toast="notice", bell="notice"))
    rings: list[None] = []
    async with showing(app) as pilot:
        app.bell = lambda: rings.append(None)  # type: ignore[method-assign]
        many = tuple(alert(i, f"alert {i}", "cutoff" if i == 7 else "notice") for i in range(50, 0, -1))
        await poll(pilot, feed, snapshot(alerts=many))
        assert toasts(app) == ["alert 7", "alert 50", "alert 49", "+47 more alerts; 5 shows all"]
        assert len(rings) == 1


LATE = replace(alert(9, "late", "cutoff"), fired_ms=DAY_CROSSING.at_ms + HOUR_MS + 1)


@pytest.mark.parametrize(
    ("channels", "new", "toasted", "rung"),
    [
        (Channels(), alert(9, "x", "notice"), True, False),
        (Channels(), alert(9, "x", "warning"), True, True),
        (Channels(toast="cutoff", bell="cutoff"), alert(9, "x", "warning"), False, False),
        (Channels(toast="off", bell="notice"), alert(9, "x", "notice"), False, True),
        (Channels(toast="off", bell="off"), alert(9, "x", "cutoff"), False, False),
        (Channels(), LATE, True, False),
    ],
)
def test_each_channel_begins_at_its_level(channels: Channels, new: Alert, toasted: bool, rung: bool) -> None:
    announcer = Announcer(channels)
    announcer.announce((alert(3),))
    news = announcer.announce((new, alert(3)))
    assert (bool(news.toasts), news.bell) == (toasted, rung)


def test_the_same_sentence_is_toasted_once() -> None:
    announcer = Announcer(Channels())
    announcer.announce(())
    assert len(announcer.announce((alert(2, "same"), alert(1, "same"))).toasts) == 1


async def test_a_channel_that_fails_is_seen_on_the_banner_and_toasted_once() -> None:
    app, feed = over(channels=Channels(toast="off", bell="off"))
    async with showing(app, WIDE) as pilot:
        failed = Told("webhook", at("14:23"), False, "answered [502], 3 times")
        await poll(pilot, feed, snapshot(alerts=(alert(2, told=(failed, Told("desktop", at("14:23"), True))),)))
        await until(pilot, lambda: toasts(app) == ["webhook failed: answered [502], 3 times"])
        assert "about $0.20 a round · webhook failed" in screen_text(app)
        await poll(pilot, feed, snapshot(alerts=(alert(3, told=(failed,)), alert(2, told=(failed,)))))
        assert len(toasts(app)) == 1


# The guard


async def test_today_says_how_the_guard_is_and_what_troubles_it() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        assert "guard" not in screen_text(app)
        await poll(pilot, feed, snapshot(guard="guard lifted until 15:02"))
        assert "Today · guard lifted until 15:02" in screen_text(app)
        await poll(pilot, feed, snapshot(guard="not guarded", guard_trouble="the state file cannot be read"))
        text = screen_text(app)
        assert "Today · not guarded" in text and "▲ the state file cannot be read" in text


async def test_a_past_day_does_not_say_how_the_guard_is() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(day=DAY.replace(day=12), guard="guarded"))
        assert "guarded" not in screen_text(app)


def commands(app: OpencodeTui) -> dict[str, Any]:
    return {command.title: command.callback for command in app.get_system_commands(app.screen)}


async def test_the_palette_lifts_the_guard_and_ends_the_lift() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        for guard in ("", "not guarded"):
            await poll(pilot, feed, snapshot(guard=guard))
            assert not [title for title in commands(app) if "guard" in title or "cutoff" in title]
        await poll(pilot, feed, snapshot(guard="guarded"))
        commands(app)["Lift the guard for 30 minutes"]()
        await until(pilot, lambda: len(feed.actions) == 1)
        await poll(pilot, feed, snapshot(guard="guard lifted until 15:02"))
        assert "Lift the guard for 30 minutes" not in commands(app)
        commands(app)["End the lift"]()
        await until(pilot, lambda: len(feed.actions) == 2)
    assert feed.actions == [LiftGuard(30), LiftGuard(0)]


async def test_the_cutoff_is_raised_to_the_amount_that_is_typed() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(guard="guarded"))
        commands(app)["Raise today's cutoff"]()
        await until(pilot, lambda: isinstance(app.screen, CutoffScreen))
        await pilot.press(*"abc", "enter")
        await until(pilot, lambda: "is not an amount" in screen_text(app))
        app.screen.query_one(Input).value = "$2.50"
        await pilot.press("enter")
        await until(pilot, lambda: len(feed.actions) == 1)
        assert not isinstance(app.screen, CutoffScreen)
    assert feed.actions == [RaiseCutoff(nano("$2.50"))]


async def test_a_raised_cutoff_is_said_and_can_be_ended() -> None:
    app, feed = over(spent="$1.62")
    raised = snapshot("$1.62", guard="guarded, cutoff $20.00", guard_cutoff_nano=nano("$20"))
    async with showing(app) as pilot:
        await poll(pilot, feed, raised)
        assert "Today · guarded, cutoff $20.00" in screen_text(app)
        app.ask_for_cutoff()
        await until(pilot, lambda: "It is $20.00." in screen_text(app))
        await pilot.press(*"1.60", "enter")
        await until(pilot, lambda: "That is not above $1.62" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CutoffScreen))
        commands(app)["End the raise"]()
        await until(pilot, lambda: feed.actions == [RaiseCutoff(0)])


async def test_escape_leaves_the_cutoff_as_it_is() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        app.ask_for_cutoff()
        await until(pilot, lambda: isinstance(app.screen, CutoffScreen))
        await pilot.press("2", "escape")
        await until(pilot, lambda: not isinstance(app.screen, CutoffScreen))
    assert feed.actions == []


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1.50", "-3", "1,2,x"])
def test_what_is_no_higher_amount_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^.]*( |\d\.\d)[^\n]*\.$"):
        amount_above(text, nano("$1.50"))


# Why


async def why(pilot: Pilot[Any]) -> WhyScreen:
    """The Why screen, once it has its alerts."""
    await pilot.press("5")
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await until(pilot, lambda: isinstance(app.screen, WhyScreen) and app.view is not None)
    assert isinstance(app.screen, WhyScreen)
    return app.screen


async def test_why_lists_what_fired_and_tells_all_of_the_one_at_the_cursor() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        text = screen_text(app)
        assert "14:22" in text and "▲" in text and "snoozed to 15:05" in text and "seen 11:52" in text
        assert "Fix header spacing" in text, "the title of a session of the day is known"
        assert "the day's spend, 2026-05-13" in text
        assert "warning at $0.80, it stood at $0.83" in text
        assert "14:21 · told 14:22" in text
        assert "desktop told at 14:22" in text and "webhook failed at 14:22: HTTP 500 [from] hook" in text
        await pilot.press("down", "down")
        await until(pilot, lambda: "the same file edited in many turns" in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: "more than an hour after" in screen_text(app))
        assert "cutoff at $4.00, it stood at $4.10" in screen_text(app)


async def test_enter_in_why_opens_the_session_and_its_keys_are_about_the_row() -> None:
    app, feed = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        await pilot.press("down", "down", "a")
        await until(pilot, lambda: len(feed.actions) == 1)
        assert feed.actions == [SeeAlerts((2,))]
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: app.screen is not screen)
        assert isinstance(app.screen, SessionScreen) and app.screen.session_id == SESSION


async def test_enter_on_an_alert_without_a_session_says_so() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        await pilot.press("end", "enter")
        await until(pilot, lambda: toasts(app) == ["No session stands out as the cause of this alert."])


async def test_a_new_alert_does_not_move_the_cursor() -> None:
    app, feed = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        await pilot.press("down")
        table = screen.query_one(RowTable)
        feed.on_look = lambda query: fired(alert(5, "the newest"), *FIRED)
        await poll(pilot, feed, snapshot("$0.97"))
        await until(pilot, lambda: table.row_count == 5)
        assert table.cursor_key == "3" and "the newest" in screen_text(app)


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_before_any_alert_why_says_what_is_watched(size: tuple[int, int]) -> None:
    app, feed = over()
    feed.on_look = lambda query: fired()
    async with showing(app, size) as pilot:
        await why(pilot)
        text = screen_text(app)
    assert "No alert has fired yet" in text
    assert "the day's spend: warning at" in text
    assert all(len(line) <= size[0] for line in text.splitlines())


async def test_help_and_the_footer_of_why_name_its_keys() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        assert "a A z" in screen_text(app) or "Seen" in screen_text(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: "You have seen this alert" in screen_text(app))


async def test_a_narrow_pane_sets_in_what_goes_on_in_the_next_line() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, NARROW) as pilot:
        await why(pilot)
        assert "\n          2026-05-13 " in screen_text(app)


@pytest.mark.parametrize(
    ("rule", "kind", "said"),
    [
        ("rate", "rate", "$0.00"),
        ("every_usd", "every", "$0.00"),
        ("every_calls", "every", "90 calls"),
        ("every_minutes", "every", "90 minutes"),
        ("context", "context", "90%"),
        ("subagent_depth", "depth", "90 levels"),
        ("same_call", "loop", "90 times"),
        ("same_file", "edits", "90 turns"),
    ],
)
def test_a_value_is_said_in_the_unit_of_its_rule(rule: str, kind: Kind, said: str) -> None:
    one = alert(crossing=replace(DAY_CROSSING, rule=rule, kind=kind))
    assert measured(one, 90) == said.replace("$0.00", "<$0.0001")


def test_every_rule_that_is_on_is_watched_and_none_that_is_off() -> None:
    cheap = Lines(warning_nano=nano("$3"))
    rules = {"opus": SpendRule(cheap, "model", "month", "opus")}
    on = Alerts(month=cheap, spend=rules, every_calls=50, every_nano=nano("$1"), every_minutes=1, subagent_depth=2)
    text = "\n".join(watching(replace(THEME, alerts=on)))
    assert "the month's spend: warning at $3.00" in text
    assert "your rule “opus”: each model with “opus” in a month: warning at $3.00" in text
    assert "every 50 calls" in text and "every $1.00" in text and "every 1 minute " in text
    assert "a subagent deeper than 2" in text and "how full the context is: notice at 80%, warning at 95%" in text
    none = Alerts(Lines(), Lines(), Lines(), Lines(), same_call=0, same_file=0, context=Fills())
    assert watching(replace(THEME, alerts=none)) == ("the day's spend: warning at $0.80, cutoff at $1.50",)


# Looks

SHOWN = (FIRED[0], alert(3, "another"), alert(2, "one more"))


@pytest.mark.parametrize("size", [pytest.param(NARROW, id="narrow"), pytest.param(WIDE, id="wide")])
def test_banner_looks(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = app_over(snapshot("$0.93", alerts=SHOWN, guard="guarded"), settings=THEME)
    assert snap_compare(app, terminal_size=size, run_before=settled)


def test_why_looks(snap_compare: SnapCompare) -> None:
    app, _ = over(*FIRED[:1])

    async def show(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await why(pilot)

    assert snap_compare(app, terminal_size=WIDE, run_before=show)
