"""An action's outcome in one sentence, for toasts and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opencode_tui.alerts.rules import title_of
from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import tilde
from opencode_tui.records.insights import InsightMark
from opencode_tui.records.outcomes import (
    AlertsAcknowledged,
    AlertsSeen,
    AlertsSnoozed,
    AlertsUnacknowledged,
    AlertsUnseen,
    CutoffRaised,
    GuardInstalled,
    GuardLifted,
    InsightsMarked,
    InsightsUnmarked,
    Outcome,
)
from opencode_tui.report.held_words import lifted_words


def outcome_words(outcome: Outcome, calendar: Calendar, now_ms: int) -> str:
    return _WORDS[type(outcome)](outcome, calendar, now_ms)


def undo_notice(outcome: AlertsAcknowledged | AlertsSeen) -> str:
    """Such as `acknowledged: the day's spend  u takes it back`."""
    if isinstance(outcome, AlertsSeen):
        return f"{plural(len(outcome.ids), 'alert')} seen  u takes it back"
    if not outcome.new:
        return "acknowledged before"
    names = dict.fromkeys(title_of(alert.crossing) for alert in outcome.new)
    return f"acknowledged: {', '.join(names)}  u takes it back"


def _seen(outcome: AlertsSeen, calendar: Calendar, now_ms: int) -> str:
    return f"{plural(len(outcome.ids), 'alert')} seen"


def _unseen(outcome: AlertsUnseen, calendar: Calendar, now_ms: int) -> str:
    return f"{plural(len(outcome.ids), 'alert')} new again"


def _snoozed(outcome: AlertsSnoozed, calendar: Calendar, now_ms: int) -> str:
    left = len(outcome.ids) - outcome.snoozed
    kept = f"; {plural(left, 'alert')} acknowledged already" if left else ""
    return f"{plural(outcome.snoozed, 'alert')} snoozed until {calendar.local(outcome.until_ms):%a %H:%M}{kept}"


def _acknowledged(outcome: AlertsAcknowledged, calendar: Calendar, now_ms: int) -> str:
    return f"{plural(len(outcome.ids), 'alert')} acknowledged"


def _unacknowledged(outcome: AlertsUnacknowledged, calendar: Calendar, now_ms: int) -> str:
    return f"{plural(len(outcome.changed), 'acknowledgement')} taken back"


def _insights_marked(outcome: InsightsMarked, calendar: Calendar, now_ms: int) -> str:
    return "\n".join(_marked(mark, calendar, now_ms) for mark in outcome.marks)


def _marked(mark: InsightMark, calendar: Calendar, now_ms: int) -> str:
    if mark.state == "done":
        return f"done: {mark.title}; what it costs from now on is compared with the week before"
    if mark.until_ms is None:
        return f"dismissed for ever: {mark.title}"
    return f"dismissed until {calendar.moment(mark.until_ms, now_ms)}: {mark.title}"


def _insights_unmarked(outcome: InsightsUnmarked, calendar: Calendar, now_ms: int) -> str:
    return "\n".join(f"new again: {mark.title}" for mark in outcome.marks) or "no insight was marked"


def _lifted(outcome: GuardLifted, calendar: Calendar, now_ms: int) -> str:
    if outcome.what:
        limit = lifted_words(outcome.what)
        if outcome.until_ms is None:
            return f"The guard holds {limit} again."
        return f"The guard does not hold {limit} until {calendar.moment(outcome.until_ms, now_ms)}."
    if outcome.until_ms is None:
        return f"The guard holds again: the cutoff is {format_usd(outcome.cutoff_nano)}."
    return f"The guard is lifted until {calendar.moment(outcome.until_ms, now_ms)}."


def _raised(outcome: CutoffRaised, calendar: Calendar, now_ms: int) -> str:
    cutoff = format_usd(outcome.cutoff_nano)
    return f"The cutoff is {cutoff} again." if outcome.ended else f"The cutoff is {cutoff} for today."


def _installed(outcome: GuardInstalled, calendar: Calendar, now_ms: int) -> str:
    done = (
        f"The guard is installed in {tilde(outcome.plugin)}: OpenCode is held to"
        f" {format_usd(outcome.cutoff_nano)} a day, OpenCode 1 from its next start on."
    )
    if not outcome.waits_for_npm:
        return done
    return (
        f"{done}\nBefore a plugin runs for the first time OpenCode fetches @opencode-ai/plugin from npm; where npm"
        " cannot be reached, each start of OpenCode waits for it for about a minute."
    )


_WORDS: Mapping[type[Any], Callable[[Any, Calendar, int], str]] = {
    AlertsSeen: _seen,
    AlertsUnseen: _unseen,
    AlertsSnoozed: _snoozed,
    AlertsAcknowledged: _acknowledged,
    AlertsUnacknowledged: _unacknowledged,
    InsightsMarked: _insights_marked,
    InsightsUnmarked: _insights_unmarked,
    GuardLifted: _lifted,
    CutoffRaised: _raised,
    GuardInstalled: _installed,
}
