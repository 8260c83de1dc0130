"""A notice at every so many calls, dollars or minutes with spend of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from opencode_tui.alerts.rules.measuring import Measuring
from opencode_tui.alerts.rules.rule import USD, Rule, Unit, counted
from opencode_tui.config.settings import Alerts, Settings
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.facts import CallScope


@dataclass(frozen=True)
class Steps(Rule):
    """The last of the even steps that the day has passed."""

    name: str
    title: str
    unit: Unit
    step: Callable[[Alerts], int]
    measure: Callable[[Measuring], int]
    words: str
    """What comes after an amount."""
    every: str
    """And after that of a step."""
    is_sum: bool = False
    kind: Literal["every"] = "every"
    period: Literal["day"] = "day"

    def in_force(self, settings: Settings) -> Iterator[str]:
        if step := self.step(settings.alerts):
            yield f"every {self.unit.text(step)}{self.every}: notice"

    def crossings(self, look: Measuring) -> Iterator[Crossing]:
        step = self.step(look.settings.alerts)
        if step and (value := self.measure(look)) >= step:
            yield self.crossing(look, "notice", value, value // step * step)

    def calls(self, crossing: Crossing, look: Measuring) -> CallScope:
        return CallScope(look.day)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"past {self.unit.text(crossing.line)}{self.words} today"


RULES: tuple[Rule, ...] = (
    Steps(
        "every_calls",
        "every so many calls of a day",
        counted("call"),
        lambda alerts: alerts.every_calls,
        lambda look: look.day_counts[0],
        "",
        " of a day",
    ),
    Steps(
        "every_usd",
        "every so much spend of a day",
        USD,
        lambda alerts: alerts.every_nano,
        lambda look: look.spends("all", "day")[0].nano,
        "",
        " of a day",
        is_sum=True,
    ),
    Steps(
        "every_minutes",
        "every so many minutes with spend",
        counted("minute"),
        lambda alerts: alerts.every_minutes,
        lambda look: look.day_counts[1],
        " with spend",
        " with spend",
    ),
)
