"""Calls that the guard has refused because of a rate, a loop, a subagent's cap or a budget: one alert an incident."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, counted, period_key
from opencode_tui.clock import DAY_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.guard.held_calls import HeldCall, held_calls_beside, read_held_calls
from opencode_tui.ledger.environments import file_behind
from opencode_tui.records.alerts import JITTER_MS, Cause, Crossing
from opencode_tui.records.evidence import Evidence

_WHAT = {
    "calls": "a rate",
    "hour": "an hour's limit",
    "loop": "a loop",
    "subagent": "a subagent's cap",
    "budget": "a budget",
}
_LIFTS = {"calls": "rate", "hour": "rate"}


class Refused(Rule):
    name = "held"
    kind = "guard"
    title = "what the guard has refused"
    unit = counted("call")
    period = "incident"
    option = None
    rank = 91
    has_line = False

    def in_force(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        """A notice for each incident of the last day."""
        file = file_behind(measured.connection)
        for refusal in read_held_calls(held_calls_beside(file)) if file else ():
            if -JITTER_MS <= measured.now_ms - refusal.at_ms < DAY_MS:
                yield self._crossing(refusal, measured)

    def _crossing(self, refusal: HeldCall, measured: Measurements) -> Crossing:
        session_id = refusal.session_id or None
        where = f', in "{measured.title(session_id)}"' if session_id else ""
        return Crossing(
            rule=self.name,
            kind=self.kind,
            level="notice",
            subject=f"{refusal.kind}:{refusal.session_id}:{refusal.budget}",
            period=period_key(self.period, refusal.at_ms, measured.calendar),
            value=0,
            line=0,
            at_ms=refusal.at_ms,
            session_id=session_id,
            about=f"{refusal.sentence}{where}",
        )

    def calls(self, crossing: Crossing, measured: Measurements) -> None:
        return None

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"the guard has held {_WHAT[crossing.subject.partition(':')[0]]}"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        kind, _, rest = crossing.subject.partition(":")
        name = rest.partition(":")[2]
        lift = f"{_LIFTS.get(kind, kind)} {name}".rstrip()
        return Cause(
            crossing.about, crossing.session_id, remedy=f"`opencode-tui guard lift {lift} --for 30m` lets it go on"
        )


RULES: tuple[Rule, ...] = (Refused(),)
