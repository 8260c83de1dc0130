"""The spend of the last 60 minutes, which is crossed again once it has fallen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from opencode_tui.alerts.rules.measuring import Measuring
from opencode_tui.alerts.rules.rule import USD, Rule, least, lines_text, past_the_line
from opencode_tui.analysis.pace import run_rate
from opencode_tui.clock import DAY_MS, HOUR_MS, Span
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log, queries
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.facts import CallScope


class Rate(Rule):
    name = kind = "rate"
    title = "the spend of the last 60 minutes"
    unit = USD
    period = "rearmed"

    def in_force(self, settings: Settings) -> Iterator[str]:
        if lines := lines_text(settings.alerts.rate, USD):
            yield f"{self.title}: {lines}"

    def crossings(self, look: Measuring) -> Iterator[Crossing]:
        lines = look.settings.alerts.rate
        if lines.levels:
            costs = self._costs(look, least(lines))
            yield from self.risen(look, lines.levels, run_rate(costs, look.now_ms), rates(costs))

    def _costs(self, look: Measuring, line: int) -> Sequence[tuple[int, int]]:
        """Those of the last hour; where they reach the line those before too, to see when they did.

        That is the day before, and all since the last alert: a rate that has stayed past its line from then on has
        not been crossed again, however long it stays.
        """
        hour = queries.costs(look.connection, Span(look.now_ms - HOUR_MS, look.now_ms + 1))
        if run_rate(hour, look.now_ms) < line:
            return hour
        since_ms = look.now_ms - DAY_MS
        fired_ms = alert_log.last_fired_ms(look.connection, self.name, look.now_ms)
        since_ms = since_ms if fired_ms is None else min(since_ms, fired_ms)
        return queries.costs(look.connection, Span(since_ms - HOUR_MS, look.now_ms + 1))

    def calls(self, crossing: Crossing, look: Measuring) -> CallScope:
        return CallScope(Span(crossing.at_ms - HOUR_MS + 1, look.now_ms + 1))

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{USD.text(crossing.value)} in the last hour {past_the_line(crossing)}"


def rates(costs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spend of the last hour, just before and just after each of the calls."""
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
