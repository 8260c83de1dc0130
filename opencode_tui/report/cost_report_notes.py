"""What a report says beside its total, and how its figures were made."""

from __future__ import annotations

from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.money import format_usd, plural
from opencode_tui.records.cost_report import Aside, CostReport
from opencode_tui.report.cost_report_words import Money

_PARTS = (
    ("that was undone", "undone"),
    ("for titles", "titles"),
    ("for interrupted compactions", "compactions"),
    ("in sessions that were deleted", "deleted"),
)


def beside_lines(report: CostReport, money: Money = format_usd) -> tuple[str, ...]:
    """What was not billed, forked, undone or lost, a sentence each; `money` writes the amounts."""
    asides = report.asides
    lines = []
    if asides.not_billed.calls:
        listed = f"{_calls(asides.not_billed)} would have cost {money(asides.not_billed.nano)} at list price"
        lines.append(f"Not billed: {listed}, and OpenCode recorded $0; that is not in the total.")
    if asides.forked.calls:
        paid = f"{_calls(asides.forked)} copied by forks had cost {money(asides.forked.nano)} in their originals"
        lines.append(f"Forked: {paid}; copies are not counted again.")
    parts = [(words, getattr(asides, name)) for words, name in _PARTS]
    unlisted = [f"{money(aside.nano)} {words} ({_calls(aside)})" for words, aside in parts if aside.calls]
    if unlisted:
        lines.append(f"In the total, though OpenCode has no row of it: {', '.join(unlisted)}.")
    if asides.incomplete:
        lines.append(
            f"Not known: {plural(asides.incomplete, 'call')} did not complete, and what was streamed is recorded"
            " nowhere, so the total is at least this."
        )
    if asides.unreadable:
        lines.append(
            f"Not known: {plural(asides.unreadable, 'row')} that may belong here could not be read, so ≥ stands before"
            " the amounts concerned."
        )
    elif report.lower_bound:
        lines.append("Not known: OpenCode's stores could not be read to their end, so ≥ stands before all amounts.")
    return tuple(lines) or ("Nothing: every call was billed, stands in one session, and was read.",)


def _calls(aside: Aside) -> str:
    return plural(aside.calls, "call")


def method(report: CostReport) -> tuple[str, str, str]:
    """How the figures were made, in three lines."""
    named = {"recorded": "as OpenCode recorded it", "custom": "at your own price", "list": "at list price"}
    bases = ", ".join(f"{calls:,} {named.get(basis, basis)}" for basis, calls in report.asides.bases.items())
    return (
        "Every call that OpenCode made is counted once, on the day it was made, and stays when OpenCode deletes or"
        " undoes it; copies in forks cost nothing.",
        "A call's cost was fixed when it completed, to the nano-dollar, and later prices do not change it"
        f"{f' ({bases})' if bases else ''}; where OpenCode recorded $0 it is $0.",
        f"The digest is SHA-256 over one line of JSON for each of these calls, in order of time and id: a list of"
        f" {', '.join(DIGEST_FIELDS)}. `opencode-tui report --verify FILE` says whether the ledger still has the same"
        " calls.",
    )
