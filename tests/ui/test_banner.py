"""The banner: which alert stands on it, what can be done there, and how it looks."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from opencode_tui.records.alerts import Cause
from opencode_tui.records.day import Guard
from opencode_tui.records.outcomes import (
    AlertsAcknowledged,
    AlertsSeen,
    AlertsSnoozed,
    AlertsUnacknowledged,
    AlertsUnseen,
    Outcome,
)
from opencode_tui.records.requests import (
    AcknowledgeAlerts,
    Action,
    SeeAlerts,
    SnoozeAlerts,
    UnacknowledgeAlerts,
    UnseeAlerts,
)
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.banner import Banner, alert_lines
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.turns_panel import TurnsPanel
from tests.support.records import replace
from tests.ui.alert_builders import DAY_CROSSING, FIRED, RATE, alert
from tests.ui.alert_showing import BAND_LINE, NOTHING_STANDS_OUT, over, poll
from tests.ui.builders import at, session_list, snapshot
from tests.ui.session_builders import SESSION
from tests.ui.showing import (
    NARROW,
    THEME,
    WIDE,
    SnapCompare,
    answered,
    app_over,
    screen_text,
    settled,
    showing,
    toast_texts,
    until,
)


async def test_the_newest_alert_stands_on_the_banner_with_its_time_and_its_cause() -> None:
    app, _ = over(alert(2), alert(1))
    async with showing(app, (160, 50)):
        text = screen_text(app)
    assert "▲ 14:22  $0.83 is past the warning $0.80: 4× edits of Button.tsx" in text
    assert "+1 more  ⏎ open  a seen" in text
    assert BAND_LINE not in text, "the same is not said twice"


async def test_a_says_it_is_seen_and_the_line_of_the_day_remains() -> None:
    app, feed = over(alert(2), alert(1))

    def see(action: Action) -> Outcome:
        feed.answers.append(snapshot("$0.93", taken_ms=at("14:24")))
        return AlertsSeen((2,))

    feed.on_act = see
    async with showing(app, WIDE) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: app.snapshot is not None and not app.snapshot.alerts)
        assert feed.actions == [SeeAlerts((2,))]
        text = screen_text(app)
        assert "14:22" not in text and BAND_LINE in text
        assert not toast_texts(app), "the banner that goes says enough"


async def test_capital_a_sees_all_and_z_snoozes_the_shown_one_for_an_hour() -> None:
    app, feed = over(alert(2), alert(1))
    async with showing(app) as pilot:
        await pilot.press("z")
        await until(pilot, lambda: len(feed.actions) == 1)
        await pilot.press("A")
        await until(pilot, lambda: len(feed.actions) == 2)
    assert feed.actions == [SnoozeAlerts((2,), at("15:23")), SeeAlerts((2, 1))]


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


async def test_e_sees_the_alert_that_it_opens_and_the_next_about_the_session_stands() -> None:
    other = alert(3, cause=Cause("of another", "ses_other", None))
    app, feed = over(alert(2), other, alert(1))
    async with showing(app, WIDE) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: feed.actions == [SeeAlerts((2,))])
        await poll(pilot, feed, snapshot("$0.93", alerts=(other, alert(1, "the first one"))))
        await until(pilot, lambda: "the first one" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: feed.actions == [SeeAlerts((2,)), SeeAlerts((1,))])


async def test_u_takes_back_what_a_and_e_have_seen_the_last_first() -> None:
    app, feed = over(alert(2), alert(1))

    def seeing(action: Action) -> Outcome:
        if isinstance(action, SeeAlerts):
            return AlertsSeen(action.ids, action.ids)
        assert isinstance(action, UnseeAlerts)
        return AlertsUnseen(action.ids)

    feed.on_act = seeing
    async with showing(app, WIDE) as pilot:
        await pilot.press("A")
        await until(pilot, lambda: toast_texts(app) == ["2 alerts seen  u takes it back"])
        await pilot.press("e")
        await until(pilot, lambda: len(feed.actions) == 2)
        await pilot.press("u")
        await until(pilot, lambda: toast_texts(app) == ["1 alert new again"])
        await pilot.press("u")
        await until(pilot, lambda: toast_texts(app) == ["2 alerts new again"])
    assert feed.actions == [SeeAlerts((2, 1)), SeeAlerts((2,)), UnseeAlerts((2,)), UnseeAlerts((2, 1))]


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
        await until(pilot, lambda: isinstance(app.focused, DaySessionTable))


def acknowledging(action: Action) -> Outcome:
    """What the ledger says to an acknowledgement and to taking it back."""
    if isinstance(action, AcknowledgeAlerts):
        return AlertsAcknowledged(action.ids, tuple(alert(id, acknowledged_ms=at("14:23")) for id in action.ids))
    assert isinstance(action, UnacknowledgeAlerts)
    return AlertsUnacknowledged(action.ids, tuple(alert(id) for id in action.ids))


async def test_x_acknowledges_the_alert_and_u_takes_it_back_the_last_one_first() -> None:
    app, feed = over(alert(2), alert(1))
    feed.on_act = acknowledging
    async with showing(app, WIDE) as pilot:
        await pilot.press("u")
        await pilot.press("x")
        await until(pilot, lambda: toast_texts(app) == ["acknowledged: the day's spend  u takes it back"])
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(1),)))
        await pilot.press("x")
        await until(pilot, lambda: len(feed.actions) == 2)
        await pilot.press("u", "u", "u")
        await until(pilot, lambda: len(feed.actions) == 4)
    acknowledged = [AcknowledgeAlerts((2,)), AcknowledgeAlerts((1,))]
    assert feed.actions == [*acknowledged, UnacknowledgeAlerts((1,)), UnacknowledgeAlerts((2,))]
    assert toast_texts(app) == ["1 acknowledgement taken back"], "one notice at a time"


async def test_a_notice_that_was_replaced_takes_no_room() -> None:
    app, feed = over(alert(2))
    feed.on_act = acknowledging
    async with showing(app, (36, 20)) as pilot:
        for key, said, lines in (("x", "acknowledged: the day's spend", 2), ("u", "1 acknowledgement taken", 1)) * 3:
            await pilot.press(key)
            await until(pilot, lambda: said in screen_text(app))  # noqa: B023
            assert len(toast_texts(app)) == 1 and app.screen.query_one(KeyFooter).size.height == lines


async def test_what_was_acknowledged_before_is_not_taken_back_by_u() -> None:
    app, feed = over(alert(2))
    feed.on_act = lambda action: AlertsAcknowledged((2,))
    async with showing(app, WIDE) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: toast_texts(app) == ["acknowledged before"])
        await pilot.press("u")
        await until(pilot, lambda: True)
    assert feed.actions == [AcknowledgeAlerts((2,))]


async def test_an_acknowledgement_that_could_not_be_taken_back_can_be_tried_again() -> None:
    app, feed = over(alert(2))
    feed.on_act = acknowledging
    async with showing(app, WIDE) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: bool(toast_texts(app)))

        def refuse(action: Action) -> Outcome:
            raise OSError("database is locked")

        feed.on_act = refuse
        await pilot.press("u")
        await until(pilot, lambda: "Not done: database is locked." in toast_texts(app))
        feed.on_act = acknowledging
        await pilot.press("u")
        await until(pilot, lambda: toast_texts(app)[-1] == "1 acknowledgement taken back")
    assert feed.actions[1:] == [UnacknowledgeAlerts((2,))] * 2


async def test_k_moves_up_and_leaves_the_alert_alone() -> None:
    app, feed = over(alert(2))
    async with showing(app, WIDE) as pilot:
        table = app.screen.query_one(DaySessionTable)
        await pilot.press("j", "j", "j", "k")
        await until(pilot, lambda: table.has_focus)
        assert table.keys.index(table.cursor_key or "") == 1
    assert feed.actions == []


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
    async with showing(app, WIDE) as pilot:
        assert 'edits in "[/x] [b]Fix[/b]"' in screen_text(app)
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2, "and [/y] [red]more"),)))
        assert toast_texts(app) == ["and [/y] [red]more"]
        await until(pilot, lambda: screen_text(app).count("and [/y] [red]more") == 2)


def test_a_narrow_pane_wraps_the_sentence_to_four_lines_and_names_keys_below_them() -> None:
    hints = ("+2 more  e open  a seen", "a seen")
    assert alert_lines("short", (), hints, 34) == (["short"], [], "+2 more  e open  a seen")
    assert alert_lines("a sentence of twenty five", (), hints, 34) == (["a sentence of twenty five"], [], "a seen")
    lines, _, hint = alert_lines("word " * 40, (), hints, 34)
    assert len(lines) == 5 and lines[3].endswith("…") and (lines[4], hint) == ("", hints[0])
    assert all(len(line) <= 34 for line in lines)
    full = " ".join(["eleven char"] * 3)
    assert alert_lines(full, (), hints, len(full)) == ([full, ""], [], "+2 more  e open  a seen")


def test_a_narrow_pane_says_what_to_do_below_the_sentence_and_then_names_the_keys() -> None:
    remedy, hints = (
        ("→ esc in OpenCode, then /compact: each call reads 96k tokens", "→ esc, then /compact"),
        ("a seen",),
    )
    assert alert_lines("short", remedy, hints, 80) == (["short"], [remedy[0]], "a seen")
    lines, todo, hint = alert_lines("short", remedy, hints, 24)
    assert (lines, todo, hint) == (["short"], ["→ esc, then /compact", ""], "a seen")
    assert alert_lines("short", (), hints, 24) == (["short"], [], "a seen")
    _, todo, _ = alert_lines("short", ("→ say all you want of Button.tsx in one message, or /undo: why",), hints, 24)
    assert todo[:3] == ["→ say all you want of", "Button.tsx in one", "message, or /undo: why"], "three lines, not cut"


async def test_a_failed_action_is_said_and_the_screen_goes_on() -> None:
    app, feed = over(alert(1))

    def refuse(action: Action) -> Outcome:
        raise ValueError("the ledger is [locked] by another")

    feed.on_act = refuse
    async with showing(app) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: bool(toast_texts(app)))
        assert toast_texts(app) == ["Not done: the ledger is [locked] by another."]
        await poll(pilot, feed, snapshot("$1.11"))
        assert "$1.11" in screen_text(app) and app.failure is None


async def test_after_an_action_a_poll_follows_at_once() -> None:
    app, feed = over(alert(1))
    feed.on_act = lambda action: AlertsSnoozed((1,), 1, at("15:23"))
    async with showing(app) as pilot:
        polls = feed.polls
        await pilot.press("z")
        await until(pilot, lambda: feed.polls > polls)
        assert feed.actions and toast_texts(app) == ["1 alert snoozed until Wed 15:23"]


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
        await until(pilot, lambda: feed.actions == [SnoozeAlerts((4,), at("15:23"))])


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
        await until(pilot, lambda: answered(app))
        await pilot.press("slash", *"aze")
        await until(pilot, lambda: app.screen.query_one(Input).value == "aze")
    assert feed.actions == []


async def test_an_alert_does_not_take_the_focus_from_who_pauses_in_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    app, feed = over()
    feed.on_look = lambda query: session_list()
    monkeypatch.setattr(OpencodeTui, "is_quiet", True)
    async with showing(app, WIDE) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: answered(app))
        await pilot.press("slash", "h")
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2),)))
        await pilot.press(*"az")
        await until(pilot, lambda: app.screen.query_one(Input).value == "haz")
    assert feed.actions == []


SHOWN = (FIRED[0], alert(3, "another"), alert(2, "one more"))


@pytest.mark.parametrize("size", [pytest.param(NARROW, id="narrow"), pytest.param(WIDE, id="wide")])
def test_banner_looks(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = app_over(snapshot("$0.93", alerts=SHOWN, guard=Guard("guarded", 1_500_000_000)), settings=THEME)
    assert snap_compare(app, terminal_size=size, run_before=settled)


async def test_an_opened_session_shows_its_own_alert_or_how_many_there_are_elsewhere() -> None:
    others = (alert(7, level="cutoff", cause=replace(alert().cause, session_id="ses_other")), alert(8, level="notice"))
    app, feed = over(*others)
    async with showing(app, WIDE) as pilot:
        app.action_open_session(SESSION)
        await until(pilot, lambda: isinstance(app.screen, SessionScreen) and answered(app))
        text = screen_text(app)
        assert "• 14:22" in text and "+1 more" not in text, "the notice is about this session, the cutoff is not"
        assert isinstance(app.screen, SessionScreen) and app.screen.alert_at_hand == others[1]
        await poll(pilot, feed, snapshot("$0.97", alerts=others[:1]))
        await until(pilot, lambda: "■ 1 alert elsewhere · e opens the gravest" in screen_text(app))
        assert "4× edits" not in screen_text(app)
        assert app.screen.alert_at_hand == others[0]
