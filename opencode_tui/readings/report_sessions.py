"""Reads the costliest root sessions of a span, with what made them expensive there."""

from __future__ import annotations

from itertools import chain

from msgspec import Struct

from opencode_tui.analysis.causes import cause_of, causes_in
from opencode_tui.clock import Span
from opencode_tui.ledger import session_list_queries, session_queries
from opencode_tui.readings.context import Context
from opencode_tui.readings.evidence import evidence_of
from opencode_tui.readings.session_rows import session_rows
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.cost_report import ReportCause, ReportSession
from opencode_tui.records.facts import CallScope
from opencode_tui.records.sessions import SessionRow

_MOST = 5
_MOST_CAUSES = 3


class Costliest(Struct, frozen=True):
    """The costliest root sessions of a span; the others are counted and summed."""

    sessions: tuple[ReportSession, ...]
    others: int
    others_nano: int
    subagents: int
    """Of all of them."""


def read_costliest(span: Span, context: Context) -> Costliest:
    """The sessions are in order of their totals in the span."""
    rows = sorted(
        session_rows(span, context, sparks=False, contexts=False), key=lambda row: (-row.total_nano, -row.calls, row.id)
    )
    top, others = rows[:_MOST], rows[_MOST:]
    return Costliest(
        sessions=tuple(_session(row, span, context) for row in top),
        others=len(others),
        others_nano=sum(row.total_nano for row in others),
        subagents=sum(row.subagents for row in rows),
    )


def _session(row: SessionRow, span: Span, context: Context) -> ReportSession:
    members = tuple(session_queries.tree_ids(context.connection, row.id))
    sums = session_list_queries.sums_of(context.connection, members, span.end_ms).values()
    return ReportSession(
        id=row.id,
        title=row.title,
        project=row.project,
        model=row.model,
        own_nano=row.own_nano,
        total_nano=row.total_nano,
        whole_nano=sum(each.spend_nano for each in sums),
        subagents=row.subagents,
        calls=row.calls,
        turns=row.turns or 0,
        deleted=row.state == "deleted",
        lower_bound=row.lower_bound,
        causes=_causes(row, members, span, context),
    )


def _causes(row: SessionRow, members: tuple[str, ...], span: Span, context: Context) -> tuple[ReportCause, ...]:
    """What explains most of the session's spend in the span, then what else stands out in it and its subagents."""
    calendar = context.calendar
    about = Crossing("report", "spend", "notice", row.id, "", row.total_nano, 0, span.end_ms, row.id)
    evidence = evidence_of(context.connection, about, CallScope(span, members), calendar, context.settings)
    main = cause_of(about, evidence, calendar)
    beside = chain.from_iterable(causes_in(session, calendar) for session in evidence.leading)
    others = sorted((finding.cause for finding in beside), key=lambda cause: -cause.cost_nano)
    found: dict[str, Cause] = {cause.sentence: cause for cause in (main, *others) if cause.found}
    if not found:
        return ()
    return tuple(
        ReportCause(each.sentence, each.remedy, each.cost_nano) for each in list(found.values())[:_MOST_CAUSES]
    )
