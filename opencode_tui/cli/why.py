"""`opencode-tui why`: the insights of a period by money, and what a person decides about them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from opencode_tui.alerts.actions import Workplace, act
from opencode_tui.analysis.insight_marks import mark_of
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Opened, Trouble, opened, settings_for, using_ledger
from opencode_tui.cli.periods import check_period, refused
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.guard.state import state_file
from opencode_tui.ledger.insight_marks import marks_of_insights
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.insights import insights_span, read_insights, settle_insights
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import Insight, InsightMark
from opencode_tui.records.outcomes import InsightsMarked, InsightsUnmarked
from opencode_tui.records.requests import InsightsRequest, MarkInsights, UnmarkInsights
from opencode_tui.report.insights import insights_json, insights_text, marks_json
from opencode_tui.report.outcome_words import outcome_words

_LEAST_OF_ID = 3
_LISTS = "`opencode-tui why --dismissed` lists those there are"


def run(arguments: argparse.Namespace) -> int:
    check_period(arguments.period)
    {None: _list, "dismiss": _mark, "done": _mark, "restore": _restore}[arguments.action](arguments)
    return EXIT_OK


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as at:
        found = found_insights(at, arguments.period)
        with at.ledger.reading() as connection:
            decided = marks_of_insights(connection)
    if arguments.json:
        print(json.dumps(insights_json(found, at.calendar)))
        return
    dismissed = tuple(each for each in decided if each.is_dismissed(found.taken_ms)) if arguments.dismissed else ()
    print(insights_text(found, at.calendar, table_width(is_wide=False), marks=dismissed))


def found_insights(at: Opened, period: str) -> InsightList:
    """The insights of a period, after its sessions were looked at. Raises Trouble for a period that is none."""
    request, now = InsightsRequest(period), now_ms()
    with at.reading(now) as context, refused():
        span = insights_span(request, context)
    settle_insights(at.ledger, at.settings.insights.options, at.sync.book, span, live=at.sync.answers)
    with at.reading(now) as context:
        return read_insights(request, context)


def _mark(arguments: argparse.Namespace) -> None:
    """Dismiss insights of the period, or mark them as done."""
    with opened(arguments) as at:
        found, now = found_insights(at, arguments.period), now_ms()
        there = {each.id: each for each in (*found.insights, *found.dismissed)}
        chosen: list[Insight] = [there[id] for id in _ids(arguments.ids, list(there), f"in {found.label}")]
        is_done, for_ever = arguments.action == "done", getattr(arguments, "for_ever", False)
        marked = tuple(mark_of(each, now, is_done=is_done, for_ever=for_ever) for each in chosen)
        _act(MarkInsights(marked), at.ledger, at.settings.timezone, arguments)


def _restore(arguments: argparse.Namespace) -> None:
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger:
        with ledger.reading() as connection:
            decided: dict[str, InsightMark] = {mark.id: mark for mark in marks_of_insights(connection)}
        chosen = [decided[id] for id in _ids(arguments.ids, list(decided), "that was dismissed or marked as done")]
        _act(UnmarkInsights(tuple((mark.rule, mark.key) for mark in chosen)), ledger, settings.timezone, arguments)


def _act(action: MarkInsights | UnmarkInsights, ledger: Ledger, timezone: str, arguments: argparse.Namespace) -> None:
    """Carries the action out, and prints its outcome."""
    at = Workplace(state_file(ledger.path), calendar_for(timezone), now_ms(), ledger)
    outcome = act(action, at)
    if arguments.json and isinstance(outcome, InsightsMarked | InsightsUnmarked):
        print(json.dumps(marks_json(outcome, at.calendar)))
    else:
        print(outcome_words(outcome, at.calendar, at.now_ms))


def _ids(texts: Sequence[str], there: Sequence[str], where: str) -> list[str]:
    """The ids that texts name in full or by their beginning. Raises Trouble for one that names none, or several."""
    found: dict[str, None] = {}
    for text in texts:
        if len(text) < _LEAST_OF_ID:
            least = f"write at least the first {_LEAST_OF_ID} characters of its id"
            raise Trouble(f"{text!r} is too short to name an insight: {least}; {_LISTS}", EXIT_USAGE)
        like = [id for id in there if id.startswith(text.lower())]
        if not like:
            raise Trouble(f"there is no insight {text!r} {where}; {_LISTS}", EXIT_USAGE)
        if len(like) > 1:
            raise Trouble(f"{text!r} is the beginning of {' and '.join(sorted(like))}; write more of it", EXIT_USAGE)
        found[like[0]] = None
    return list(found)
