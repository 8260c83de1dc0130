"""The spend of the last 60 minutes; re-armed when it has fallen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import USD, Rule, least, past_the_line, titled
from opencode_tui.analysis.pace import run_rate
from opencode_tui.clock import DAY_MS, HOUR_MS, Span
from opencode_tui.config.options import LinesOption
from opencode_tui.config.settings import Lines, Settings
from opencode_tui.ledger import alert_log, queries
from opencode_tui.money import NANO
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.facts import CallScope


class Rate(Rule):
    name = kind = "rate"
    title = "the spend of the last 60 minutes"
    unit = USD
    period = "rearmed"
    option = LinesOption("rate", Lines(warning_nano=2 * NANO))
    rank = 20

    def in_force(self, settings: Settings) -> Iterator[str]:
        return titled(self, self.option.of(settings.alerts))

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        lines = self.option.of(measured.settings.alerts)
        if lines.levels:
            costs = self._costs(measured, least(lines))
            yield from self.rearmed(measured, lines.levels, run_rate(costs, measured.now_ms), rate_course(costs))

    def _costs(self, measured: Measurements, line: int) -> Sequence[tuple[int, int]]:
        """The costs of the last hour and, if they reach the line, earlier ones to find the time of the crossing.

        These are those of the day before and of all time since the last alert, since a rate that has stayed past its
        line since then has not crossed it again.
        """
        hour = queries.costs(measured.connection, Span(measured.now_ms - HOUR_MS, measured.now_ms + 1))
        if run_rate(hour, measured.now_ms) < line:
            return hour
        since_ms = measured.now_ms - DAY_MS
        fired_ms = alert_log.last_fired_ms(measured.connection, self.name, measured.now_ms)
        since_ms = since_ms if fired_ms is None else min(since_ms, fired_ms)
        return queries.costs(measured.connection, Span(since_ms - HOUR_MS, measured.now_ms + 1))

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(Span(crossing.at_ms - HOUR_MS + 1, measured.now_ms + 1))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{USD.text(crossing.value)} in the last hour {past_the_line(crossing)}"


def rate_course(costs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spend of the last 60 minutes, just before and just after each call."""
    hour: deque[tuple[int, int]] = deque()
    rate = 0
    for at_ms, nano in costs:
        while hour and hour[0][0] <= at_ms - HOUR_MS:
            rate -= hour.popleft()[1]
        yield at_ms, rate
        hour.append((at_ms, nano))
        rate += nano
        yield at_ms, rate


RULES: tuple[Rule, ...] = (Rate(),)
