"""The same file edited by one session in many turns of a day."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, Subject, counted
from opencode_tui.analysis import remedies
from opencode_tui.analysis.call_costs import total_cost
from opencode_tui.analysis.cause_finders import by_turn
from opencode_tui.analysis.causes import NO_CALLS, cause_in
from opencode_tui.analysis.loops import is_edit
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.config.alert_values import count_setting
from opencode_tui.config.options import ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_queries
from opencode_tui.money import format_usd
from opencode_tui.paths import last_part
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence, SessionEvidence
from opencode_tui.records.facts import CallFacts, CallScope


class SameFile(Rule):
    name = "same_file"
    kind = "edits"
    title = "the same file edited in many turns"
    unit = counted("turn")
    period = "day"
    option = ValueOption("same_file", 4, count_setting)
    rank = 70

    def in_force(self, settings: Settings) -> Iterator[str]:
        if turns := self.option.of(settings.alerts):
            yield f"the same file edited in {turns} turns of a day: notice"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        least = self.option.of(measured.settings.alerts)
        for id, file, turns in alert_queries.edited(measured.connection, measured.day, least) if least else ():
            subject = Subject(f"{id}:{file}", id, f"{last_part(file)} in {in_quotes(measured.title(id))}")
            yield self.crossing(measured, "notice", turns, least, subject)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(measured.day, (crossing.session_id or "",))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{crossing.value} turns edited {crossing.about}"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        if not evidence.leading:
            return NO_CALLS
        session = evidence.leading[0]
        file = crossing.subject.removeprefix(f"{session.id}:")
        rounds = _rounds_on(session, file)
        calls = [call for turn in rounds for call in turn]
        nano, many = total_cost(calls), max(1, len(rounds))
        remedy = remedies.one_message(last_part(file), many, nano)
        return cause_in(session, calls, f"about {format_usd(nano // many)} a round", remedy)


def _rounds_on(session: SessionEvidence, file: str) -> list[list[CallFacts]]:
    used = {use.call_id for use in session.tools if is_edit(use) and use.target == file}
    turns = by_turn(session.calls).items()
    return [calls for id, calls in turns if id and any(call.id in used for call in calls)]


RULES: tuple[Rule, ...] = (SameFile(),)
