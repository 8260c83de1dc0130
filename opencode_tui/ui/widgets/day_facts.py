"""The lines below the day's figure: the most important ones that fit, in their order."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.clock import Calendar
from opencode_tui.records.day import Snapshot
from opencode_tui.report import words
from opencode_tui.report.quiet_words import quiet_lines, week_left
from opencode_tui.report.split_words import split_lines
from opencode_tui.report.states import quiet_day
from opencode_tui.report.task_words import task_lines
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.panel import DayPanel

FactLine = tuple[int, str, str]
"""(drop rank, text, style); the highest rank is dropped first."""


def day_lines(snapshot: Snapshot, calendar: Calendar, width: int) -> list[list[FactLine]]:
    """Groups of lines about the day, each line at most `width` long."""
    quiet = not snapshot.calls and not snapshot.spent_nano
    pace = words.fitting(words.pace(snapshot, calendar), width)
    if quiet:
        pace = words.fitting((quiet_day(snapshot.day, snapshot.is_today, snapshot.lower_bound),), width)
    pace_style = STYLES[snapshot.band] if snapshot.band != "calm" else ""
    activity = [(0, pace, pace_style)] if pace else []
    if words.is_unknown(snapshot):
        unknown = f"▲ the rest of today is {words.unknown_since(snapshot, calendar)}"
        short = f"▲ {words.unknown_since(snapshot, calendar)}"
        line = (0, words.fitting((short if quiet else unknown, short), width), STYLES["warning"])
        activity = [line] if quiet else [*activity, line]
    if quiet:
        known = quiet_lines(snapshot, calendar)
        activity += [(1 + n, words.fitting(each, width), "") for n, each in enumerate(known)]
    else:
        activity.append((1, words.fitting(words.activity_text(snapshot), width), ""))
    if notes := words.notes(snapshot):
        activity.append((3 if snapshot.aborted_calls else 7, words.fitting(notes, width), STYLES["note"]))
    if unreadable := words.unreadable_text(snapshot):
        activity.append((4, "▲ " + words.fitting(unreadable, width - 2), STYLES["warning"]))
    split = [] if quiet else split_lines(snapshot.split, snapshot.tokens, width)
    spend: list[FactLine] = [
        (2 if i == 0 else 8, line, "" if i == 0 else STYLES["note"]) for i, line in enumerate(split)
    ]
    if not quiet and (tasks := task_lines(snapshot.tasks)):
        spend.append((6, words.fitting(tasks, width), ""))
    if list_price := words.list_price(snapshot):
        spend.append((5, words.fitting(list_price, width), ""))
    verdict = {"on pace": "", "over pace": STYLES["warning"], "over target": STYLES["cutoff"]}
    weeks = week_left if quiet and snapshot.is_today else words.week_line
    week = (2, words.fitting(weeks(snapshot.week), width), verdict[snapshot.week.verdict])
    return [activity, spend, [week]]


def choose(groups: list[list[FactLine]], height: int) -> list[tuple[str, str]]:
    """The (text, style) of at most `height` lines; blank ones between all groups where there is room."""
    kept = [list(group) for group in groups if group]
    while sum(map(len, kept)) > height and any(kept):
        worst = max((line for group in kept for line in group), key=lambda line: line[0])
        kept = [[line for line in group if line is not worst] for group in kept]
    kept = [group for group in kept if group]
    spaced = sum(map(len, kept)) + len(kept) - 1 <= height
    lines: list[tuple[str, str]] = []
    for group in kept:
        if lines and spaced:
            lines.append(("", ""))
        lines += [(text, style) for _, text, style in group]
    return lines


class DayFacts(DayPanel):
    DEFAULT_CSS = """
    DayFacts {
        height: 1fr;
        padding: 0;
        border: none;
        &:ansi { border: none; }
    }
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def facts(self, snapshot: Snapshot) -> object:
        return day_lines(snapshot, self._calendar, 1000)

    def render(self) -> Content:
        if self.snapshot is None or not self.size.width:
            return Content("")
        groups = day_lines(self.snapshot, self._calendar, self.size.width)
        lines = choose(groups, self.size.height)
        return Content("\n").join([Content.styled(text, style) for text, style in lines])
