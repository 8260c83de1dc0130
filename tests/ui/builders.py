"""Snapshots as sentences: `snapshot(spent="$0.83")`. One fixed moment, Wednesday 13 May 2026, 14:23 UTC."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.config.settings import Poll, Settings
from opencode_tui.money import nano_from_usd
from opencode_tui.records.answers import Answer, InsightList
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import Band, DaySpend, SessionLine, Snapshot, Split, Week
from opencode_tui.records.outcomes import AlertsSeen, Outcome
from opencode_tui.records.requests import Action, InsightsRequest, Request, SessionsRequest
from opencode_tui.records.sessions import SessionList, SessionRow
from opencode_tui.records.stores import StoreState
from opencode_tui.records.usage import Slice
from tests.support.records import replace

DAY = date(2026, 5, 13)
DAY_START = int(datetime(2026, 5, 13, tzinfo=UTC).timestamp() * 1000)
NOW = DAY_START + 14 * HOUR_MS + 23 * 60_000
STORE = StoreState("/home/ada/.local/share/opencode/opencode.db", "sqlite", "live")
SETTINGS = Settings(data_dirs=(Path("/srv/opencode"),), machine="laptop", timezone="UTC", poll=Poll(interval_s=60.0))


def clock() -> int:
    return NOW


def nano(amount: str) -> int:
    return nano_from_usd(amount.removeprefix("$"))


def at(time: str) -> int:
    """Unix milliseconds of a `14:23` on the day."""
    hour, minute = time.split(":")
    return DAY_START + int(hour) * HOUR_MS + int(minute) * 60_000


def part(key: str, spend: str, calls: int = 10) -> Slice:
    return Slice(key, nano(spend), calls, Tokens(1000, 200, 50, 4000, 0))


def session(id: str = "ses_1", title: str = "Fix header spacing", total: str = "$0.41", **changes: Any) -> SessionLine:
    line = SessionLine(
        id=id,
        title=title,
        project="shop",
        model="opencode/kimi-k2.6",
        own_nano=nano(total) * 3 // 4,
        total_nano=nano(total),
        subagents=0,
        turns=22,
        calls=60,
        context_tokens=156_000,
        context_limit=200_000,
        last_ms=NOW - 30_000,
        active=False,
        is_fork=False,
        deleted=False,
    )
    return replace(line, **changes)


SESSIONS = (
    session("ses_1", "Fix header spacing", "$0.41", active=True, subagents=3),
    session(
        "ses_2",
        "Add login flow",
        "$0.20",
        active=True,
        model="opencode/glm-5.1",
        turns=9,
        context_tokens=84_000,
    ),
    session("ses_3", "ヘッダーの余白を直す 🎨", "$0.09", active=True, project="website", context_limit=None),
    session("ses_4", "Explain the [b]cache[/b] layer of the renderer, and why it is cold", "$0.08", is_fork=True),
    session("ses_5", "Rename Button to IconButton", "$0.03", model="anthropic/claude-sonnet-4-6", turns=3),
    session("ses_6", "Try postgres 18", "$0.02", project="ledger", deleted=True, turns=1, context_tokens=9_000),
)

CURVE_SHAPE = (
    0.00,
    0.02,
    0.05,
    0.06,
    0.14,
    0.15,
    0.22,
    0.31,
    0.33,
    0.41,
    0.46,
    0.47,
    0.58,
    0.72,
    0.88,
    0.91,
    1.0,
)


def curve(spent: int, first: str = "08:12", last: str = "14:20") -> tuple[tuple[int, int], ...]:
    start, end, steps = at(first), at(last), len(CURVE_SHAPE) - 1
    return tuple((start + (end - start) * i // steps, int(spent * fraction)) for i, fraction in enumerate(CURVE_SHAPE))


def band_of(spent: int, warning: int, cutoff: int) -> Band:
    return "cutoff" if spent >= cutoff else "warning" if spent >= warning else "calm"


def week_of(day: date, today: int) -> tuple[DaySpend, ...]:
    spent = ("$0.62", "$1.71", "$0.40", "$0", "$2.36", "$1.12")
    days = [(day - timedelta(days=6 - i), nano(amount)) for i, amount in enumerate(spent)] + [(day, today)]
    return tuple(DaySpend(d, n, band_of(n, nano("$1.50"), nano("$2"))) for d, n in days)


def snapshot(spent: str = "$0.62", *, day: date = DAY, **changes: Any) -> Snapshot:
    """A day with calls on it; `day` before the 13th is a day that is over."""
    amount, is_today = nano(spent), day == DAY
    start = DAY_START + (day - DAY).days * DAY_MS
    base = Snapshot(
        taken_ms=NOW,
        read_ms=NOW - 1_000,
        machine="laptop",
        day=day,
        is_today=is_today,
        day_start_ms=start,
        day_end_ms=start + DAY_MS,
        spent_nano=amount,
        list_nano=0,
        warning_nano=nano("$0.80"),
        cutoff_nano=nano("$1.50"),
        band=band_of(amount, nano("$0.80"), nano("$1.50")),
        rate_nano=nano("$0.24") if is_today else 0,
        warning_at_ms=at("15:08") if is_today and amount < nano("$0.80") else None,
        cutoff_at_ms=at("18:03") if is_today and amount < nano("$1.50") else None,
        calls=214,
        copied_calls=0,
        running_calls=0,
        aborted_calls=0,
        sessions=11,
        all_sessions=15,
        subagents=4,
        active_sessions=3,
        split=Split(amount * 21 // 100, amount * 75 // 100, amount * 4 // 100, 0),
        tokens=Tokens(1_240_000, 290_000, 51_000, 8_100_000, 40_000),
        models=(
            Slice("opencode/kimi-k2.6", amount * 50 // 100, 120, Tokens()),
            Slice("opencode/glm-5.1", amount * 29 // 100, 60, Tokens()),
            Slice("anthropic/claude-sonnet-4-6", amount * 17 // 100, 24, Tokens()),
            Slice("opencode/qwen3-coder", amount * 3 // 100, 9, Tokens()),
            Slice("opencode/grok-code", amount * 1 // 100, 1, Tokens()),
        ),
        providers=(
            Slice("opencode", amount * 83 // 100, 190, Tokens()),
            Slice("anthropic", amount * 17 // 100, 24, Tokens()),
        ),
        curve=tuple((ms + start - DAY_START, n) for ms, n in curve(amount)),
        week_days=week_of(day, amount),
        chart_warning_nano=nano("$1.50"),
        chart_cutoff_nano=nano("$2"),
        week=Week("2026-W20", nano("$3.18"), nano("$7"), nano("$5.66"), "on pace"),
        session_lines=SESSIONS,
        alerts=(),
        guard=None,
        unreadable_rows=0,
        unreadable_reasons=(),
        stores=(STORE,),
        has_calls=True,
    )
    return replace(base, **changes)


def quiet(**changes: Any) -> Snapshot:
    """A day without a call, in a ledger with a past."""
    nothing = snapshot(
        "$0",
        calls=0,
        sessions=0,
        all_sessions=0,
        subagents=0,
        active_sessions=0,
        rate_nano=0,
        warning_at_ms=None,
        cutoff_at_ms=None,
        models=(),
        providers=(),
        curve=(),
        session_lines=(),
        tokens=Tokens(),
        split=Split(),
    )
    return replace(nothing, **changes)


def row(
    id: str = "ses_1",
    title: str = "Fix header spacing",
    total: str = "$0.41",
    spark: tuple[int, ...] = (0, 1, 2, 4, 8, 3, 1, 0, 0, 5, 6, 7),
    **changes: Any,
) -> SessionRow:
    """A root session of the day, that ended half a minute ago; `spark` is what each twelfth of its time cost."""
    base = SessionRow(
        id=id,
        title=title,
        project="/home/ada/shop",
        model="opencode/kimi-k2.6",
        models=("opencode/kimi-k2.6",),
        agent="build",
        state="idle",
        is_fork=False,
        own_nano=nano(total) * 3 // 4,
        total_nano=nano(total),
        subagents=0,
        turns=22,
        calls=60,
        tokens=Tokens(120_000, 20_000, 4_000, 900_000, 0),
        context_tokens=156_000,
        context_limit=200_000,
        started_ms=NOW - 2 * HOUR_MS,
        last_ms=NOW - 30_000,
        costs=None,
    )
    made = replace(base, **changes)
    length = made.last_ms - made.started_ms + 1
    starts = [made.started_ms - -step * length // len(spark) for step in range(len(spark))]
    return replace(made, costs=",".join(f"{at},{amount}" for at, amount in zip(starts, spark, strict=True)))


ROWS = (
    row("ses_1", "Fix header spacing", "$0.41", state="active", subagents=3),
    row("ses_2", "Add login flow", "$0.20", model="opencode/glm-5.1", models=("opencode/glm-5.1",), turns=9),
    row("ses_3", "ヘッダーの余白を直す 🎨", "$0.09", project="/home/ada/website", context_limit=None, agent="plan"),
    row(
        "ses_4",
        "Explain the [b]cache[/b] layer of the renderer",
        "$0.08",
        is_fork=True,
        started_ms=at("08:05"),
        last_ms=at("09:10"),
    ),
    row(
        "ses_5",
        "Rename Button to IconButton",
        "$0.03",
        model="anthropic/claude-sonnet-4-6",
        models=("anthropic/claude-sonnet-4-6", "opencode/kimi-k2.6"),
        started_ms=NOW - 2 * DAY_MS,
        last_ms=NOW - DAY_MS,
        state="archived",
    ),
    row(
        "ses_6",
        "Try postgres 18",
        "$0.0042",
        project="/home/ada/ledger",
        state="deleted",
        started_ms=NOW - 3 * DAY_MS,
        last_ms=NOW - 3 * DAY_MS + 45_000,
        spark=(1,) + (0,) * 11,
    ),
)


def session_list(*rows: SessionRow, period: str = "week", taken_ms: int = NOW) -> SessionList:
    return SessionList(SessionsRequest(period), taken_ms, rows or ROWS)


def insights_of_a_quiet_week(request: InsightsRequest) -> InsightList:
    return InsightList(request, NOW, DAY, DAY, request.period, (), 0)


class FakeFeed:
    """Gives what it is told to: a snapshot once, an exception each time, or None when there is nothing new."""

    def __init__(self, *answers: Snapshot | Exception) -> None:
        self.answers = list(answers)
        self.polls = 0
        self.days: list[date | None] = []
        self.closed = False
        self.thread: int | None = None
        self.apart: int | None = None
        """The thread of the last slow answer."""
        self.on_day: Callable[[date | None], Snapshot] | None = None
        self.looks: list[Request] = []
        self.on_look: Callable[[Request], Answer] | None = None
        self.actions: list[Action] = []
        self.used: list[Settings] = []
        self.on_act: Callable[[Action], Outcome] = lambda action: AlertsSeen(())

    def poll(self, report: Callable[[Snapshot], None]) -> Snapshot | None:
        self.thread = threading.get_ident()
        self.polls += 1
        if not self.answers:
            return None
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def catch_up(self) -> bool:
        return False

    def select_day(self, day: date | None) -> None:
        self.days.append(day)
        if self.on_day is not None:
            self.answers.append(self.on_day(day))

    def use(self, settings: Settings) -> None:
        self.used.append(settings)

    def answer(self, request: Request) -> Answer:
        self.thread = threading.get_ident()
        if isinstance(request, InsightsRequest) and not self.has_insights:
            return insights_of_a_quiet_week(request)
        self.looks.append(request)
        if self.on_look is None:
            raise LookupError("There is no such session.")
        return self.on_look(request)

    has_insights = False
    """Whether `on_look` answers what Today and Why ask of insights as well; else there are none."""

    def answer_apart(self, request: Request) -> Answer:
        self.apart = threading.get_ident()
        self.looks.append(request)
        if self.on_look is None:
            raise LookupError("There is no such session.")
        return self.on_look(request)

    def act(self, action: Action) -> Outcome:
        self.thread = threading.get_ident()
        self.actions.append(action)
        return self.on_act(action)

    def close(self) -> None:
        self.closed = True
