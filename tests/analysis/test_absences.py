"""When nobody was there, by the prompts."""

from __future__ import annotations

from opencode_tui.analysis.absences import absences
from opencode_tui.clock import Span

DAY = Span(1_000, 2_000)


def test_an_absence_lasts_from_a_while_after_a_prompt_to_the_next_one() -> None:
    assert absences((1_100, 1_150, 1_500), 60, DAY, 1_090) == (Span(1_210, 1_500), Span(1_560, 2_000))


def test_a_prompt_after_just_that_while_ends_an_absence_before_it_began() -> None:
    assert absences((1_100, 1_160, 1_940), 60, DAY, 1_090) == (Span(1_220, 1_940),)
    assert absences((1_100, 1_161, 1_940), 60, DAY, 1_090)[0] == Span(1_160, 1_161)


def test_who_left_before_the_span_is_away_when_it_begins() -> None:
    assert absences((), 60, DAY, 300) == (DAY,)
    assert absences((1_500,), 60, DAY, 980) == (Span(1_040, 1_500), Span(1_560, 2_000))


def test_before_the_first_prompt_of_all_nothing_is_known() -> None:
    assert absences((1_500,), 60, DAY, None) == (Span(1_560, 2_000),)
    assert absences((), 60, DAY, None) == ()
