"""The screen of a team's seats."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.config.team import Team, TeamSeat
from opencode_tui.records.answers import Answer, TeamView
from opencode_tui.records.requests import Request, TeamRequest
from opencode_tui.records.team import MonthForecast, Seat, SeatDay, SeatPart, TeamChange, TeamReport
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.team import TeamScreen
from tests.support.records import replace
from tests.ui.builders import NOW, FakeFeed, nano, snapshot
from tests.ui.showing import (
    NARROW,
    NORMAL,
    THEME,
    WIDE,
    SnapCompare,
    answered,
    app_over,
    screen_text,
    settled,
    showing,
    until,
)

CAUSE = '4× edits of Button.tsx in "Fix header", about $0.20 a round'


def seat_of(name: str, *costs: str, **fields: Any) -> Seat:
    """A seat whose days from Monday on cost this; an empty text is a day without calls."""
    first = date(2026, 5, 11).toordinal()
    days = tuple(SeatDay(date.fromordinal(first + n), nano(cost), 3) for n, cost in enumerate(costs) if cost)
    spend = sum(day.spend_nano for day in days)
    part = (SeatPart("opencode/kimi-k2.6", spend, 3 * len(days)),)
    made = Seat(
        name=name,
        spend_nano=spend,
        calls=3 * len(days),
        days=days,
        over_warning=tuple(day.day for day in days if day.spend_nano >= nano("$0.80")),
        over_cutoff=tuple(day.day for day in days if day.spend_nano >= nano("$1.50")),
        cause="",
        models=part,
        projects=(replace(part[0], key="shop"),),
        before_nano=nano("$2.00"),
        last_call_ms=NOW,
        last_sync_ms=NOW,
        digest="0" * 64,
        trouble="",
    )
    return replace(made, **fields)


def team_report_of(*seats: Seat) -> TeamReport:
    total = sum(seat.spend_nano for seat in seats)
    return TeamReport(
        period="2026-W20",
        first=date(2026, 5, 11),
        last=date(2026, 5, 17),
        seats=seats,
        total_nano=total,
        budget_nano=nano("$20.00"),
        before_nano=nano("$2.00") * len(seats),
        models=(SeatPart("opencode/kimi-k2.6", total, 9),),
        projects=(SeatPart("shop", total, 9),),
        taken_ms=NOW,
        warning_nano=nano("$0.80"),
        cutoff_nano=nano("$1.50"),
        before="2026-W19",
        before_last=date(2026, 5, 5),
        before_first=date(2026, 5, 4),
        compared_last=date(2026, 5, 12),
        month=MonthForecast(
            *(date(2026, 5, 1), date(2026, 5, 31), nano("$14.20"), nano("$29.00"), nano("$33.50"), nano("$38.00"), 19)
        ),
        changes=(TeamChange("anna", "opencode/kimi-k2.6", "shop", nano("$1.04")),),
    )


HALF_COPIED = "dora.db is half-copied; nothing of it is counted"
SEATS = (
    seat_of("anna", "$0.62", "$1.71", "$0.71", cause=CAUSE),
    seat_of("crew/[b]ben", "$0.93", "", "$0.10"),
    seat_of("carl", "$0.30", late_ms=3 * 86_400_000, last_sync_ms=NOW - 3 * 86_400_000),
    seat_of(
        "dora",
        is_missing=True,
        last_sync_ms=None,
        last_call_ms=None,
        trouble="dora.db is half-copied; nothing of it is counted",
    ),
)
WITH_TEAM = replace(THEME, team=Team(seats={"anna": TeamSeat(Path("anna.db"))}))


def team_app(*seats: Seat) -> tuple[OpencodeTui, FakeFeed]:
    app, feed = app_over(snapshot("$0.62"), settings=WITH_TEAM)

    def look(request: Request) -> Answer:
        if not isinstance(request, TeamRequest):
            raise LookupError("Only the team is asked for.")
        report = team_report_of(*seats)
        return TeamView(request, NOW, replace(report, period=request.period))

    feed.on_look = look
    return app, feed


async def show_team(pilot: Pilot[Any]) -> None:
    await settled(pilot)
    await pilot.press("6")
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await until(pilot, lambda: isinstance(app.screen, TeamScreen) and answered(app))
    await until(pilot, lambda: bool(app.screen.query("#seats")) and "anna" in screen_text(app))


@pytest.mark.parametrize(
    "size",
    [pytest.param(NARROW, id="narrow"), pytest.param(NORMAL, id="normal"), pytest.param(WIDE, id="wide")],
)
def test_looks(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = team_app(*SEATS)
    assert snap_compare(app, terminal_size=size, run_before=show_team)


async def test_there_is_no_team_tab_without_seats() -> None:
    app, feed = app_over(snapshot("$0.62"))
    async with showing(app) as pilot:
        await pilot.press("6")
        await until(pilot, lambda: True)
        assert not isinstance(app.screen, TeamScreen)
        assert not any(isinstance(look, TeamRequest) for look in feed.looks)


async def test_a_day_past_a_line_has_its_mark_and_the_seat_its_cause() -> None:
    app, _ = team_app(*SEATS)
    async with showing(app, WIDE) as pilot:
        await show_team(pilot)
        text = screen_text(app)
        assert "■ $1.71" in text
        assert "▲ $0.93" in text
        assert CAUSE in text
        assert "crew/[b]ben" in text
        assert "late 3 d" in text
        assert "not read" in text
        assert "≥$4.37" in text


async def test_a_day_that_may_lack_something_is_marked_and_no_other() -> None:
    days = (date(2026, 5, 12), date(2026, 5, 13))
    app, _ = team_app(seat_of("anna", "$0.62", "$1.71", unread=2, unread_days=days), seat_of("ben", "$0.93"))
    async with showing(app, WIDE) as pilot:
        await show_team(pilot)
        (line,) = (line for line in screen_text(app).splitlines() if " anna " in line and "$0.62" in line)
        assert line.split("anna")[1].split()[:5] == ["$0.62", "■", "≥$1.71", "≥$0.00", "·"]
        assert "≥$0.93" not in screen_text(app)


async def test_the_details_follow_the_cursor() -> None:
    app, _ = team_app(*SEATS)
    async with showing(app) as pilot:
        await show_team(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "dora.db is half-copied" in screen_text(app))


async def test_brackets_go_from_week_to_week_but_not_past_this_one_and_m_to_the_month() -> None:
    app, feed = team_app(*SEATS)
    async with showing(app) as pilot:
        await show_team(pilot)
        for key in ("]", "[", "m"):
            await pilot.press(key)
            await until(pilot, lambda: answered(app))
    asked = [look.period for look in feed.looks if isinstance(look, TeamRequest)]
    assert list(dict.fromkeys(asked)) == ["2026-W20", "2026-W19", "2026-05"]


async def test_r_reads_the_files_again() -> None:
    app, feed = team_app(*SEATS)
    async with showing(app) as pilot:
        await show_team(pilot)
        await pilot.press("r")
        await until(pilot, lambda: TeamRequest("2026-W20", 1) in feed.looks)


async def test_the_seats_are_sorted_by_any_column() -> None:
    app, _ = team_app(*SEATS)
    async with showing(app) as pilot:
        await show_team(pilot)
        await pilot.press("o")
        await until(pilot, lambda: screen_text(app).index("dora") < screen_text(app).index("anna  "))


async def test_a_small_terminal_shows_four_seats_above_the_details() -> None:
    app, _ = team_app(*SEATS)
    async with showing(app, (32, 20)) as pilot:
        await show_team(pilot)
        table, details = app.screen.query_one("#seats"), app.screen.query_one("#seat")
        assert table.region.height >= 5, "the header and four rows"
        assert details.region.height >= 2
        text = screen_text(app)
        assert all(seat.name[:6] in text for seat in SEATS)


async def test_enter_gives_the_details_the_keys_and_more_room_and_escape_goes_back() -> None:
    app, _ = team_app(*SEATS)
    async with showing(app, (32, 20)) as pilot:
        await show_team(pilot)
        details = app.screen.query_one("#seat")
        before = details.region.height
        await pilot.press("enter")
        await until(pilot, lambda: details.has_focus and details.region.height > before)
        await pilot.press("G")
        await until(pilot, lambda: "data " in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query_one("#seats").has_focus)
