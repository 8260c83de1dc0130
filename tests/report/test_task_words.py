"""What a day's spend was for, in a line."""

from __future__ import annotations

from opencode_tui.records.calls import Tokens
from opencode_tui.records.usage import Slice
from opencode_tui.records.work import NOT_KNOWN
from opencode_tui.report.task_words import task_lines


def spent(**cents: int) -> tuple[Slice, ...]:
    return tuple(Slice(key.replace("_", " "), nano * 10_000_000, 1, Tokens()) for key, nano in cents.items())


def test_the_shares_are_of_the_whole_and_shorter_lines_follow() -> None:
    tasks = (*spent(coding=50, testing=30), Slice(NOT_KNOWN, 200_000_000, 2, Tokens()))
    assert task_lines(tasks) == ("for: coding 50% · testing 30%", "for: coding 50%")


def test_only_the_largest_four_are_named_and_none_of_no_percent() -> None:
    assert task_lines(spent(a=50, b=20, c=10, d=10, e=10))[0] == "for: a 50% · b 20% · c 10% · d 10%"
    assert task_lines(spent(a=1000, b=1)) == ("for: a 100%",)


def test_nothing_is_said_as_long_as_nothing_is_known() -> None:
    assert task_lines(()) == task_lines((Slice(NOT_KNOWN, 5, 1, Tokens()), *spent(coding=0))) == ()
