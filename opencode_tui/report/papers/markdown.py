"""The report as Markdown, with exact amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opencode_tui.clock import Calendar
from opencode_tui.money import plural
from opencode_tui.records.cost_report import CostReport, Ranking, ReportSession
from opencode_tui.records.privacy.harmless import one_line, shown_id
from opencode_tui.report import cost_report_words as words
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.cost_report_notes import beside_lines, method
from opencode_tui.report.insight_words import saving_text
from opencode_tui.report.papers import LONGEST_NAME
from opencode_tui.report.papers.proofs import proof_json, proof_text
from opencode_tui.report.shipped_words import shipped_lines

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_RIGHT = frozenset({"spend", "share", "calls"})


def markdown_paper(report: CostReport, calendar: Calendar) -> str:
    """The paper; the proof is a comment at its end."""
    rest = "\n".join(_lines(report, calendar))
    span = calendar.span(report.first, report.last)
    proof = proof_text(proof_json(report, span.start_ms, span.end_ms, rest))
    return f"{rest}\n\n<!-- opencode-tui report: {proof} -->\n"


def _lines(report: CostReport, calendar: Calendar) -> Iterator[str]:
    totals = report.totals
    yield from (f"# {words.report_title(report)}", "", f"{literal(words.report_days(report))}.", "")
    spent = _money(totals.spend_nano, report.lower_bound)
    yield f"**{spent}**: {words.against_target(report, _money)}; {words.against_before(report, _money)}."
    yield from ("", f"{words.counts_text(report)}: {words.split_text(report)}.", "", "## Days", "")
    yield from (f"{words.days_summary(report, _money)}.", "")
    yield from _table(
        ("day", "spend", "calls", "band"),
        [
            (
                words.day_name(day.digest.day, report),
                _money(day.digest.spend_nano, day.lower_bound),
                f"{day.digest.calls:,}",
                words.band_text(day),
            )
            for day in report.days
        ],
    )
    yield from ("", f"`{words.same_by_usage(report, 'day')}`")
    for ranking in report.rankings:
        yield from ("", f"## {words.ranking_title(ranking)}", "")
        yield from _table((ranking.by, "spend", "share", "calls"), _ranking_rows(ranking))
        yield from ("", f"`{words.same_by_usage(report, ranking.by)}`")
    yield from ("", "## Costliest sessions", "")
    yield from _sessions(report)
    if shipped := shipped_lines(report.shipped, exact_usd):
        yield from ("", "## What became of it", "", *(f"- {literal(line)}" for line in shipped))
    yield from ("", "## Why", "")
    yield from _insights(report)
    yield from ("", "## Alerts", "")
    yield from _alerts(report, calendar)
    yield from ("", "## Beside the total", "")
    yield from (f"- {line}" for line in beside_lines(report, _money))
    yield from ("", "## Method and proof", "")
    yield from (f"{number}. {line}" for number, line in enumerate(method(report), 1))
    yield from ("", f"All calls: `{report.digest.sha256}`", "")
    digests = [(words.day_name(day.digest.day, report), f"`{day.digest.sha256}`") for day in report.days]
    yield from _table(("day", "SHA-256 of its calls"), digests)


def _ranking_rows(ranking: Ranking) -> list[Sequence[str]]:
    rest = [(plural(ranking.others, "other"), ranking.rest)] if ranking.others else []
    named = [*((literal(each.key, LONGEST_NAME), each) for each in ranking.top), *rest]
    return [
        (name, _money(each.spend_nano, each.lower_bound), literal(share), f"{each.calls:,}")
        for (name, each), share in zip(named, words.ranking_shares(ranking), strict=True)
    ]


def _sessions(report: CostReport) -> Iterator[str]:
    for session in report.sessions:
        yield from _session(session)
    if report.other_sessions:
        yield f"- {plural(report.other_sessions, 'other session')}: {_money(report.other_sessions_nano)}"
    if not report.sessions:
        yield "None."


def _session(session: ReportSession) -> Iterator[str]:
    total = _money(session.total_nano, session.lower_bound)
    facts = literal(words.session_facts_text(session, exact_usd))
    yield f"- **{total}** {literal(session.title, LONGEST_NAME)}: {facts}"
    yield f"  (`opencode-tui session {_code(shown_id(session.id))}`)"
    for cause in session.causes:
        yield f"  - {_money(cause.nano)}: {literal(cause.sentence)}"
    if not session.causes:
        yield "  - nothing stands out in it"


def _insights(report: CostReport) -> Iterator[str]:
    for each in report.insights:
        yield f"- **{_money(each.cost_nano)}** {literal(each.title)}: {literal(each.what)}"
        yield f"  - {literal(each.sum_shown)} ({each.sure})"
        yield f"  - {literal(saving_text(each))}: {literal(each.how)}"
    if report.other_insights:
        yield f"- {plural(report.other_insights, 'other')} that cost less"
    if not report.insights:
        yield "Nothing stands out that could have cost less."


def _alerts(report: CostReport, calendar: Calendar) -> Iterator[str]:
    for alert in report.alerts:
        at = calendar.local(alert.crossing.at_ms)
        when = f"{words.day_name(at.date(), report)} {at:%H:%M}"
        yield f"- {when} {words.alert_level(alert)}: {literal(alert.text)}"
    if report.other_alerts:
        yield f"- {plural(report.other_alerts, 'other')} that were no more severe"
    if not report.alerts:
        yield "None fired."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---:' if head in _RIGHT else '---' for head in heads)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _money(nano: int, lower_bound: bool = False) -> str:
    return f"{'≥' if lower_bound else ''}{exact_usd(nano)}"


def literal(text: str, limit: int = 600) -> str:
    """Foreign text on one line of at most `limit` characters, in which nothing is Markdown or HTML."""
    line = _SPECIAL.sub(r"\\\1", one_line(text, limit)).replace("://", ":\\/\\/")
    return "".join(_ENTITIES.get(letter, letter) for letter in line)


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "¦")
