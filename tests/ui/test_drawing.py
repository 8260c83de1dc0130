"""The arithmetic of the widgets, and what becomes of it on the screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rich.cells import cell_len

from opencode_tui.clock import HOUR_MS, Span, calendar_for
from opencode_tui.money import format_usd
from opencode_tui.records.day import Band, DaySpend
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.widgets.blocks import across, cut, upward
from opencode_tui.ui.widgets.curve_axis import axis_row, highest_row, line_labels
from opencode_tui.ui.widgets.day_curve import by_band, hour_ticks, plot_color, sampled, shown_span
from opencode_tui.ui.widgets.day_facts import choose, day_lines
from opencode_tui.ui.widgets.seven_days import bar_rows, day_label
from opencode_tui.ui.widgets.slices import slice_rows
from tests.ui.alert_showing import poll
from tests.ui.builders import DAY, DAY_START, at, nano, part, quiet, snapshot
from tests.ui.showing import NORMAL, app_over, resize, screen_text, showing

UTC = calendar_for("UTC")


def test_bars_measure_in_eighths_and_show_any_part() -> None:
    assert across(1, 2, 4) == "██  "
    assert across(1, 1000, 4) == "▏   "
    assert across(5, 1, 4) == "████"
    assert across(0, 1, 4) == "    "
    assert upward(9, 16, 2) == "█▁"


@pytest.mark.parametrize("text", ["", "abc", "a long title", "長い長い長い", "🎨🎨🎨🎨🎨🎨"])
@pytest.mark.parametrize("width", [1, 2, 5, 12])
def test_a_cut_text_takes_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) == width


@pytest.mark.parametrize("width", range(24, 90))
def test_rows_of_slices_fill_their_width(width: int) -> None:
    slices = (part("opencode/kimi-k2.6", "$0.31"), part("opencode/glm", "$0.0042"), part("長/モデル", "$12.10"))
    for row in slice_rows(slices, width, 9):
        assert cell_len("".join(row)) == width


def test_slices_that_do_not_fit_are_summed_up() -> None:
    slices = tuple(part(f"p/m{i}", "$0.10") for i in range(5))
    rows = slice_rows(slices, 40, 3)
    assert len(rows) == 3
    assert rows[-1][0].strip() == "+3 more $0.30"


def test_a_model_that_two_providers_have_keeps_its_provider() -> None:
    rows = slice_rows((part("a/kimi-k2.6-long", "$1"), part("b/kimi-k2.6-long", "$1"), part("c/glm", "$1")), 27, 5)
    assert [row[0].strip() for row in rows] == ["a/kimi-k2.6-long", "b/kimi-k2.6-long", "glm"]


def test_the_curve_is_the_spend_at_the_end_of_each_column() -> None:
    span = Span(at("08:00"), at("12:00"))
    curve = ((at("08:30"), 1), (at("09:30"), 2), (at("11:30"), 5))
    assert sampled(curve, span, at("12:00"), 4) == [(0, 1), (1, 2), (2, 2), (3, 5)]
    assert sampled(curve, span, at("10:10"), 4) == [(0, 1), (1, 2), (2, 2)]
    assert sampled((), span, at("10:10"), 4) == []


def test_the_axis_begins_with_the_first_call_and_leaves_room_ahead() -> None:
    span = shown_span(snapshot())
    assert (span.start_ms, span.end_ms) == (at("08:00"), at("16:00"))
    late = shown_span(snapshot(curve=((at("23:30"), 1),), taken_ms=at("23:40")))
    assert (late.start_ms, late.end_ms) == (at("16:00"), DAY_START + 24 * HOUR_MS)
    assert shown_span(quiet()).end_ms <= DAY_START + 24 * HOUR_MS


def test_ticks_are_local_hours_also_on_a_day_of_25() -> None:
    berlin = calendar_for("Europe/Berlin")
    day = DAY.replace(month=10, day=25)
    span = berlin.span(day)
    assert [text for _, text in hour_ticks(Span(span.start_ms, span.start_ms + 5 * HOUR_MS), berlin, 60)] == [
        "00",
        "01",
        "02",
        "02",
        "03",
    ]


def test_the_curve_turns_its_colour_where_a_line_is_crossed() -> None:
    points = [(0, 1), (1, 1), (2, 1), (3, 8), (4, 9), (5, 15)]
    stretches = dict(by_band(points, 8, 15))
    assert [c for c, _ in stretches["primary"]] == [0, 1]
    assert [c for c, _ in stretches["warning"]] == [2, 3]
    assert [c for c, _ in stretches["error"]] == [4, 5]


def test_colours_of_themes_become_colours_of_plots() -> None:
    assert plot_color("#102030") == (16, 32, 48)
    assert plot_color("ansi_yellow") == 3
    assert plot_color("ansi_bright_red") == 9
    assert plot_color("ansi_default") == "default"


def test_seven_days_put_the_cutoff_line_where_no_bar_is() -> None:
    rows = bar_rows(snapshot("$0.62"), 4, 5)
    texts = ["".join(text for text, _ in row) for row in rows]
    assert all(len(text) == 28 for text in texts)
    assert "╌" in texts[0] and "·" in texts[1]
    assert texts[-1] == "███ ███ ▆▆▆     ███ ███ ███ "


@pytest.mark.parametrize("column", [3, 4, 5, 8])
def test_a_day_past_a_line_carries_its_glyph(column: int) -> None:
    label = day_label(DaySpend(DAY - timedelta(days=2), nano("$3"), "cutoff"), column)
    assert "!!" in label and len(label) == column


@pytest.mark.parametrize("rows", range(3, 20))
def test_the_label_of_a_line_has_its_own_amount_and_lines_of_one_row_share_a_label(rows: int) -> None:
    limits: tuple[tuple[Band, int], ...] = (("warning", nano("$1.40")), ("cutoff", nano("$1.50")))
    labels = line_labels(limits, nano("$1.65"), rows, 60)
    if len(labels) == 2:
        assert labels == [("warning", nano("$1.40"), "warning $1.40"), ("cutoff", nano("$1.50"), "cutoff $1.50")]
    else:
        assert labels == [("cutoff", nano("$1.50"), "warning $1.40 · cutoff $1.50")]
    assert [text for *_, text in line_labels(limits[1:], nano("$1.65"), rows, 30)] == ["■ $1.50"]


def curve_lines(app: OpencodeTui) -> list[str]:
    """What stands in the panel with the curve."""
    curve = app.screen.query_one("#curve").region
    return [line[curve.x : curve.right] for line in screen_text(app).splitlines()[curve.y : curve.bottom]]


async def test_the_labels_of_the_curve_stand_at_their_lines() -> None:
    limits = (("$0.80", "$1.50"), ("$1.40", "$1.50"), ("$0.10", "$9"))
    pictures = [snapshot("$0.62", warning_nano=nano(warning), cutoff_nano=nano(cutoff)) for warning, cutoff in limits]
    app, feed = app_over(pictures[0])
    async with showing(app, NORMAL) as pilot:
        for amounts, picture in zip(limits, pictures, strict=True):
            if app.snapshot is not picture:
                await poll(pilot, feed, picture)
            texts = [format_usd(nano(amount)) for amount in amounts]
            labels = {
                f"{name} {text}"
                for names in (("warning", "cutoff"), "▲■")
                for name, text in zip(names, texts, strict=True)
            }
            for size in (NORMAL, (120, 40), (160, 50), (36, 50)):
                await resize(pilot, size)
                lines = curve_lines(app)
                assert sum(label in "\n".join(lines) for label in labels) == 2, (amounts, size)
                assert all(any(label in line for label in labels) for line in lines if "╌" in line), (amounts, size)


async def test_the_highest_point_of_the_curve_stands_on_its_axis() -> None:
    app, _ = app_over(snapshot("$0.62"))
    async with showing(app, (120, 40)):
        lines = curve_lines(app)
    (at,) = (i for i, line in enumerate(lines) if "$0.62" in line)
    assert at == min(i for i, line in enumerate(lines) if set(line) & set("█▄▗▟▐▌▖"))
    assert "╌" not in lines[at], "no line is taken for the amount"


@pytest.mark.parametrize("rows", range(2, 20))
@pytest.mark.parametrize("spent", ["$0.01", "$0.68", "$0.79", "$1.49", "$2"])
def test_the_label_of_the_highest_point_never_stands_at_a_line(rows: int, spent: str) -> None:
    limits, top = (nano("$0.80"), nano("$1.50")), nano("$2.20")
    row = highest_row(nano(spent), limits, top, rows)
    assert row is None or row not in {axis_row(limit, top, rows) for limit in limits}
    assert row is None or abs(row - axis_row(nano(spent), top, rows)) <= 1


def test_when_lines_are_few_the_pace_stays_and_the_tokens_go() -> None:
    groups = day_lines(snapshot(list_nano=1, running_calls=1), UTC, 36)
    assert [text for text, _ in choose(groups, 1)] == ["$0.24/h · warning 15:08"]
    texts = [text for text, _ in choose(groups, 4)]
    assert texts[0].startswith("$0.24") and texts[-1].startswith("week")
    assert not any("1.2M" in text for text in texts)


def test_groups_of_lines_are_spaced_where_there_is_room() -> None:
    groups = day_lines(snapshot(), UTC, 60)
    assert [text for text, _ in choose(groups, 7)].count("") == 2
    assert [text for text, _ in choose(groups, 6)].count("") == 0


@pytest.mark.parametrize("width", range(30, 60))
def test_no_line_about_the_day_is_cut_from_30_cells_on(width: int) -> None:
    for picture in (snapshot("$0.62"), snapshot("$2.11", aborted_calls=2, list_nano=nano("$0.42")), quiet()):
        for group in day_lines(picture, UTC, width):
            for _, text, _ in group:
                assert len(text) <= width and "…" not in text
