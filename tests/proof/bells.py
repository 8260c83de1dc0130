"""Computes which alerts must have fired, and which must not, from the bills that the ledger must have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tests.proof.looks import Fired
from tests.proof.oracle import Drift, Oracle

DAY_MS = 86_400_000
WARNING, CUTOFF = 800_000_000, 1_500_000_000
NOTICE, LARGE = 500_000_000, 1_000_000_000
SETTINGS = """
timezone = "UTC"
[budget]
warning_usd = 0.80
cutoff_usd = 1.50
[alerts]
same_call = 0
same_file = 0
[alerts.week]
warning_usd = "off"
[alerts.session]
notice_usd = 0.50
warning_usd = 1.00
cutoff_usd = "off"
[alerts.rate]
warning_usd = "off"
[alerts.context]
notice = "off"
warning = "off"
"""
"""The alert rules of the proof: the day's and the session's lines, at amounts that random days cross."""

_LEVELS = ("notice", "warning", "cutoff")
_LINES = {
    ("day", "warning"): WARNING,
    ("day", "cutoff"): CUTOFF,
    ("session", "notice"): NOTICE,
    ("session", "warning"): LARGE,
}


class Bells:
    """Checks the alerts of one ledger after each poll. Raises Drift."""

    def __init__(self) -> None:
        self.fired: list[Fired] = []
        self._paid = 0
        """The number of the oracle's paid bills that are included in the sums below."""
        self._roots: dict[str, int] = defaultdict(int)
        self._days: dict[int, int] = defaultdict(int)
        self._undated = 0
        self._active: dict[int, set[str]] = defaultdict(set)

    def look(self, new: list[Fired], oracle: Oracle, parents: Mapping[str, str | None], now_ms: int) -> None:
        """Checks the alerts `new` that fired in a poll; call it right after the oracle's `look`."""
        day = now_ms // DAY_MS
        low, high, active = self._sums(oracle, parents, day)
        for alert in new:
            self._not_false(alert, high)
            self._not_again(alert)
            self.fired.append(alert)
        period = _day_name(day)
        for subject, nano in low.items():
            rule, period_of = ("session", "ever") if subject else ("day", period)
            if not subject or subject in active:
                self._not_lost(rule, subject, period_of, nano)

    def _sums(
        self, oracle: Oracle, parents: Mapping[str, str | None], day: int
    ) -> tuple[dict[str, int], dict[str, int], set[str]]:
        """(least spend, most spend, sessions active on the day); spend is by root session, and under "" for the day."""
        for bill, payer, as_row in oracle.paid[self._paid :]:
            root = _root(payer, parents)
            self._roots[root] += bill.nano
            # The time of a call that is only in a session's sum is not always known.
            if as_row:
                self._days[bill.created // DAY_MS] += bill.nano
                self._active[bill.created // DAY_MS].add(root)
            else:
                self._undated += bill.nano
        self._paid = len(oracle.paid)
        low = defaultdict(int, self._roots)
        low[""] = self._days[day]
        high = defaultdict(int, self._roots)
        high[""] = self._days[day] + self._undated
        active = set(self._active[day])
        for bill, payers, sure, as_row in oracle.unpaid():
            roots = {_root(payer, parents) for payer in payers}
            today = bill.created // DAY_MS == day
            for root in roots:
                high[root] += bill.nano
                if sure and len(roots) == 1:
                    low[root] += bill.nano
                    if today and as_row:
                        active.add(root)
            if today or not as_row:
                high[""] += bill.nano
            if today and as_row and sure:
                low[""] += bill.nano
        return low, high, active

    def _not_false(self, alert: Fired, high: Mapping[str, int]) -> None:
        rule, subject, _, level = alert
        line = _LINES[rule, level]
        if high.get(subject, 0) < line:
            raise Drift(f"{alert} fired at {high.get(subject, 0):,} nano-dollars, its line is {line:,}")

    def _not_again(self, alert: Fired) -> None:
        rule, subject, period, level = alert
        for old in self.fired:
            if old[:3] == (rule, subject, period) and _LEVELS.index(old[3]) >= _LEVELS.index(level):
                raise Drift(f"{alert} fired though {old} had")

    def _not_lost(self, rule: str, subject: str, period: str, nano: int) -> None:
        reached = [level for level in _LEVELS if (rule, level) in _LINES and nano >= _LINES[rule, level]]
        if not reached:
            return
        wanted = _LEVELS.index(reached[-1])
        if not any(old[:3] == (rule, subject, period) and _LEVELS.index(old[3]) >= wanted for old in self.fired):
            raise Drift(f"no {reached[-1]} of {rule} {subject} {period} has fired at {nano:,} nano-dollars")


def _root(session: str, parents: Mapping[str, str | None]) -> str:
    while (parent := parents.get(session)) is not None:
        session = parent
    return session


def _day_name(day: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
