"""What became of an insight that was acted on: the same measure before and after, a week each."""

from __future__ import annotations

from datetime import UTC

import pytest

from opencode_tui.analysis.insight_marks import followed_by, spans_around
from opencode_tui.clock import DAY_MS, Calendar, Span
from opencode_tui.money import nano_from_usd
from opencode_tui.records.insights import InsightMark, insight_id
from opencode_tui.report.insight_words import became_text
from tests.support.watched import NOON

MARK = InsightMark("redesign_loop", "a.py", "a.py edited", "context", NOON, "done", None, 100, 50)
LATER = NOON + 10 * DAY_MS


def became(before: str, after: str, now_ms: int = LATER, mark: InsightMark = MARK) -> str:
    spans = spans_around(mark, 0, now_ms)
    found = nano_from_usd(before), nano_from_usd(after)
    return became_text(followed_by(mark, spans, found, (0, 0), now_ms).follow, Calendar(UTC), now_ms)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("1.00", "$1.00 a week is saved, $1.00 a week was estimated"),
        ("1.60", "$0.40 a week is saved, less than half of the $1.00 a week estimated: the estimate was wrong"),
        ("1.90", "nothing is saved; the estimate that it saves $1.00 a week was wrong"),
        ("2.50", "it costs more; the estimate that it saves $1.00 a week was wrong"),
    ],
)
def test_a_wrong_estimate_is_said(after: str, said: str) -> None:
    assert became("2.00", after).endswith(said)


def test_more_than_twice_the_estimate_is_wrong_as_well() -> None:
    low = InsightMark("redesign_loop", "a.py", "a.py edited", "context", NOON, "done", None, 100, 10)
    assert became("2.00", "0.00", mark=low).endswith(
        "$2.00 a week is saved, more than twice the $0.20 a week estimated: the estimate was wrong"
    )


def test_in_the_first_three_days_it_is_too_early_to_say() -> None:
    assert "too early to say before" in became("2.00", "0.00", NOON + 3 * DAY_MS - 1)
    assert "too early" not in became("2.00", "0.00", NOON + 3 * DAY_MS)


def test_a_week_is_measured_before_and_the_last_week_after() -> None:
    assert spans_around(MARK, 0, LATER) == (Span(NOON - 7 * DAY_MS, NOON), Span(LATER - 7 * DAY_MS, LATER))
    assert spans_around(MARK, NOON - 2 * DAY_MS, LATER)[0].start_ms == NOON - 2 * DAY_MS, "the ledger begins there"
    assert spans_around(MARK, 0, NOON + DAY_MS)[1] == Span(NOON, NOON + DAY_MS)


def test_half_a_week_counts_twice() -> None:
    assert "$4.00 a week since" in became("2.00", "2.00", NOON + 7 * DAY_MS // 2)


def test_an_id_is_always_the_same_whatever_the_key() -> None:
    assert insight_id("redesign_loop", "a.py") == insight_id("redesign_loop", "a.py") != insight_id("x", "a.py")
    assert len(insight_id("redesign_loop", "\ud800 \x00")) == 6
