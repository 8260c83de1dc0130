"""The levers as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural, usd
from opencode_tui.paths import tilde
from opencode_tui.records.insights import Insight, Lever
from opencode_tui.records.levers import AppliedChange, FileChange, LeverEvidence, LeversView, NotOffered
from opencode_tui.report.differences import difference
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none, saving_or_none

LEVER_NAMES: dict[Lever, str] = {
    "context": "context discipline",
    "routing": "provider routing",
    "compaction": "compaction",
    "quota": "quota-aware switching",
}
_MOST_INSIGHTS = 3


def levers_lines(view: LeversView, changes: Sequence[FileChange], by_hand: Sequence[NotOffered]) -> Iterator[str]:
    """Each lever with its evidence and the next thing to do, and then the changes that can be written."""
    yield f"levers | {view.label}, {view.first} to {view.last}"
    for number, lever in enumerate(view.levers, 1):
        yield ""
        yield f"{number} {LEVER_NAMES[lever.lever]}: {_sum_of(lever)}"
        for insight in lever.insights[:_MOST_INSIGHTS]:
            yield f"  {format_usd(insight.cost_nano)} {insight.title}: {insight.what}"
        if more := len(lever.insights) - _MOST_INSIGHTS:
            yield from (f"  and {plural(more, 'more insight')}",) if more > 0 else ()
        yield from (f"  {fact}" for fact in lever.facts)
        yield from (f"  already set: {each}" for each in lever.already)
        if step := _next_step(lever, changes):
            yield f"  next: {step}"
    if changes:
        yield from ("", "changes of files, each written only after it was shown and you said yes:")
        for change in changes:
            yield f"  {change.name}  {tilde(change.file)}"
            yield f"    {change.what}"
        yield "`opencode-tui levers apply NAME` shows and writes one, `opencode-tui levers undo` takes it back"
    if others := [each.sentence for each in by_hand if not each.is_set]:
        yield from ("", "not offered:", *(f"  {each}" for each in others))


def _sum_of(lever: LeverEvidence) -> str:
    if not lever.insights:
        return "no insight in this period"
    return f"{plural(len(lever.insights), 'insight')}, {format_usd(lever.cost_nano)}; {_saving(lever)}"


def _saving(lever: LeverEvidence) -> str:
    if not lever.saves_nano:
        return f"what it would save is not known ({sure_of(lever)})"
    return f"{most_of(lever)}{format_usd(lever.saves_nano)} would not have been spent ({sure_of(lever)})"


def most_of(lever: LeverEvidence) -> str:
    """What stands before what a lever would save: `at most ` if of one of its insights only the most is known."""
    return "at most " if any(insight.saves_at_most for insight in lever.insights) else ""


def sure_of(lever: LeverEvidence) -> str:
    """`measured` if all insights are, else `estimated`; empty without one."""
    if not lever.insights:
        return ""
    return "measured" if all(insight.sure == "measured" for insight in lever.insights) else "estimated"


def _next_step(lever: LeverEvidence, changes: Sequence[FileChange]) -> str:
    """What to do next: a change of a file if there is one, else the lever's own step."""
    name = next((change.name for change in changes if change.lever == lever.lever), "")
    if name:
        return f"opencode-tui levers apply {name}"
    return lever.step


def unwritten_lines(
    view: LeversView, changes: Sequence[FileChange], by_hand: Sequence[NotOffered], levers: Sequence[str]
) -> Iterator[str]:
    """Of each of these levers that has an insight and no change of a file, why not, and what to do instead."""
    written, explained = {change.lever for change in changes}, {each.lever for each in by_hand}
    for lever in view.levers:
        if lever.lever in levers and lever.insights and lever.lever not in written | explained:
            by_hand_step = f"; do by hand: {lever.step}" if lever.step else ""
            yield f"{LEVER_NAMES[lever.lever]}: no change of a file is offered{by_hand_step}"
            yield from (f"  already set: {each}" for each in lever.already)
    yield from (each.sentence for each in by_hand if each.lever in levers)


def levers_json(view: LeversView, changes: Sequence[FileChange], by_hand: Sequence[NotOffered]) -> dict[str, Any]:
    """The JSON of `levers`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "period": view.label,
        "from": view.first.isoformat(),
        "to": view.last.isoformat(),
        "levers": [
            {
                "lever": lever.lever,
                "name": LEVER_NAMES[lever.lever],
                "cost_usd": usd(lever.cost_nano),
                "saves_usd": saving_or_none(lever.saves_nano) if lever.insights else 0.0,
                "sure": sure_of(lever) or None,
                "facts": list(lever.facts),
                "insights": [_insight_json(insight) for insight in lever.insights],
                "already_set": list(lever.already),
                "next": _next_step(lever, changes) or None,
                "changes": [_change_json(change) for change in changes if change.lever == lever.lever],
            }
            for lever in view.levers
        ],
        "by_hand": [each.sentence for each in by_hand],
    }


def _insight_json(insight: Insight) -> dict[str, Any]:
    return {
        "rule": insight.rule,
        "title": insight.title,
        "what": insight.what,
        "how": insight.how,
        "cost_usd": usd(insight.cost_nano),
        "saves_usd": saving_or_none(insight.saves_nano),
        "sure": insight.sure,
        "sum": insight.sum_shown,
    }


def _change_json(change: FileChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "file": str(change.file),
        "what": change.what,
        "diff": "\n".join(difference(change.file, change.before, change.after)),
    }


def applied_lines(applied: Sequence[AppliedChange], calendar: Calendar, now_ms: int) -> Iterator[str]:
    """The changes that were written, the newest last."""
    if not applied:
        yield "no lever has changed a file"
    for each in applied:
        undone = "" if each.undone_ms is None else f", undone {calendar.moment(each.undone_ms, now_ms)}"
        yield f"{each.id}  {each.name}  {each.file}  written {calendar.moment(each.applied_ms, now_ms)}{undone}"


def applied_json(applied: Sequence[AppliedChange], calendar: Calendar) -> dict[str, Any]:
    """The JSON of `levers list`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "applied": [
            {
                "id": each.id,
                "name": each.name,
                "lever": each.lever,
                "file": each.file,
                "what": each.what,
                "applied_at": calendar.iso(each.applied_ms),
                "undone_at": moment_or_none(each.undone_ms, calendar),
            }
            for each in applied
        ],
    }
