"""What a day, a week or a month cost, a session or a subagent as long as it lives, and the rules of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from opencode_tui.alerts.rules.measuring import Measuring, ScopeSpend
from opencode_tui.alerts.rules.rule import USD, Rule, Subject, lines_text, past_the_line
from opencode_tui.analysis.trees import Place
from opencode_tui.clock import EVER
from opencode_tui.config.settings import Alerts, Lines, Settings, SpendRule
from opencode_tui.paths import last_part
from opencode_tui.records.alerts import Crossing, Period, Scope
from opencode_tui.records.facts import CallScope

_PREFIX = "spend."
_WHEN: dict[Period, str] = {"day": "", "week": " this week", "month": " this month"}
_WHERE: dict[Scope, str] = {"model": "on {}", "provider": "at {}", "agent": "by {}"}


class _Spend(Rule):
    kind = "spend"
    unit = USD
    is_sum = True

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        where = f" {crossing.about}" if crossing.about else ""
        return f"{USD.text(crossing.value)}{where}{self._when(crossing, settings)} {past_the_line(crossing)}"

    def _when(self, crossing: Crossing, settings: Settings) -> str:
        return ""


@dataclass(frozen=True)
class PeriodSpend(_Spend):
    """The spend of a present day, week or month, by everything together or by each of a scope on its own."""

    name: str
    period: Period
    title: str
    rule: Callable[[Settings], SpendRule]
    is_days_budget: bool = False

    def in_force(self, settings: Settings) -> Iterator[str]:
        if lines := lines_text(self.rule(settings).lines, USD):
            yield f"{self.title}: {lines}"

    def crossings(self, look: Measuring) -> Iterator[Crossing]:
        rule = self.rule(look.settings)
        if not rule.lines.levels:
            return
        for each in look.spends(rule.scope, self.period):
            if rule.only.casefold() in f"{each.key}\n{each.name}".casefold():
                session_id = each.key if rule.scope == "session" else None
                subject = Subject(each.key, session_id, _where(rule.scope, each))
                yield from self.reached(look, rule.lines.levels, each.nano, subject)

    def calls(self, crossing: Crossing, look: Measuring) -> CallScope:
        scope, span = self.rule(look.settings).scope, look.span(self.period)
        if scope == "session":
            return CallScope(span, look.tree(crossing.subject))
        return CallScope(span) if scope == "all" else CallScope(span, by=scope, key=crossing.subject)

    def _when(self, crossing: Crossing, settings: Settings) -> str:
        return _WHEN[self.period]


class NamedSpend(_Spend):
    """The rules of the user's own: each is called `spend.NAME` and has a period of its own."""

    name = f"{_PREFIX}*"
    title = "your rules"
    period = "day"

    def owns(self, name: str) -> bool:
        return name.startswith(_PREFIX)

    def title_of(self, name: str) -> str:
        return f"your rule “{name.removeprefix(_PREFIX)}”"

    def in_force(self, settings: Settings) -> Iterator[str]:
        for name, rule in settings.alerts.spend.items():
            if lines := lines_text(rule.lines, USD):
                whose = "all" if rule.scope == "all" else f"each {rule.scope}"
                only = f" with “{rule.only}”" if rule.only else ""
                yield f"{self.title_of(_PREFIX + name)}: {whose}{only} in a {rule.period}: {lines}"

    def crossings(self, look: Measuring) -> Iterator[Crossing]:
        for name in look.settings.alerts.spend:
            yield from self._one(_PREFIX + name, look.settings).crossings(look)

    def calls(self, crossing: Crossing, look: Measuring) -> CallScope:
        return self._one(crossing.rule, look.settings).calls(crossing, look)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return self._one(crossing.rule, settings).headline(crossing, settings)

    def _one(self, name: str, settings: Settings) -> PeriodSpend:
        rule = settings.alerts.spend[name.removeprefix(_PREFIX)]
        return PeriodSpend(name, rule.period, self.title_of(name), lambda _: rule)


@dataclass(frozen=True)
class TreeSpend(_Spend):
    """What a session, or a subagent, cost with all below it, as long as it lives."""

    name: str
    title: str
    lines: Callable[[Alerts], Lines]
    of_subagents: bool
    period: Literal["ever"] = "ever"

    def in_force(self, settings: Settings) -> Iterator[str]:
        if lines := lines_text(self.lines(settings.alerts), USD):
            yield f"{self.title}: {lines}"

    def crossings(self, look: Measuring) -> Iterator[Crossing]:
        levels = self.lines(look.settings.alerts).levels
        for place in self._places(look) if levels else ():
            title = look.title(place.id)
            yield from self.reached(look, levels, place.total, Subject(place.id, place.id, f'in "{title}"'))

    def _places(self, look: Measuring) -> Iterable[Place]:
        return (place for place in look.places if bool(place.depth) == self.of_subagents)

    def calls(self, crossing: Crossing, look: Measuring) -> CallScope:
        return CallScope(EVER, look.tree(crossing.subject))


def _where(scope: Scope, each: ScopeSpend) -> str:
    if scope == "session":
        return f'in "{each.name}"'
    if scope == "project":
        return f"in {last_part(each.key)}"
    return _WHERE.get(scope, "").format(each.key)


def _of_day(settings: Settings) -> SpendRule:
    return SpendRule(Lines(warning_nano=settings.budget.warning_nano, cutoff_nano=settings.budget.cutoff_nano))


DAY = PeriodSpend("day", "day", "the day's spend", _of_day, is_days_budget=True)
RULES: tuple[Rule, ...] = (
    DAY,
    PeriodSpend("week", "week", "the week's spend", lambda settings: SpendRule(settings.alerts.week)),
    PeriodSpend("month", "month", "the month's spend", lambda settings: SpendRule(settings.alerts.month)),
    NamedSpend(),
    TreeSpend("session", "the spend of one session with its subagents", lambda alerts: alerts.session, False),
    TreeSpend("subagent", "the spend of one subagent with those below it", lambda alerts: alerts.subagent, True),
)
