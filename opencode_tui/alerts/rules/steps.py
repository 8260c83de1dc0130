"""A notice at every so many calls, dollars or minutes with spend of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import USD, Rule, Unit, counted
from opencode_tui.config.settings import Alerts, Settings
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.facts import CallScope


@dataclass(frozen=True)
class Steps(Rule):
    """Fires at each multiple of a step; the crossing is the last multiple that the day has passed."""

    name: str
    title: str
    unit: Unit
    step: Callable[[Alerts], int]
    measure: Callable[[Measurements], int]
    only: str = ""
    """A restriction for the text, such as ` with spend`."""
    is_sum: bool = False
    kind: Literal["every"] = "every"
    period: Literal["day"] = "day"

    def in_force(self, settings: Settings) -> Iterator[str]:
        if step := self.step(settings.alerts):
            yield f"every {self.unit.text(step)}{self.only or ' of a day'}: notice"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        step = self.step(measured.settings.alerts)
        if step and (value := self.measure(measured)) >= step:
            yield self.crossing(measured, "notice", value, value // step * step)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(measured.day)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"past {self.unit.text(crossing.line)}{self.only} today"


RULES: tuple[Rule, ...] = (
    Steps(
        "every_calls",
        "every so many calls of a day",
        counted("call"),
        lambda alerts: alerts.every_calls,
        lambda measured: measured.day_counts[0],
    ),
    Steps(
        "every_usd",
        "every so much spend of a day",
        USD,
        lambda alerts: alerts.every_nano,
        lambda measured: measured.spends("all", "day")[0].nano,
        is_sum=True,
    ),
    Steps(
        "every_minutes",
        "every so many minutes with spend",
        counted("minute"),
        lambda alerts: alerts.every_minutes,
        lambda measured: measured.day_counts[1],
        " with spend",
    ),
)
