"""The day in about seven lines of plain text."""

from __future__ import annotations

from opencode_tui.money import format_usd, percentages, plural, share
from opencode_tui.records.day import Snapshot
from opencode_tui.records.usage import Slice
from opencode_tui.report.words import amount_text, is_unknown

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def readout(snapshot: Snapshot) -> list[str]:
    """The text of `opencode-tui today`."""
    split, week = snapshot.split, snapshot.week
    shares = percentages((split.input_nano, split.output_nano, split.cache_nano, split.unknown_nano))
    unknown = f" / {shares[3]}% unknown" if shares[3] else ""
    spent = f"{amount_text(snapshot.spent_nano, snapshot.lower_bound)} spent"
    if is_unknown(snapshot) and not snapshot.spent_nano:
        spent = "unknown"
    known = "on pace as far as known" if week.lower_bound and week.verdict == "on pace" else week.verdict
    subagents = plural(snapshot.subagents, "subagent")
    lines = [
        f"opencode cost dashboard | {week.label} {_WEEKDAYS[snapshot.day.weekday()]}",
        f"today's run-rate: {spent}"
        f" (warning {format_usd(snapshot.warning_nano)}, cutoff {format_usd(snapshot.cutoff_nano)})",
        f"session count: {snapshot.sessions}{f' + {subagents}' if snapshot.subagents else ''}",
        f"top model: {_top(snapshot.models, snapshot.spent_nano)}",
        f"top provider: {_top(snapshot.providers, snapshot.spent_nano)}",
        f"input/output split: {shares[0]}% / {shares[1]}% / {shares[2]}% cache{unknown}",
        f"this week so far: {amount_text(week.spend_nano, week.lower_bound)}"
        f" (target {format_usd(week.target_nano)}, {known})",
    ]
    if snapshot.list_nano:
        lines.append(f"not billed: {format_usd(snapshot.list_nano)} at list price")
    if snapshot.aborted_calls:
        lines.append(f"at least: {snapshot.aborted_calls} aborted, what they streamed is recorded nowhere")
    if snapshot.unreadable_rows:
        lines.append(f"unreadable rows: {snapshot.unreadable_rows} (`opencode-tui sync` lists the reasons)")
    if snapshot.price_problems:
        lines.append(f"prices that cannot be read: {len(snapshot.price_problems)} (`opencode-tui sync` says which)")
    return lines


def _top(slices: tuple[Slice, ...], spent_nano: int) -> str:
    if not slices:
        return "none"
    top = slices[0]
    return (
        f"{top.key} ({amount_text(top.spend_nano, top.lower_bound)}, {share(top.spend_nano, spent_nano):.0%} of today)"
    )
