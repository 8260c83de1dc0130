"""The amounts and the charts of a report."""

from __future__ import annotations

import pytest

from opencode_tui.money import NANO
from opencode_tui.records.calls import Tokens
from opencode_tui.records.cost_report import Ranking
from opencode_tui.records.usage import Slice
from opencode_tui.report.cost_report_words import ranking_shares
from opencode_tui.report.papers.amounts import brief_usd, decimal_usd, percent
from opencode_tui.report.papers.charts import bars, stacked


def ranking(*amounts: int, rest: int = 0) -> Ranking:
    top = tuple(Slice(f"p/m{number}", nano, 1, Tokens()) for number, nano in enumerate(amounts))
    return Ranking("model", top, 3 if rest else 0, Slice("", rest, 3, Tokens()))


@pytest.mark.parametrize(
    ("nano", "exact", "brief"),
    [
        (0, "0.00", "$0.00"),
        (1, "0.000000001", "$0.00"),
        (5_900_000_000, "5.90", "$5.90"),
        (-13_297_801, "-0.013297801", "-$0.01"),
        (123_456_789_012, "123.456789012", "$123"),
        (12_345 * NANO, "12345.00", "$12k"),
        (10**26, "100000000000000000.00", "$1e+17"),
    ],
)
def test_amounts_are_exact_or_brief(nano: int, exact: str, brief: str) -> None:
    assert (decimal_usd(nano), brief_usd(nano)) == (exact, brief)


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 0, ""), (0, 9, "0%"), (1, 1000, "<1%"), (1, 3, "33%"), (995, 1000, "100%")]
)
def test_shares_are_whole_percents(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_each_share_of_a_ranking_is_rounded_by_itself() -> None:
    assert ranking_shares(ranking(1, 1, 1)) == ("33%", "33%", "33%")
    assert ranking_shares(ranking(10_000, 1, 0, rest=5)) == ("100%", "0%", "0%", "0%")
    assert ranking_shares(ranking(0, 0)) == ("0%", "0%")


def test_the_stacked_bar_is_full_and_its_rest_is_grey() -> None:
    segments = stacked(ranking(*[10] * 8, rest=20))
    assert [each.number for each in segments] == [1, 2, 3, 4, 5, 6, 0]
    assert sum(each.width for each in segments) == pytest.approx(100)
    assert (segments[-1].name, segments[-1].width) == ("others", 40)
    assert stacked(ranking(0, 0)) == ()


@pytest.mark.parametrize(("count", "labels", "amounts"), [(7, 7, 7), (8, 4, 0), (10, 5, 0), (30, 6, 0), (31, 7, 0)])
def test_a_chart_has_as_many_labels_as_fit_on_a_phone(count: int, labels: int, amounts: int) -> None:
    shown = bars([(f"{number} May", "", NANO, "calm") for number in range(count)], NANO, 7)
    assert (sum(bool(bar.label) for bar in shown), sum(bool(bar.amount) for bar in shown)) == (labels, amounts)
