"""The tabs of Why beside the alerts: insights, levers, quotas and accounts."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.clock import DAY_MS
from opencode_tui.readings.levers import lever_evidence
from opencode_tui.records.answers import Answer, InsightList, LeverList
from opencode_tui.records.insights import Follow, FollowedInsight, Insight, InsightMark, InsightSession
from opencode_tui.records.outcomes import InsightsMarked, InsightsUnmarked
from opencode_tui.records.quotas import Quotas
from opencode_tui.records.requests import (
    AccountsRequest,
    Action,
    InsightsRequest,
    LeversRequest,
    MarkInsights,
    QuotasRequest,
    Request,
    UnmarkInsights,
)
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.why.insights import InsightsTab, insight_rows_of
from tests.support.records import replace
from tests.ui.alert_showing import answer, over
from tests.ui.builders import DAY, NOW, FakeFeed, nano
from tests.ui.session_builders import SESSION
from tests.ui.showing import (
    NARROW,
    NORMAL,
    WIDE,
    SnapCompare,
    answered,
    resize,
    screen_text,
    settled,
    showing,
    toast_texts,
    until,
)


def insight(rule: str, cost: str, *sessions: str, **fields: Any) -> Insight:
    made = Insight(
        rule=rule,
        key=f"key of {rule}",
        title=f"{rule} happened",
        what=f"{rule} was seen",
        how=f"do less of {rule}",
        sum_shown=f"the sum of {rule}",
        sessions=tuple(InsightSession(id, f"Title of [b]{id}", f"turn of {id}", nano(cost)) for id in sessions),
        cost_nano=nano(cost),
        saves_nano=nano(cost) // 2,
        lever="context",
        sure="measured",
        calls=4,
        first_ms=NOW - 1000,
        last_ms=NOW,
    )
    return replace(made, **fields)


LOOP = insight("redesign_loop", "$0.84", SESSION, "ses_other")
READS = insight("repeated_reads", "$0.20", SESSION, lever="routing", sure="estimated")
NIGHTS = insight("unattended", "$0.10")
OLD = InsightMark("fan_out", "subagents", "8 subagents at once", "context", NOW - 5 * DAY_MS, "done", None, 10, 5)
FOLLOWED = FollowedInsight(OLD, Follow(OLD.marked_ms, nano("$2.00"), nano("$1.90"), nano("$1.00")))


def over_insights(*insights: Insight, already: tuple[str, ...] = (), **fields: Any) -> tuple[OpencodeTui, FakeFeed]:
    app, feed = over()
    feed.has_insights = True

    def look(request: Request) -> Answer:
        if isinstance(request, InsightsRequest):
            shown = insights if request.period != "today" else insights[:1]
            return InsightList(request, NOW, DAY, DAY, request.period, shown, nano("$3.18"), **fields)
        if isinstance(request, LeversRequest):
            found = InsightList(InsightsRequest(), NOW, DAY, DAY, "week", insights, nano("$3.18"), **fields)
            context, *others = lever_evidence(insights)
            return LeverList(request, NOW, (replace(context, already=already), *others), found)
        if isinstance(request, QuotasRequest):
            return Quotas(request, NOW, (), lower_bound=False)
        return answer(request)

    def act(action: Action) -> InsightsMarked | InsightsUnmarked:
        if isinstance(action, MarkInsights):
            return InsightsMarked(action.marks)
        assert isinstance(action, UnmarkInsights)
        return InsightsUnmarked(())

    feed.on_look, feed.on_act = look, act
    return app, feed


async def tab(pilot: Pilot[Any], key: str) -> WhyScreen:
    """The Why screen on a tab, once it has its answer."""
    await pilot.press("5", key)
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await until(pilot, lambda: isinstance(app.screen, WhyScreen) and answered(app))
    assert isinstance(app.screen, WhyScreen)
    return app.screen


async def test_insights_fit_every_size_and_name_the_costliest_first() -> None:
    app, _ = over_insights(LOOP, READS, NIGHTS, followed=(FOLLOWED,))
    async with showing(app, (32, 20)) as pilot:
        await tab(pilot, "I")
        for size in ((32, 20), (36, 3), NARROW, NORMAL, WIDE):
            await resize(pilot, size)
            lines = screen_text(app).splitlines()
            assert len(lines) == size[1]
            assert any("redesign" in line for line in lines), size
            assert all(len(line) <= size[0] for line in lines), size


TWINS = (
    insight("redesign_loop", "$0.84", title="CheckoutConfirmationDialog.tsx edited in 4 turns (components)"),
    insight("retried_edits", "$0.83", title="CheckoutConfirmationDialog.tsx edited in 4 turns (pages)"),
    insight("repeated_reads", "$0.20", title="A title of which nothing else has the beginning, and which is cut"),
)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((32, 20), ("CheckoutCo…mponents)", "CheckoutCo…s (pages)", "A title of which no…")),
        ((80, 24), ("Di…n 4 turns (components)", "Di…ted in 4 turns (pages)", "A title of which nothing else has")),
    ],
)
async def test_titles_that_would_be_cut_to_the_same_keep_their_ends(
    size: tuple[int, int], shown: tuple[str, ...]
) -> None:
    app, _ = over_insights(*TWINS)
    async with showing(app, size) as pilot:
        await tab(pilot, "I")
        text = screen_text(app)
    assert [each for each in shown if each not in text] == [], text


async def test_what_could_be_saved_at_most_is_marked() -> None:
    app, _ = over_insights(replace(LOOP, saves_at_most=True), READS)
    async with showing(app, WIDE) as pilot:
        await tab(pilot, "I")
        text = screen_text(app)
        assert "≤$0.42" in text and "at most $0.42" in text and " $0.10" in text and "≤$0.10" not in text
        await pilot.press("V")
        await until(pilot, lambda: "context discipline" in screen_text(app))
        assert "≤$0.42" in screen_text(app)


async def test_sessions_of_one_title_have_the_end_of_their_ids() -> None:
    sessions = tuple(InsightSession(f"ses_{end}", "Find all callers", "", 1) for end in ("abcd", "efgh"))
    app, _ = over_insights(replace(LOOP, sessions=sessions))
    async with showing(app, NARROW) as pilot:
        await tab(pilot, "I")
        await pilot.press("space")
        await until(pilot, lambda: "…efgh" in screen_text(app))
        assert "…abcd" in screen_text(app)


async def test_enter_leads_to_the_session_and_space_shows_the_others() -> None:

    app, _ = over_insights(LOOP, NIGHTS)
    async with showing(app, WIDE) as pilot:
        screen = await tab(pilot, "I")
        await pilot.press("j", "enter")
        await until(pilot, lambda: any("whole period" in text for text in toast_texts(app)))
        await pilot.press("k", "space")
        await until(pilot, lambda: "Title of [b]ses_other" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not screen)
        assert isinstance(app.screen, SessionScreen) and app.screen.session_id == SESSION


async def test_x_dismisses_for_a_week_and_u_takes_it_back() -> None:

    app, feed = over_insights(LOOP, READS)
    async with showing(app, WIDE) as pilot:
        await tab(pilot, "I")
        await pilot.press("x")
        await until(pilot, lambda: len(feed.actions) == 1)
        (marked,) = feed.actions
        assert isinstance(marked, MarkInsights)
        (mark,) = marked.marks
        assert (mark.id, mark.state, mark.until_ms) == (LOOP.id, "dismissed", NOW + 7 * DAY_MS)
        await until(pilot, lambda: any("u takes it back" in text for text in toast_texts(app)))
        await pilot.press("u")
        await until(pilot, lambda: len(feed.actions) == 2)
        assert feed.actions[1] == UnmarkInsights(((LOOP.rule, LOOP.key),))
        await pilot.press("j", "X")
        await until(pilot, lambda: len(feed.actions) == 3)
        assert isinstance(feed.actions[2], MarkInsights) and feed.actions[2].marks[0].until_ms is None


async def test_d_marks_as_done_what_it_was_said_to_save() -> None:

    app, feed = over_insights(LOOP, followed=(FOLLOWED,))
    async with showing(app, (100, 40)) as pilot:
        await tab(pilot, "I")
        await pilot.press("d")
        await until(pilot, lambda: len(feed.actions) == 1)
        assert isinstance(feed.actions[0], MarkInsights)
        mark = feed.actions[0].marks[0]
        assert (mark.state, mark.cost_nano, mark.saves_nano) == ("done", LOOP.cost_nano, LOOP.saves_nano)
        await pilot.press("j")
        await until(pilot, lambda: "8 subagents at once" in screen_text(app))
        assert "the estimate that" in " ".join(screen_text(app).split())
        await pilot.press("d")
        await until(pilot, lambda: len(feed.actions) == 2)
        assert feed.actions[1] == UnmarkInsights(((OLD.rule, OLD.key),))


async def test_dismissed_insights_are_shown_on_demand() -> None:

    app, _ = over_insights(LOOP, dismissed=(replace(READS, state="dismissed"),), sessions_left=3)
    async with showing(app, WIDE) as pilot:
        await tab(pilot, "I")
        text = screen_text(app)
        assert "repeated_reads happened" not in text and "1 dismissed: h shows them" in text
        assert "3 sessions not looked at yet" in text
        await pilot.press("h")
        await until(pilot, lambda: "repeated_reads happened" in screen_text(app))


async def test_a_quiet_period_says_so_and_p_asks_for_the_next() -> None:

    app, feed = over_insights()
    async with showing(app, NORMAL) as pilot:
        screen = await tab(pilot, "I")
        assert "No insight: nothing stands out" in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: screen.requests == (InsightsRequest("month"),))
        await until(pilot, lambda: "month, Wed 13 May" in screen_text(app))
    assert feed.looks[-1] == InsightsRequest("month")


async def test_levers_stand_in_their_order_with_what_they_would_save() -> None:

    app, _ = over_insights(LOOP, READS, NIGHTS)
    async with showing(app, (100, 40)) as pilot:
        await tab(pilot, "V")
        lines = screen_text(app).splitlines()
        places = [
            next(n for n, line in enumerate(lines) if name in line)
            for name in ("context discipline", "provider routing", "compaction", "quota-aware")
        ]
        assert places == sorted(places)
        assert "$0.47" in lines[places[0]] and "$0.10" in lines[places[1]]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))


async def test_quotas_say_where_there_are_none_and_accounts_why_there_is_no_answer() -> None:

    app, feed = over_insights(LOOP)
    async with showing(app, NORMAL) as pilot:
        await tab(pilot, "Q")
        assert "no quota is known" in screen_text(app)
        await pilot.press("]")
        await until(pilot, lambda: "There is no such session." in screen_text(app))
        await pilot.press("]")
        await until(pilot, lambda: "[L alerts]" in screen_text(app))
    assert AccountsRequest() in feed.looks


async def test_a_click_selects_a_tab_and_its_keys_do_not_act_on_alerts() -> None:

    app, feed = over_insights()
    async with showing(app, NORMAL) as pilot:
        screen = await tab(pilot, "L")
        await pilot.click("WhyTabs", offset=(14, 0))
        await until(pilot, lambda: isinstance(screen.shown, InsightsTab) and answered(app))
        await pilot.press("x", "a", "d")
        await until(pilot, lambda: True)
    assert feed.actions == []


@pytest.mark.parametrize("size", [(32, 40), NORMAL, WIDE])
async def test_today_tells_the_costliest_insight_in_one_line(size: tuple[int, int]) -> None:
    app, _ = over_insights(replace(LOOP, state="done"), READS)
    app_new, _ = over_insights(LOOP)
    async with showing(app_new, size) as pilot:
        await until(pilot, lambda: "why $0.84: redesign" in screen_text(app_new))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app_new.screen, WhyScreen))
        assert isinstance(app_new.screen, WhyScreen) and app_new.screen.shown.NAME == "insights"
        if size[0] > 32:
            await until(pilot, lambda: "[I insights]" in screen_text(app_new))
    async with showing(app, size) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        assert "why $" not in screen_text(app)


def test_done_insights_stand_last_also_if_they_are_not_found_any_more() -> None:
    done = replace(NIGHTS, state="done")
    found = InsightList(InsightsRequest(), NOW, DAY, DAY, "week", (done, LOOP), 0, followed=(FOLLOWED,))
    rows = insight_rows_of(found, {LOOP.id}, hidden=False)
    assert list(rows) == [LOOP.id, f"{LOOP.id} {SESSION}", f"{LOOP.id} ses_other", NIGHTS.id, OLD.id]
    assert [row.state for row in rows.values()] == ["", "", "", "done", "done"]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_insights_look(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    app, _ = over_insights(LOOP, READS, NIGHTS, followed=(FOLLOWED,), dismissed=(replace(LOOP, state="dismissed"),))

    async def show(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await tab(pilot, "I")
        await pilot.press("space", "j")

    assert snap_compare(app, terminal_size=size, run_before=show)


async def test_a_lever_whose_setting_is_there_says_so_and_advises_nothing() -> None:
    for already, shown, hidden in (
        ((), "do less of redesign_loop", "already:"),
        (("~/shop/.ignore has dist/, since 14:23",), "already: ~/shop/.ignore has dist/", "do less of"),
    ):
        app, _ = over_insights(LOOP, already=already)
        async with showing(app, WIDE) as pilot:
            await tab(pilot, "V")
            text = screen_text(app)
        assert shown in text
        assert hidden not in text
