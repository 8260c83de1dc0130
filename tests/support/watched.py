"""A ledger with calls written straight into it, and a watcher that looks at it, for tests of alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Budget, Settings
from opencode_tui.ledger import alert_log, writing
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import nano_from_usd
from opencode_tui.pricing.book import Priced
from opencode_tui.records.alerts import Alert
from opencode_tui.records.calls import Call, Tokens, ToolUse
from opencode_tui.records.stores import Session
from tests.support.ledgers import lay_out
from tests.support.options import RULE_OPTIONS, alert_settings

NOON = 1_778_673_600_000  # 2026-05-13 12:00 UTC, a Wednesday
DAY_START = NOON - 12 * HOUR_MS
MINUTE = 60_000
QUIET = alert_settings(**{name: type(option.default)() for name, option in RULE_OPTIONS.items()})
"""No rule at all but the day's warning and cutoff."""
FAR = Budget(10**15, 10**15)
"""A day's lines that nothing reaches."""


def only(**rules: object) -> Settings:
    """Settings with no other rules than these, in UTC."""
    return Settings(timezone="UTC", budget=FAR, alerts=alert_settings(QUIET, **rules))


class Limits:
    """Every model can read 100,000 tokens."""

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        return 100_000


@dataclass
class Watched:
    """Calls are entered as the sync enters them; a call is a turn of its own unless it is given one."""

    path: Path
    settings: Settings = field(default_factory=lambda: Settings(timezone="UTC"))
    now: int = NOON

    def __post_init__(self) -> None:
        lay_out(self.path)
        self.ledger = Ledger(self.path)
        self._count = 0
        with self.ledger.writing() as connection:
            self._store = writing.store_row(connection, "a store").id
            self._machine = writing.machine_id(connection, "laptop")

    def session(self, id: str, title: str = "", *, parent: str | None = None, project: str = "/home/dev/shop") -> str:
        told = Session(id, parent, None, title or id, project, project, "1.18.34", DAY_START, self.now)
        with self.ledger.writing() as connection:
            writing.write_sessions(connection, self._store, 1, [told])
        return id

    def call(
        self,
        session: str = "ses_1",
        cost: str = "0.01",
        *,
        at: int | None = None,
        turn: str | None = None,
        model: str = "opencode/kimi-k2.6",
        agent: str = "build",
        context: int = 1000,
        tools: Sequence[tuple[str, str]] = (),
        ok: bool = True,
        error: str | None = None,
        id: str | None = None,
        completed: bool = True,
        directory: str = "/home/dev/shop",
    ) -> str:
        """One call at `at`, a second after the last when it is not given; tools are (name, target)."""
        self._count += 1
        name = id or f"msg_{self._count:06d}"
        if at is None:
            self.now += 1000
        moment = self.now if at is None else at
        self.now = max(self.now, moment)
        provider, _, bare = model.partition("/")
        call = Call(
            *(name, session, turn or name, provider, bare, agent, directory, moment),
            *(moment + 500 if completed else None, Tokens(input=context), nano_from_usd(cost)),
            error=error,
        )
        uses = [ToolUse(f"{name}:{n}", name, session, tool, target, ok) for n, (tool, target) in enumerate(tools)]
        self.write([call], uses)
        return name

    def write(self, calls: Iterable[Call], uses: Iterable[ToolUse] = ()) -> None:
        priced = [(call, Priced(call.recorded_nano, "recorded", None, None, None)) for call in calls]
        with self.ledger.writing() as connection:
            writing.write_calls(connection, self._store, self._machine, priced)
            writing.write_tools(connection, uses)

    def look(self, now: int | None = None) -> tuple[Alert, ...]:
        return look_for_alerts(self.ledger, self.settings, self.now if now is None else now, Limits())

    def texts(self, now: int | None = None) -> list[str]:
        return [alert.text for alert in self.look(now)]

    def fired(self) -> list[tuple[str, str]]:
        """(rule, level) of all that ever fired, the oldest first."""
        log = alert_log.alerts(self.ledger.connection, most=10**6)
        return [(alert.crossing.rule, alert.crossing.level) for alert in reversed(log)]

    def restarted(self) -> Watched:
        """Another process: nothing but the file is the same."""
        self.ledger.close()
        again = Watched(self.path, self.settings, self.now)
        again._count = self._count
        return again


def keys(alerts: tuple[Alert, ...]) -> list[tuple[str, str, str, str]]:
    return [(a.crossing.rule, a.crossing.level, a.crossing.subject, a.crossing.period) for a in alerts]
