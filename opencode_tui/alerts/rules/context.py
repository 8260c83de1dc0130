"""The context fill of a session's newest call; re-armed when the context has been freed."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import ANY_TIME, PERCENT, Rule, Subject, least, titled
from opencode_tui.analysis import remedies
from opencode_tui.analysis.cause_finders import context_growth, last_stretch
from opencode_tui.analysis.causes import NO_CALLS
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.config.options import FillsOption
from opencode_tui.config.settings import Fills, Settings
from opencode_tui.ledger import alert_queries
from opencode_tui.money import format_usd, tokens_text
from opencode_tui.readings.context import ContextLimits
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope


class ContextFill(Rule):
    name = kind = "context"
    title = "how full the context is"
    unit = PERCENT
    period = "rearmed"
    option = FillsOption("context", Fills(notice=80, warning=95))
    rank = 30

    def in_force(self, settings: Settings) -> Iterator[str]:
        return titled(self, self.option.of(settings.alerts))

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        """Reads all calls only of sessions whose newest call reaches a line."""
        lines, limits = self.option.of(measured.settings.alerts), measured.limits
        if limits is None or not lines.levels:
            return
        for id, tokens, *model in alert_queries.newest_fills(measured.connection, measured.day):
            if _percent(limits, tokens, *model) >= least(lines):
                calls = alert_queries.fills(measured.connection, id)
                course = [(at_ms, _percent(limits, read, *each)) for at_ms, read, *each in calls]
                subject = Subject(id, id, f"of {in_quotes(measured.title(id))}")
                yield from self.rearmed(measured, lines.levels, course[-1][1], course, subject)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(ANY_TIME, (crossing.subject,))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        stands = "past" if crossing.value > crossing.line else "at"
        line = f"{stands} the {crossing.level} {crossing.line}%"
        return f"the context {crossing.about} is {crossing.value}% full, {line}"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        session = evidence.leading[0] if evidence.leading else None
        calls = last_stretch(session) if session else []
        if session is None or not calls:
            return NO_CALLS
        last, growth, remedy = calls[-1], context_growth(calls), remedies.compact(calls)
        if growth is not None:
            words, nano = growth
            return Cause(f"it {words}", session.id, last.turn_id, nano, remedy=remedy)
        read = f"its last call read {tokens_text(last.tokens.context)} tokens and cost {format_usd(last.cost_nano)}"
        return Cause(read, session.id, last.turn_id, last.cost_nano, remedy=remedy)


def _percent(limits: ContextLimits, tokens: int, *model: str) -> int:
    limit = limits.context_limit(*model)
    return tokens * 100 // limit if limit else 0


RULES: tuple[Rule, ...] = (ContextFill(),)
