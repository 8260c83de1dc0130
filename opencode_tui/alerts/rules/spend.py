"""Rules on spend: of a day, week or month, of a session's or subagent's whole life, and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from opencode_tui.alerts.rules.measurements import Measurements, ScopeSpend
from opencode_tui.alerts.rules.rule import ANY_TIME, USD, Rule, Subject, lines_text, past_the_line, titled
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.analysis.trees import TreeNode
from opencode_tui.config.options import LinesOption, Option
from opencode_tui.config.settings import Budget, Lines, Settings, SpendRule
from opencode_tui.money import NANO
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
    rank = 10

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        where = f" {crossing.about}" if crossing.about else ""
        return f"{USD.text(crossing.value)}{where}{self.when} {past_the_line(crossing)}"

    @property
    def when(self) -> str:
        """The period as text for headlines."""
        return ""


class PeriodSpend(_Spend):
    """The spend of the current day, week or month, in total or for each member of a scope."""

    period: Period

    def __init__(
        self,
        name: str,
        period: Period,
        title: str,
        fixed: Callable[[Settings], SpendRule] | None = None,
        option: Option[Lines] | None = None,
        is_days_budget: bool = False,
    ) -> None:
        """`fixed` finds the rule in the settings if it has no option."""
        self.name, self.period, self.title = name, period, title
        self.fixed, self.option, self.is_days_budget = fixed, option, is_days_budget

    def rule(self, settings: Settings) -> SpendRule:
        """Its lines and its scope."""
        if self.fixed is not None:
            return self.fixed(settings)
        assert self.option is not None
        return SpendRule(self.option.of(settings.alerts))

    def in_force(self, settings: Settings) -> Iterator[str]:
        return titled(self, self.rule(settings).lines)

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        rule = self.rule(measured.settings)
        if not rule.lines.levels:
            return
        for each in measured.spends(rule.scope, self.period):
            if rule.only.casefold() in f"{each.key}\n{each.name}".casefold():
                session_id = each.key if rule.scope == "session" else None
                subject = Subject(each.key, session_id, _where(rule.scope, each))
                yield from self.reached(measured, rule.lines.levels, each.nano, subject)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        scope, span = self.rule(measured.settings).scope, measured.span(self.period)
        if scope == "session":
            return CallScope(span, measured.tree(crossing.subject))
        return CallScope(span) if scope == "all" else CallScope(span, by=scope, key=crossing.subject)

    @property
    def when(self) -> str:
        return _WHEN[self.period]


class NamedSpend(_Spend):
    """The user's own rules, each named `spend.NAME` with its own period."""

    name = f"{_PREFIX}*"
    title = "your rules"
    option = None

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

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        for name in measured.settings.alerts.spend:
            yield from self._one(_PREFIX + name, measured.settings).crossings(measured)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return self._one(crossing.rule, measured.settings).calls(crossing, measured)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return self._one(crossing.rule, settings).headline(crossing, settings)

    def _one(self, name: str, settings: Settings) -> PeriodSpend:
        rule = settings.alerts.spend[name.removeprefix(_PREFIX)]
        return PeriodSpend(name, rule.period, self.title_of(name), lambda _: rule)


class TreeSpend(_Spend):
    """The spend of a session or subagent with all its descendants over its whole life."""

    period: Literal["ever"] = "ever"
    option: Option[Lines]

    def __init__(self, name: str, title: str, option: Option[Lines], of_subagents: bool) -> None:
        self.name, self.title, self.option, self.of_subagents = name, title, option, of_subagents

    def in_force(self, settings: Settings) -> Iterator[str]:
        return titled(self, self.option.of(settings.alerts))

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        levels = self.option.of(measured.settings.alerts).levels
        for node in self._nodes(measured) if levels else ():
            title = measured.title(node.id)
            yield from self.reached(measured, levels, node.total, Subject(node.id, node.id, f"in {in_quotes(title)}"))

    def _nodes(self, measured: Measurements) -> Iterable[TreeNode]:
        return (node for node in measured.nodes if bool(node.depth) == self.of_subagents)

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(ANY_TIME, measured.tree(crossing.subject))


def _where(scope: Scope, each: ScopeSpend) -> str:
    if scope == "session":
        return f"in {in_quotes(each.name)}"
    if scope == "project":
        return f"in {last_part(each.key)}"
    return _WHERE.get(scope, "").format(each.key)


def _of_day(settings: Settings) -> SpendRule:
    return SpendRule(Lines(warning_nano=settings.budget.warning_nano, cutoff_nano=settings.budget.cutoff_nano))


WEEK = LinesOption(
    "week", Lines(warning_nano=Budget().week_target_nano), warning_from=lambda budget: budget.week_target_nano
)
SESSION = LinesOption("session", Lines(notice_nano=50 * NANO // 100, warning_nano=NANO))

DAY = PeriodSpend("day", "day", "the day's spend", _of_day, is_days_budget=True)
RULES: tuple[Rule, ...] = (
    DAY,
    PeriodSpend("week", "week", "the week's spend", option=WEEK),
    PeriodSpend("month", "month", "the month's spend", option=LinesOption("month", Lines())),
    NamedSpend(),
    TreeSpend("session", "the spend of one session with its subagents", SESSION, False),
    TreeSpend("subagent", "the spend of one subagent with those below it", LinesOption("subagent", Lines()), True),
)
