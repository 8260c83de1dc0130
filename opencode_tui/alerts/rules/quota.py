"""How full the quota of a plan is; once for each of its windows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import PERCENT, Rule, least, titled
from opencode_tui.analysis.quota_words import pace_text, switch_text, window_text
from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.config.options import FillsOption
from opencode_tui.config.settings import Fills, Settings
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.quota_queries import was_plan_used
from opencode_tui.money import format_usd
from opencode_tui.readings.quota_windows import LOOKED_BACK_MS
from opencode_tui.readings.quotas import read_plan
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope
from opencode_tui.records.quotas import NEARLY_FULL, PlanQuota, QuotaWindow


class PlanCrossing(Crossing, frozen=True):
    """A crossing with what the cause needs, which is known only while it is measured."""

    start_ms: int = 0
    """When the window began."""
    provider: str = ""
    """The one of the plan's providers whose calls are looked at."""
    pace: str = ""
    remedy: str = ""


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
        """Reads the pace and what to do only of plans that have reached a line."""
        lines = self.option.of(measured.settings.alerts)
        for name in self._used_plans(measured) if lines.levels else ():
            if any(each.percent_now >= least(lines) for each in self._plan(name, measured, details=False).windows):
                plan = self._plan(name, measured, details=True)
                for window in plan.windows:
                    for level, line in lines.levels:
                        if window.percent_now >= line and window.start_ms is not None:
                            yield self._reached(measured, plan, window, self.crossing(measured, level, 0, line))

    @staticmethod
    def _used_plans(measured: Measurements) -> Iterator[str]:
        for name, plan in measured.settings.plans.items():
            if was_plan_used(measured.connection, measured.now_ms - LOOKED_BACK_MS, plan.providers):
                yield name

    @staticmethod
    def _plan(name: str, measured: Measurements, *, details: bool) -> PlanQuota:
        now_ms, calendar = measured.now_ms, measured.calendar
        return read_plan(measured.connection, measured.settings, name, now_ms, calendar, details=details)

    def _reached(self, measured: Measurements, plan: PlanQuota, window: QuotaWindow, made: Crossing) -> PlanCrossing:
        assert window.start_ms is not None
        subject, now_ms, calendar = f"{plan.name}:{window.name}", measured.now_ms, measured.calendar
        return PlanCrossing(
            *(self.name, self.kind, made.level, subject),
            period=_period(measured, subject, window.start_ms),
            value=window.percent_now,
            line=made.line,
            at_ms=made.at_ms,
            about=f"{window_text(window.name)} of {plan.name}",
            start_ms=window.start_ms,
            provider=plan.providers[0],
            pace=pace_text(window, now_ms, calendar),
            remedy=switch_text(plan.switch, now_ms, calendar) if plan.switch else "",
        )

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope | None:
        if not isinstance(crossing, PlanCrossing):
            return None
        return CallScope(Span(crossing.start_ms, measured.now_ms + 1), by="provider", key=crossing.provider)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"{crossing.about} are {crossing.value}% used" if _is_hours(crossing) else self._one(crossing)

    @staticmethod
    def _one(crossing: Crossing) -> str:
        return f"{crossing.about} is {crossing.value}% used"

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        """The pace, and the session that took most of it."""
        if not isinstance(crossing, PlanCrossing):
            return Cause("", found=False)
        if not evidence.shares:
            return Cause(crossing.pace, found=False, remedy=crossing.remedy)
        most = evidence.shares[0]
        sentence = f'{crossing.pace}; "{most.title}" took the most, {format_usd(most.nano)}'
        return Cause(sentence, most.id, None, most.nano, remedy=crossing.remedy)


def _is_hours(crossing: Crossing) -> bool:
    return crossing.subject.endswith("h")


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
