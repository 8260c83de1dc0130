"""How full the quota of a plan is; once for each of its windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import PERCENT, Rule, titled
from opencode_tui.analysis.causes import NO_CALLS
from opencode_tui.analysis.quota_windows import LOOKED_BACK_MS
from opencode_tui.analysis.quota_words import pace_text, switch_text, window_text
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.config.options import FillsOption
from opencode_tui.config.settings import Fills, Settings
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.quota_queries import was_plan_used
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope
from opencode_tui.records.quotas import NEARLY_FULL, PlanQuota, QuotaWindow

_HOURS = tuple(f"the {digit}" for digit in range(1, 10))
"""How the words for a window of hours begin: `the 5 hours`."""


class PlanCrossing(Crossing, frozen=True):
    """A crossing with what its cause needs, which is looked up only if it is new."""

    window: str = ""
    start_ms: int = 0
    """When the window began."""
    provider: str = ""
    """The one of the plan's providers whose calls are looked at."""
    plan: Callable[[], PlanQuota | None] = lambda: None
    """Reads the plan with its pace and what to do."""


class PlanQuotaRule(Rule):
    name = kind = "quota"
    title = "how full a plan's quota is"
    unit = PERCENT
    period = "incident"
    option = FillsOption("quota", Fills(warning=NEARLY_FULL))
    rank = 35

    def in_force(self, settings: Settings) -> Iterator[str]:
        return titled(self, self.option.of(settings.alerts))

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        lines = self.option.of(measured.settings.alerts)
        for name, plan in measured.settings.plans.items() if lines.levels else ():
            if was_plan_used(measured.connection, measured.now_ms - LOOKED_BACK_MS, plan.providers):
                for window in _plan(name, measured, details=False).windows:
                    for level, line in lines.levels:
                        if window.percent_now >= line and window.start_ms is not None:
                            yield self._reached(measured, name, window, self.crossing(measured, level, 0, line))

    def _reached(self, measured: Measurements, name: str, window: QuotaWindow, made: Crossing) -> PlanCrossing:
        start_ms, subject = window.start_ms or 0, f"{name}:{window.name}"
        return PlanCrossing(
            *(self.name, self.kind, made.level, subject),
            period=_period(measured, subject, start_ms),
            value=window.percent_now,
            line=made.line,
            at_ms=made.at_ms,
            about=f"{window_text(window.name)} of {name}",
            window=window.name,
            start_ms=start_ms,
            provider=measured.settings.plans[name].providers[0],
            plan=lambda: _plan(name, measured, details=True),
        )

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope | None:
        if not isinstance(crossing, PlanCrossing):
            return None
        return CallScope(Span(crossing.start_ms, measured.now_ms + 1), by="provider", key=crossing.provider)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        are = "are" if crossing.about.startswith(_HOURS) else "is"
        return f"{crossing.about} {are} {crossing.value}% used"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        """The pace, the session that took most of it, and the model to switch to."""
        plan = crossing.plan() if isinstance(crossing, PlanCrossing) else None
        if plan is None or not isinstance(crossing, PlanCrossing):
            return NO_CALLS
        now_ms, switch = crossing.at_ms, plan.switch
        pace = next(pace_text(each, now_ms, calendar) for each in plan.windows if each.name == crossing.window)
        remedy = switch_text(switch, now_ms, calendar) if switch else ""
        if not evidence.shares:
            return Cause(pace, found=False, remedy=remedy)
        most = evidence.shares[0]
        sentence = f"{pace}; {in_quotes(most.title)} took the most, {format_usd(most.nano)}"
        return Cause(sentence, most.id, None, most.nano, remedy=remedy)


def _plan(name: str, measured: Measurements, *, details: bool) -> PlanQuota:
    from opencode_tui.readings.quotas import read_plan

    now_ms, calendar = measured.now_ms, measured.calendar
    return read_plan(measured.connection, measured.settings, name, now_ms, calendar, details=details)


def _period(measured: Measurements, subject: str, start_ms: int) -> str:
    """The moment at which the window began; that of its last alert if that is about the same.

    A service and the ledger know the same moment a little differently.
    """
    last = alert_log.last_period(measured.connection, "quota", subject)
    try:
        last_ms = datetime.fromisoformat(last).timestamp() * 1000 if last else None
    except ValueError:
        last_ms = None
    if last is not None and last_ms is not None and abs(last_ms - start_ms) < HOUR_MS:
        return last
    return Calendar(UTC).iso(start_ms)


RULES: tuple[Rule, ...] = (PlanQuotaRule(),)
