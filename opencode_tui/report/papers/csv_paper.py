"""The report as CSV: one table in which `section` says what a row is about.

`spend_usd` is spent money; `other_usd` is an amount that is not part of it: a target, a list price, what copies cost
where they were made, what a session cost in all, or what a cause explains.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from opencode_tui.alerts.channels.message import body
from opencode_tui.clock import Calendar
from opencode_tui.money import plural
from opencode_tui.records.calls import Tokens
from opencode_tui.records.cost_report import CostReport, Ranking, ReportSession
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.report.cost_report_notes import method
from opencode_tui.report.papers.amounts import decimal_usd
from opencode_tui.report.papers.proofs import proof_json, proof_text
from opencode_tui.report.shipped_words import shipped_lines

_TOKENS = ("input", "output", "reasoning", "cache_read", "cache_write")
CSV_COLUMNS = (
    *("section", "key", "name", "spend_usd", "other_usd", "lower_bound", "band", "calls"),
    *(f"{kind}_tokens" for kind in _TOKENS),
    *("text", "calls_sha256"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def csv_paper(report: CostReport, calendar: Calendar) -> str:
    """The paper; the proof is its last row."""
    rest = rows_text([CSV_COLUMNS, *_rows(report)])
    span = calendar.span(report.first, report.last)
    proof = proof_text(proof_json(report, span.start_ms, span.end_ms, rest))
    return rest + rows_text([_cells("proof", text=proof)])


def rows_text(rows: Iterable[Iterable[str]]) -> str:
    """The rows as CSV, each ended by a line feed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _rows(report: CostReport) -> Iterator[list[str]]:
    totals, lines = report.totals, report.lines
    yield _cells("period", report.label, f"{report.first} to {report.last}", text=report.timezone)
    yield _cells("total", nano=totals.spend_nano, bound=report.lower_bound, calls=totals.calls, tokens=totals.tokens)
    yield _cells("sessions", text=str(totals.all_sessions))
    yield _cells("root sessions", text=str(len(report.sessions) + report.other_sessions))
    yield _cells("subagents", text=str(report.subagents))
    yield _cells("target", other=lines.target_nano)
    yield _cells("warning", name="of a day", other=lines.warning_nano)
    yield _cells("cutoff", name="of a day", other=lines.cutoff_nano)
    yield _cells("before", report.before_label, other=report.before_nano, bound=report.before_lower_bound)
    if report.today is not None:
        yield _cells("before at this point", report.today.isoformat(), other=report.before_point_nano)
    if report.since is not None:
        yield _cells("ledger begins", report.since.isoformat())
    for day in report.days:
        digest = day.digest
        yield _cells(
            *("day", digest.day.isoformat(), "before the ledger" if day.is_before_ledger else "", digest.spend_nano),
            bound=day.lower_bound,
            band=day.band,
            calls=digest.calls,
            sha256=digest.sha256,
        )
    for ranking in report.rankings:
        yield from _ranking(ranking)
    for session in report.sessions:
        yield from _session(session)
    if report.other_sessions:
        yield _cells("session", name=f"{report.other_sessions} others", nano=report.other_sessions_nano)
    for line in shipped_lines(report.shipped):
        yield _cells("what became of it", text=line)
    for insight in report.insights:
        text = f"{insight.what}: {insight.sum_shown} ({insight.sure}) → {insight.how}"
        yield _cells("insight", insight.rule, insight.title, other=insight.cost_nano, calls=insight.calls, text=text)
    for alert in report.alerts:
        yield _cells("alert", str(alert.id), alert.crossing.level, text=body(alert))
    if report.other_alerts:
        yield _cells("alert", name=f"{report.other_alerts} others")
    yield from _beside(report)
    for line in method(report):
        yield _cells("method", text=line)
    yield _cells("calls", sha256=report.digest.sha256)


def _ranking(ranking: Ranking) -> Iterator[list[str]]:
    rest = [(ranking.rest, f"{ranking.others} others")] if ranking.others else []
    for each, name in [*((each, "") for each in ranking.top), *rest]:
        yield _cells(
            *(ranking.by, each.key, name, each.spend_nano),
            bound=each.lower_bound,
            calls=each.calls,
            tokens=each.tokens,
        )


def _session(session: ReportSession) -> Iterator[list[str]]:
    about = f"{session.project} · {session.model} · {plural(session.subagents, 'subagent')}"
    yield _cells(
        *("session", session.id, session.title, session.total_nano),
        other=session.whole_nano if session.whole_nano != session.total_nano else None,
        bound=session.lower_bound,
        calls=session.calls,
        text=about + (" · deleted in OpenCode" if session.deleted else ""),
    )
    for cause in session.causes:
        yield _cells("cause", session.id, other=cause.nano, text=f"{cause.sentence} → {cause.remedy}")


def _beside(report: CostReport) -> Iterator[list[str]]:
    asides = report.asides
    for name, aside in (("not billed", asides.not_billed), ("forked", asides.forked)):
        yield _cells("beside", name, other=aside.nano, calls=aside.calls)
    for name, aside in (
        *(("undone", asides.undone), ("titles", asides.titles)),
        *(("compactions", asides.compactions), ("deleted", asides.deleted)),
    ):
        yield _cells("part of the total", name, nano=aside.nano, calls=aside.calls)
    yield _cells("beside", "incomplete calls", calls=asides.incomplete)
    yield _cells("beside", "unreadable rows", text=str(asides.unreadable))
    for basis, calls in asides.bases.items():
        yield _cells("basis", basis, calls=calls)


def _cells(
    section: str,
    key: str = "",
    name: str = "",
    nano: int | None = None,
    *,
    other: int | None = None,
    bound: bool | None = None,
    band: str = "",
    calls: int | None = None,
    tokens: Tokens | None = None,
    text: str = "",
    sha256: str = "",
) -> list[str]:
    counts = [str(count) for count in tokens.counts] if tokens else [""] * len(_TOKENS)
    return [
        *(section, _plain(key), _plain(name), *("" if each is None else decimal_usd(each) for each in (nano, other))),
        *("" if bound is None else str(bound).lower(), band, "" if calls is None else str(calls), *counts),
        *(text if section == "proof" else _plain(text), sha256),
    ]


def _plain(text: str) -> str:
    """Foreign text on one line, with a quote before what a spreadsheet would evaluate."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
