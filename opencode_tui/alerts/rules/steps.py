"""A notice at every so many calls, dollars or minutes with spend of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import USD, Rule, Unit, counted
from opencode_tui.config.alert_values import count_setting, step
from opencode_tui.config.options import Option, ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.facts import CallScope


class Steps(Rule):
    """Fires at each multiple of a step; the crossing is the last multiple that the day has passed."""

    kind = "every"
    period: Literal["day"] = "day"
    rank = 40
    option: Option[int]

    def __init__(
        self,
        name: str,
        title: str,
        unit: Unit,
        option: Option[int],
        measure: Callable[[Measurements], int],
        only: str = "",
        is_sum: bool = False,
    ) -> None:
        """`only` is a restriction for the text, such as ` with spend`."""
        self.name, self.title, self.unit, self.option, self.measure = name, title, unit, option, measure
        self.only, self.is_sum = only, is_sum

    def in_force(self, settings: Settings) -> Iterator[str]:
        if every := self.option.of(settings.alerts):
            yield f"every {self.unit.text(every)}{self.only or ' of a day'}: notice"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        every = self.option.of(measured.settings.alerts)
        if every and (value := self.measure(measured)) >= every:
            yield self.crossing(measured, "notice", value, value // every * every)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(measured.day)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"past {self.unit.text(crossing.line)}{self.only} today"


RULES: tuple[Rule, ...] = (
    Steps(
        "every_calls",
        "every so many calls of a day",
        counted("call"),
        ValueOption("every_calls", 0, count_setting),
        lambda measured: measured.day_counts[0],
    ),
    Steps(
        "every_usd",
        "every so much spend of a day",
        USD,
        ValueOption("every_nano", 0, step),
        lambda measured: measured.spends("all", "day")[0].nano,
        is_sum=True,
    ),
    Steps(
        "every_minutes",
        "every so many minutes with spend",
        counted("minute"),
        ValueOption("every_minutes", 0, count_setting),
        lambda measured: measured.day_counts[1],
        " with spend",
    ),
)
