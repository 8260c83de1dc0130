"""Troubles of the guard: one alert for each incident."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, counted, period_key
from opencode_tui.clock import MINUTE_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence


class GuardHealth(Rule):
    name = kind = "guard"
    title = "whether the guard holds"
    unit = counted("call")
    period = "incident"
    option = None
    rank = 90
    has_line = False

    def in_force(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        """A warning for each trouble that lets calls pass; a notice for others that have lasted a minute."""
        for trouble in measured.troubles:
            if not trouble.held or not trouble.noted or measured.now_ms - trouble.at_ms >= MINUTE_MS:
                yield Crossing(
                    rule=self.name,
                    kind=self.kind,
                    level="notice" if trouble.held else "warning",
                    subject=trouble.cause,
                    period=period_key(self.period, trouble.at_ms, measured.calendar),
                    value=0,
                    line=0,
                    at_ms=trouble.at_ms if trouble.noted else measured.now_ms,
                    about=f"{trouble.sentence}; {trouble.remedy}",
                )

    def calls(self, crossing: Crossing, measured: Measurements) -> None:
        return None

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return "the guard is weakened" if crossing.level == "notice" else "the guard does not hold"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        return Cause(crossing.about)


RULES: tuple[Rule, ...] = (GuardHealth(),)
