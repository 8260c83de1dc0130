"""The same tool call repeated in one of today's sessions with nothing in between that may have changed files."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, Subject, counted
from opencode_tui.analysis import remedies
from opencode_tui.analysis.call_costs import total_cost
from opencode_tui.analysis.causes import NO_CALLS, cause_in
from opencode_tui.analysis.loops import loops
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.config.alert_values import count_setting
from opencode_tui.config.options import ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_queries
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope


class SameCall(Rule):
    name = "same_call"
    kind = "loop"
    title = "the same tool call again and again, with nothing changed in between"
    unit = counted("time")
    period = "day"
    option = ValueOption("same_call", 8, count_setting)
    rank = 60

    def in_force(self, settings: Settings) -> Iterator[str]:
        if times := self.option.of(settings.alerts):
            yield f"the same tool call {times} times in a session, with nothing changed in between: notice"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        """Reads candidate sessions completely, since edits in between decide."""
        least = self.option.of(measured.settings.alerts)
        for id in alert_queries.repeating(measured.connection, measured.day, least) if least else ():
            calls = alert_queries.calls_in(measured.connection, CallScope(measured.day, (id,)), id)
            for loop in loops(calls, alert_queries.tools_of(measured.connection, calls)):
                if loop.times >= least:
                    subject = Subject(f"{id}:{loop.key}", id, f"({loop.what}) in {in_quotes(measured.title(id))}")
                    yield self.crossing(measured, "notice", loop.times, least, subject)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(measured.day, (crossing.session_id or "",))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{crossing.value} identical calls {crossing.about}"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        if not evidence.leading:
            return NO_CALLS
        session = evidence.leading[0]
        key = crossing.subject.removeprefix(f"{session.id}:")
        calls = [call for loop in loops(session.calls, session.tools) if loop.key == key for call in loop.calls]
        remedy = remedies.interrupt_loop(calls) if calls else ""
        return cause_in(session, calls, f"they cost {format_usd(total_cost(calls))}", remedy)


RULES: tuple[Rule, ...] = (SameCall(),)
