"""A subagent nested deeper than the limit."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import ANY_TIME, Rule, Subject, counted
from opencode_tui.analysis import remedies
from opencode_tui.analysis.call_costs import total_cost
from opencode_tui.analysis.causes import NO_CALLS, cause_in
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.config.alert_values import count_setting
from opencode_tui.config.options import ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope


class SubagentDepth(Rule):
    name = "subagent_depth"
    kind = "depth"
    title = "how deep subagents are nested"
    unit = counted("level")
    period = "ever"
    option = ValueOption("subagent_depth", 0, count_setting)
    rank = 50

    def in_force(self, settings: Settings) -> Iterator[str]:
        if depth := self.option.of(settings.alerts):
            yield f"a subagent deeper than {depth}: warning"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        most = self.option.of(measured.settings.alerts)
        for node in measured.nodes if most else ():
            if node.depth > most:
                subject = Subject(node.id, node.id, in_quotes(measured.title(node.id)))
                yield self.crossing(measured, "warning", node.depth, most, subject)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(ANY_TIME, (crossing.subject,))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{crossing.about} is a subagent at depth {crossing.value}, deeper than {crossing.line}"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        if not evidence.leading:
            return NO_CALLS
        session = evidence.leading[0]
        return cause_in(
            session, session.calls, f"it cost {format_usd(total_cost(session.calls))} so far", remedies.DEPTH
        )


RULES: tuple[Rule, ...] = (SubagentDepth(),)
