"""Reads how one window of a plan stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.analysis.quota_shares import Weights, by_model, by_session
from opencode_tui.analysis.quota_windows import (
    LOOKED_BACK_MS,
    block_ms,
    calendar_window,
    full_at,
    rate_span,
    running_block,
    window_of_reset,
)
from opencode_tui.analysis.trees import roots
from opencode_tui.clock import HOUR_MS, Calendar, Span, calendar_for
from opencode_tui.config.settings import QuotaPlan
from opencode_tui.ledger import alert_queries
from opencode_tui.ledger.quota_queries import PlanSum, counted_from, first_plan_call, plan_began_ms, plan_sums
from opencode_tui.ledger.quota_readings import last_reading
from opencode_tui.readings.naming import session_titles
from opencode_tui.records.quotas import WHOLE, QuotaReading, QuotaWindow, SessionQuota

_BLOCKS_BACK = 40
"""So many blocks are followed from one to the next, which is a week of five hours each without a pause."""


class PlanLook(Struct, frozen=True):
    """A plan that is looked at at one moment."""

    connection: sqlite3.Connection
    """The ledger's."""
    name: str
    plan: QuotaPlan
    weights: Weights
    now_ms: int
    calendar: Calendar
    """The person's own, for the names of sessions without a title."""
    details: bool = True
    """Whether the windows have their pace and their sessions, which takes longer than the rest."""

    def sums(self, span: Span, *, sessions: bool = False) -> list[PlanSum]:
        """What counts in a span by model, and by session if it is asked for or if turns are counted."""
        turns = self.plan.unit == "turns"
        return plan_sums(self.connection, span, self.plan.providers, sessions=sessions or turns, turns=turns)

    def first_in(self, span: Span) -> int | None:
        return first_plan_call(self.connection, span, self.plan.providers)

    @property
    def zone(self) -> Calendar:
        """The plan's calendar."""
        return calendar_for(self.plan.zone)


def read_window(look: PlanLook, name: str) -> QuotaWindow:
    """A window of the plan as it stands now; what the service has reported of it replaces what the ledger knows."""
    cap, now_ms = look.plan.windows[name], look.now_ms
    reading = last_reading(look.connection, look.name, name)
    span = _span(look, name, reading)
    if span is None:
        return QuotaWindow(name, None, None, cap, 0, 0)
    if reading is not None and not span.start_ms <= reading.at_ms <= now_ms:
        reading = None  # it is of a window that has ended, or of a clock that was ahead
    sums = look.sums(Span(span.start_ms, min(span.end_ms, now_ms + 1)), sessions=look.details)
    used = sum(map(look.weights.used, sums))
    estimate = _estimate(look, cap, reading, sums)
    rate = _rate(look, name, span) if look.details else 0
    stands = max(used, estimate or 0) if reading is None else (estimate or reading.percent * cap // WHOLE)
    return QuotaWindow(
        name,
        span.start_ms,
        span.end_ms,
        cap,
        used,
        sum(each.calls for each in sums),
        reading,
        estimate,
        rate,
        full_at(stands, cap, rate, now_ms, span.end_ms),
        by_model(sums, look.weights),
        _sessions(look, sums) if look.details else (),
    )


def _span(look: PlanLook, name: str, reading: QuotaReading | None) -> Span | None:
    """The window that runs now; None for a block that no request has opened."""
    length_ms, now_ms = block_ms(name), look.now_ms
    since_ms = now_ms - LOOKED_BACK_MS
    if reading is not None and reading.at_ms <= now_ms:
        reported = window_of_reset(name, reading.resets_ms, now_ms, look.zone)
        if reported is not None and not (length_ms and _is_unopened(look, reported, reading)):
            return Span(counted_from(look.connection, reported.start_ms, look.plan.providers), reported.end_ms)
        since_ms = max(since_ms, reading.resets_ms if reported is None else reading.at_ms)
    if length_ms is None:
        return calendar_window(name, now_ms, look.zone, look.plan.month_day)
    since_ms = max(since_ms, now_ms - _BLOCKS_BACK * length_ms)
    opened = running_block(look.first_in, length_ms, since_ms, now_ms)
    return None if opened is None else Span(opened, opened + length_ms)


def _is_unopened(look: PlanLook, reported: Span, reading: QuotaReading) -> bool:
    """Whether a reset is that of a block which the next request opens: nothing is used, and none was known."""
    return reading.percent == 0 and look.first_in(Span(reported.start_ms, reading.at_ms)) is None


def _estimate(look: PlanLook, cap: int, reading: QuotaReading | None, sums: Sequence[PlanSum]) -> int | None:
    """What is used by now, if more is known than the service's percent or the ledger's sum."""
    if reading is not None:
        since = look.sums(Span(reading.at_ms, look.now_ms + 1))
        added = sum(look.weights.estimated(each)[0] for each in since)
        return reading.percent * cap // WHOLE + added if added else None
    if not look.weights.has_learned(sums):
        return None
    return sum(look.weights.estimated(each)[0] for each in sums)


def _rate(look: PlanLook, name: str, span: Span) -> int:
    """What is used an hour, of late."""
    now_ms = look.now_ms
    first_ms = None if block_ms(name) else plan_began_ms(look.connection, look.plan.providers)
    part = rate_span(name, span, first_ms, now_ms)
    used = sum(look.weights.estimated(each)[0] for each in look.sums(Span(part.start_ms, part.end_ms + 1)))
    return used * HOUR_MS // (part.end_ms - part.start_ms)


def _sessions(look: PlanLook, sums: Sequence[PlanSum]) -> tuple[SessionQuota, ...]:
    ids = sorted({each.session_id for each in sums})
    known = alert_queries.ancestry(look.connection, ids)
    root_of = roots(ids, {id: parent for id, (parent, _) in known.items()})
    titles = session_titles(look.connection, set(root_of.values()), look.calendar)
    return by_session(sums, look.weights, root_of, titles)
